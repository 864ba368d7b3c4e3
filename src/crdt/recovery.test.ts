import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openCrypto } from '../node/linux/crypto.ts';
import { memberIdOf, meshIdOf } from './ids.ts';
import {
  checkRoot,
  makeRoot,
  printRecoveryCode,
  readRecoveryCode,
  rootHashOf,
} from './recovery.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(7);
const MESH = meshIdOf(crypto.sha256(new Uint8Array([1])));
const MEMBER = memberIdOf(crypto.publicKey(new Uint8Array(32).fill(8)));
const NEXT = new Uint8Array(32).fill(9);

test('recovery: a code is read back', () => {
  // Goal: no seed is lost on paper. By random seeds, zeros and ones.
  const back = (seed: Uint8Array): void => {
    const code = printRecoveryCode(crypto, seed);
    assert.match(code, /^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){10}$/);
    assert.deepEqual(readRecoveryCode(crypto, code), { ok: true, seed });
  };
  back(new Uint8Array(32));
  back(new Uint8Array(32).fill(255));
  fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), back), { numRuns: 100 });
  assert.throws(() => printRecoveryCode(crypto, new Uint8Array(31)), RangeError);
});

test('recovery: a code is read as people type it', () => {
  // Goal: case, spaces, dashes and look-alikes do not matter. By each; a seed whose code has both
  // 0 and 1 is searched for.
  let seed: Uint8Array = SEED;
  while (!/0.*1|1.*0/.test(printRecoveryCode(crypto, seed))) seed = crypto.sha256(seed);
  const code = printRecoveryCode(crypto, seed);
  const typed = [
    code.toLowerCase(),
    code.replaceAll('-', ''),
    ` ${code.replaceAll('-', ' ')}\n`,
    code.replaceAll('0', 'O').replaceAll('1', 'I'),
    code.replaceAll('0', 'o').replaceAll('1', 'l'),
  ];
  for (const text of typed) assert.deepEqual(readRecoveryCode(crypto, text), { ok: true, seed });
});

test('recovery: a mistyped code is refused, and not shown', () => {
  // Goal: one wrong or swapped character is found, and no part of the code is in the answer.
  const code = printRecoveryCode(crypto, SEED);
  const refused = (text: string, why: RegExp): void => {
    const read = readRecoveryCode(crypto, text);
    assert.ok(!read.ok, text);
    assert.match(read.why, why);
    for (const group of code.split('-')) assert.equal(read.why.includes(group), false);
  };
  for (let index = 0; index < code.length; index++) {
    if (code[index] === '-') continue;
    const other = code[index] === '7' ? '8' : '7';
    refused(code.slice(0, index) + other + code.slice(index + 1), /checksum/);
  }
  refused(code.slice(1), /54 characters, a code has 55/);
  refused(`${code}0`, /56 characters/);
  refused('', /0 characters/);
  refused(`U${code.slice(1)}`, /no code has/);
  refused(`ß${code.slice(1)}`, /characters/);
});

test('recovery: a root record holds at its own place only', () => {
  // Goal: a recovery cannot be moved, forged or repeated. By changing one thing at a time.
  const fields = { mesh: MESH, number: 1, member: MEMBER, nextRootHash: NEXT };
  const value = makeRoot(crypto, SEED, fields);
  const place = { mesh: MESH, number: 1, author: MEMBER, rootHash: rootHashOf(crypto, SEED) };
  assert.equal(checkRoot(crypto, place, value), null);
  const other = memberIdOf(NEXT);
  const places = [
    { ...place, mesh: meshIdOf(NEXT) },
    { ...place, number: 2 },
    { ...place, author: other },
    { ...place, rootHash: NEXT },
  ];
  for (const wrong of places) assert.equal(typeof checkRoot(crypto, wrong, value), 'string');
  const stranger = makeRoot(crypto, NEXT, fields);
  const values = [
    stranger,
    { ...value, member: other },
    { ...value, nextRootHash: SEED },
    { ...value, rootKey: stranger.rootKey },
    { ...value, signature: stranger.signature },
    { ...stranger, rootKey: value.rootKey },
  ];
  for (const wrong of values) assert.equal(typeof checkRoot(crypto, place, wrong), 'string');
  const moved = { ...value, member: other };
  assert.match(checkRoot(crypto, { ...place, author: other }, moved) ?? '', /signature/);
});

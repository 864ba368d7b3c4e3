import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { checkKeys } from './key-sums.ts';
import { openCrypto } from './linux/crypto.ts';
import type { LocalState } from './local-state.ts';
import { createDisk } from './test-replica.ts';

const crypto = openCrypto();
const KEYS = ['member-key', 'wg-key', 'psk'] as const;

/** A VM whose keys lie on a disk, and one start of it: null, or what is refused. */
function stage() {
  const { disk, files, state } = createDisk();
  for (const [at, name] of KEYS.entries()) files.set(name, new Uint8Array(32).fill(at + 1));
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => void warnings.push(event),
    error: () => undefined,
  };
  const start = async (): Promise<string | null> => {
    const [memberSeed, wgPrivateKey, psk] = KEYS.map((name) => files.get(name));
    const local = { keys: { memberSeed, wgPrivateKey }, psk } as LocalState;
    return checkKeys({ crypto, disk, log }, local).then(
      () => null,
      (error) => (error instanceof Fault ? error.message : assert.fail(String(error))),
    );
  };
  return { files, state, warnings, start };
}

test('key sums: a flipped bit of a key is refused at the start, by its file', async () => {
  // Goal: no VM runs as somebody who is nobody. Method: every bit of each of the three keys; the
  // twin is the start before and after.
  const { files, start } = stage();
  assert.equal(await start(), null);
  for (const name of KEYS) {
    const key = files.get(name) ?? new Uint8Array();
    for (let bit = 0; bit < 256; bit += 1) {
      files.set(name, key.with(bit >> 3, (key[bit >> 3] ?? 0) ^ (1 << (bit & 7))));
      const refusal = await start();
      assert.match(refusal ?? '', new RegExp(`^state: ${name}: is not the key .* leave --local`));
    }
    files.set(name, key);
    assert.equal(await start(), null);
  }
});

test('key sums: damaged sums, none, and a disk that fails hold nobody up', async () => {
  // Goal: a VM whose keys are good starts. Method: every byte of the file changed, cut, removed;
  // and a disk that takes nothing.
  const { files, state, warnings, start } = stage();
  assert.equal(await start(), null);
  const sums = files.get('key-sums') ?? new Uint8Array();
  for (let at = 0; at < sums.length; at += 1) {
    files.set('key-sums', sums.with(at, (sums[at] ?? 0) ^ 1));
    assert.equal(await start(), null);
    assert.deepEqual(files.get('key-sums'), sums, 'and is whole again');
    files.set('key-sums', sums.subarray(0, at));
    assert.equal(await start(), null);
  }
  files.delete('key-sums');
  state.failure = new Error('read-only');
  assert.equal(await start(), null);
  assert.deepEqual(warnings, ['key-sums-not-written']);
});

/** Bytes under a passphrase, in the format of age. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64 } from '@scure/base';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { Fault } from '../../fault.ts';
import { readArchive } from '../rules/archive.ts';
import { GOLDEN_BACKUP, GOLDEN_PASSPHRASE, GOLDEN_STATE } from '../state-golden.table.ts';
import { openCrypto } from './crypto.ts';
import { seal, unseal } from './sealed.ts';

/** As little work as the format takes. */
const QUICK = 1;
const content = new Uint8Array(200_000).fill(5);

const whyNot = async (bytes: Uint8Array, passphrase: string): Promise<string> => {
  try {
    await unseal(bytes, passphrase, 'b.age');
    return 'opened';
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'refused', String(error));
    return error.message.split(';')[0] ?? '';
  }
};

test('sealed: the passphrase opens it, and nothing else', async () => {
  // Goal: round trip and its twin. Method: open with the right and with wrong passphrases; the
  // same content twice gives different files.
  const sealed = await seal(content, 'pass wörd', QUICK);
  assert.deepEqual(await unseal(sealed, 'pass wörd', 'b.age'), content);
  const other = 'backup: passphrase: does not open this backup';
  for (const wrong of ['pass word', 'pass wörd ', '']) {
    assert.equal(await whyNot(sealed, wrong), other);
  }
  assert.notDeepEqual(await seal(content, 'pass wörd', QUICK), sealed);
});

test('sealed: a file that was cut or changed anywhere is refused', async () => {
  // Goal: never half a state. Method: cut at many lengths, flip bits all over.
  const sealed = await seal(content, 'p', QUICK);
  const headerBytes = Buffer.from(sealed).indexOf('--- ') + 48;
  for (const length of [60, headerBytes - 1, headerBytes + 10, 70_000, sealed.length - 1]) {
    assert.equal(await whyNot(sealed.subarray(0, length), 'p'), 'backup: b.age: is cut or damaged');
  }
  for (let at = headerBytes; at < sealed.length; at += 9_973) {
    const flipped = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 4 : byte));
    assert.equal(await whyNot(flipped, 'p'), 'backup: b.age: is cut or damaged', `at ${at}`);
  }
});

test('sealed: files of other kinds are told apart', async () => {
  // Goal: the line says what to do. Method: an empty file, text, a file encrypted for a key.
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(await generateIdentity()));
  const forKey = await encrypter.encrypt(content);
  const cases: readonly [Uint8Array, string][] = [
    [new Uint8Array(), 'backup: b.age: is no backup'],
    [Buffer.from('hello'), 'backup: b.age: is no backup'],
    [forKey, 'backup: b.age: is encrypted for keys, not with a passphrase'],
  ];
  for (const [bytes, why] of cases) assert.equal(await whyNot(bytes, 'p'), why);
});

test('golden: a backup of the first format is opened and read', async () => {
  // Goal: what is in a drawer for years. Method: the file, its passphrase, and what is in it.
  const bytes = await unseal(base64.decode(GOLDEN_BACKUP), GOLDEN_PASSPHRASE, 'b.age');
  const archive = readArchive(openCrypto(), bytes);
  assert.ok(archive.ok);
  const { config, genesisBytes, keys } = archive.archive;
  assert.equal(config.name, 'vm1');
  assert.equal(base64.encode(genesisBytes), GOLDEN_STATE.genesis);
  assert.equal(base64.encode(keys?.member ?? new Uint8Array()), GOLDEN_STATE['member-key']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from './linux/crypto.ts';
import { createDisk } from './test-replica.ts';
import { openVerdictFile } from './verdict-file.ts';

const crypto = openCrypto();
const SECRET = new Uint8Array(32);
const MANY = 64;

const hashOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

test('verdict file: what is much is known after a restart, if the disk takes it', async () => {
  // Goal: a start checks no signature again. Method: too few to be written, then enough; once more
  // on a disk that fails.
  const home = createDisk();
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => void warnings.push(event),
    error: () => undefined,
  };
  const ports = { crypto, disk: home.disk, log };
  const file = await openVerdictFile(ports, SECRET);
  for (let fill = 0; fill < MANY; fill += 1) {
    file.keep();
    file.verdicts.of(hashOf(fill), () => null);
  }
  await file.flush();
  assert.equal(home.files.size, 0);
  file.keep();
  await file.flush();
  const again = await openVerdictFile(ports, SECRET);
  for (let fill = 0; fill < MANY; fill += 1) {
    again.verdicts.of(hashOf(fill), () => assert.fail('judged again'));
  }
  home.state.failure = new Error('no space is left');
  for (let fill = MANY; fill < 3 * MANY; fill += 1) again.verdicts.of(hashOf(fill), () => null);
  again.keep();
  await again.flush();
  assert.deepEqual(warnings, ['verdicts-not-kept']);
});

/**
 * Loop: key sums — finds a key whose bits changed on the disk: any 32 bytes are a key, of somebody
 * who is nobody here.
 *
 * The file holds a hash of each key and one of those hashes, so that damage of its own is told from
 * damage of a key. They are hashes of 32 random bytes each, which tell nobody anything.
 */
import { isSameBytes } from '../crdt/codec.ts';
import { hashOf, joinBytes } from '../crdt/signed.ts';
import { Fault } from '../fault.ts';
import type { Crypto, Disk, Log } from '../ports.ts';
import type { LocalState } from './local-state.ts';

/** The file. Whoever writes a key removes it first. */
export const KEY_SUMS_FILE = 'key-sums';
/** Length of a hash. Unit: bytes. */
const HASH_BYTES = 32;

interface SumPorts {
  readonly crypto: Crypto;
  readonly disk: Disk;
  readonly log: Log;
}

/**
 * Compares the keys with what they were when the file was written, at the first start with them.
 * Fault 'refused' names a file that changed. A disk that does not give or
 * take the file holds nobody up.
 */
export async function checkKeys({ crypto, disk, log }: SumPorts, local: LocalState): Promise<void> {
  const { memberSeed, wgPrivateKey } = local.keys;
  const files = { 'member-key': memberSeed, 'wg-key': wgPrivateKey, psk: local.psk };
  const sums = Object.entries(files).map(([name, key]) => hashOf(crypto, `sum ${name}`, key));
  const whole = (parts: readonly Uint8Array[]): Uint8Array =>
    joinBytes(...parts, hashOf(crypto, 'sums', joinBytes(...parts)));
  const held = (await readSums(disk, log)) ?? new Uint8Array();
  const heldSums = sums.map((_, at) => held.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
  if (!isSameBytes(held, whole(heldSums))) {
    const content = whole(sums);
    await disk.write(KEY_SUMS_FILE, content).catch((error: unknown) => {
      log.warn('key-sums-not-written', { why: String(error) });
    });
    return;
  }
  for (const [at, name] of Object.keys(files).entries()) {
    const [sum, heldSum] = [sums[at], heldSums[at]];
    if (sum !== undefined && heldSum !== undefined && !isSameBytes(sum, heldSum)) {
      throw changed(name);
    }
  }
}

/** A file that cannot be read is as one that is not there. */
const readSums = (disk: Disk, log: Log): Promise<Uint8Array | null> =>
  disk.read(KEY_SUMS_FILE).catch((error: unknown) => {
    log.warn('key-sums-not-read', { why: String(error) });
    return null;
  });

const changed = (name: string): Fault =>
  new Fault('refused', {
    field: 'state',
    value: name,
    why: 'is not the key that this VM had: its bits changed on the disk',
    remedy:
      'put the file back as it was, or run cnsmo leave --local and then cnsmo restore with a ' +
      'backup made with --keys, or join again',
  });

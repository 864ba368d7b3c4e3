/**
 * Loop: journal copy — the journal as a backup takes it, and as a restored member finds it.
 */
import { decodeJournal, encodeRecord, JOURNAL_HEADER } from '../crdt/journal.ts';
import { joinBytes } from '../crdt/signed.ts';
import type { Disk, Ports } from '../ports.ts';
import { DOUBT, JOURNAL } from './journal.ts';

const ALONE = new TextEncoder().encode('alone\n');

/**
 * The journal as far as it is whole, while a daemon may write to it: a record that is being written
 * is left out. `isWhole`: nothing is known to be lost from it.
 */
export async function copyJournal({ crypto, disk }: Pick<Ports, 'crypto' | 'disk'>): Promise<{
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}> {
  const found = (await disk.read(JOURNAL)) ?? new Uint8Array();
  const { frames, corrupt, goodLength } = decodeJournal(crypto, found);
  const isWhole = corrupt.length === 0 && goodLength > 0 && (await disk.read(DOUBT)) === null;
  const records = frames.map((frame) => encodeRecord(crypto, frame));
  return { bytes: joinBytes(JOURNAL_HEADER, ...records), isWhole };
}

/**
 * Leaves a copy of a journal to whoever becomes the member again whose it is: what that member said
 * since the copy was made may be missing. `isAlone`: it knew nobody who could hold that.
 */
export async function restoreJournal(
  disk: Disk,
  copy: Uint8Array,
  isAlone: boolean,
): Promise<void> {
  await disk.write(DOUBT, isAlone ? ALONE : new Uint8Array());
  await disk.write(JOURNAL, copy);
}

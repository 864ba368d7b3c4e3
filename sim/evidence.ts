/**
 * Rule: evidence — what a VM holds that was signed: the frames in its daemon's memory and on its
 * disk, and what they say.
 *
 * It reads them by itself, without asking whether the product takes them. A frame is read once,
 * however many hold it: what several hold alike is one object.
 */

import type { Value } from '../src/crdt/entry.ts';
import { readStatement } from '../src/crdt/entry-bytes.ts';
import { readFrame } from '../src/crdt/frame.ts';
import { additionsIn, clientIdOf } from '../src/crdt/gate.ts';
import { type MemberId, memberIdOf } from '../src/crdt/ids.ts';
import { decodeJournal, JOURNAL_HEADER } from '../src/crdt/journal.ts';
import type { View } from '../src/crdt/view.ts';
import type { Crypto } from '../src/ports.ts';
import type { Machine } from './machine.ts';

/** A frame, and what it says. */
export interface Evidence {
  readonly bytes: Uint8Array;
  readonly author: MemberId;
  readonly generation: number;
  readonly sequence: number;
  readonly said: readonly Said[];
}

/** One statement. `value` null: it deletes. */
export interface Said {
  readonly path: string;
  readonly value: Value;
}

/** Reads what VMs hold. */
export interface Reader {
  /** In the memory of its daemon; nothing while none runs. */
  inMemory(machine: Machine): readonly Evidence[];
  /** What its daemons took after the first so many frames, whatever became of it. */
  takenAfter(machine: Machine, count: number): readonly Evidence[];
  /** In its journal, as it is now or as a power cut would leave it. */
  onDisk(machine: Machine, which: Which): readonly Evidence[];
  /** Whether its journal holds what does not check; a torn end is none of it. */
  isDamaged(machine: Machine): boolean;
}

type Which = 'cached' | 'durable';

/** A journal as it was read. */
interface Read {
  readonly bytes: Uint8Array;
  readonly frames: readonly Uint8Array[];
  readonly isDamaged: boolean;
}

/** What a daemon held at a moment; it is asked for by many. */
interface Held {
  readonly view: View;
  readonly atMs: number;
  readonly evidence: readonly Evidence[];
}

/** A reader that has read nothing. `nowMs`: virtual time. */
export function openReader(crypto: Crypto, nowMs: () => number): Reader {
  const known = new WeakMap<Uint8Array, Evidence | null>();
  const byContent = new Map<string, Evidence | null>();
  const journals = new Map<string, Read>();
  const held = new Map<Machine, Held>();
  const onDisk = new WeakMap<Read, readonly Evidence[]>();
  const evidenceOf = (bytes: Uint8Array): Evidence | null => {
    const found = known.get(bytes);
    if (found !== undefined) return found;
    const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    const read = byContent.get(content);
    const evidence = read === undefined ? readEvidence(crypto, bytes) : read;
    byContent.set(content, evidence);
    known.set(bytes, evidence);
    return evidence;
  };
  const readJournal = ({ name, platter }: Machine, which: Which): Read => {
    const bytes = platter.files.get('journal')?.[which] ?? NOTHING;
    const key = `${name} ${which}`;
    const read = readOn(crypto, journals.get(key), bytes);
    journals.set(key, read);
    return read;
  };
  const all = (frames: readonly Uint8Array[]): readonly Evidence[] =>
    frames.flatMap((bytes) => evidenceOf(bytes) ?? []);
  return {
    inMemory: (machine) => {
      const { node } = machine;
      if (node === null) return [];
      const view = node.replica.view();
      const before = held.get(machine);
      const atMs = nowMs();
      if (before?.view === view && before.atMs === atMs) return before.evidence;
      const evidence = all(node.replica.framesAfter([], Number.POSITIVE_INFINITY));
      held.set(machine, { view, atMs, evidence });
      return evidence;
    },
    takenAfter: ({ archive }, count) => all(archive.slice(count)),
    onDisk: (machine, which) => {
      const read = readJournal(machine, which);
      const evidence = onDisk.get(read) ?? all(read.frames);
      onDisk.set(read, evidence);
      return evidence;
    },
    isDamaged: (machine) => readJournal(machine, 'cached').isDamaged,
  };
}

const NOTHING = new Uint8Array();

/** What a journal holds; where it only grew, its end is read. */
function readOn(crypto: Crypto, before: Read | undefined, bytes: Uint8Array): Read {
  if (before?.bytes === bytes) return before;
  const length = before?.bytes.length ?? 0;
  const isLonger = length > JOURNAL_HEADER.length && bytes.length > length;
  if (before === undefined || !isLonger || !beginsWith(bytes, before.bytes)) {
    return readWhole(crypto, bytes);
  }
  const rest = Buffer.concat([JOURNAL_HEADER, bytes.subarray(length)]);
  const { frames, torn, corrupt } = decodeJournal(crypto, rest);
  // What was read before ended inside a record.
  if (torn || corrupt.length > 0) return readWhole(crypto, bytes);
  return { bytes, frames: [...before.frames, ...frames], isDamaged: before.isDamaged };
}

function readWhole(crypto: Crypto, bytes: Uint8Array): Read {
  const { frames, corrupt } = decodeJournal(crypto, bytes);
  return { bytes, frames, isDamaged: corrupt.length > 0 };
}

const beginsWith = (bytes: Uint8Array, start: Uint8Array): boolean =>
  Buffer.compare(bytes.subarray(0, start.length), start) === 0;

/** What a frame says; null for what is none. */
export function readEvidence(crypto: Crypto, bytes: Uint8Array): Evidence | null {
  const read = readFrame(bytes);
  if (!read.ok) return null;
  const { author, generation, sequence, body } = read.frame;
  const said = additionsIn(body, clientIdOf(crypto, author, generation)).flatMap((content) => {
    const one = readStatement(content);
    return one.ok && one.statement.kind === 'entry' ? [one.statement.entry] : [];
  });
  return { bytes, author: memberIdOf(author), generation, sequence, said };
}

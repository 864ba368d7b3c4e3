/**
 * Edge: platter — what a simulated disk holds, and what a power cut leaves of it.
 *
 * A platter belongs to a VM and outlives its processes. What a process writes is first in the page
 * cache (seen by reads, kept when the process crashes) and later durable (kept when the power
 * goes).
 *
 * 1. A replaced file is the old or the new one, whole, whatever happens.
 * 2. Of an append that was not synced, a power cut keeps any prefix.
 */
import type { Dice } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** How the platter behaves. Times in ms. */
export interface DiskHabits {
  /** Longest time until a write is in the page cache, and from there to the platter. */
  readonly writeMsMax: number;
  readonly syncMsMax: number;
  /** A planted bug: appends answer at once and are durable up to this much later. Null: no bug. */
  readonly appendLagMsMax: number | null;
}

/** One file. Null where there is none. */
export interface File {
  durable: Uint8Array | null;
  cached: Uint8Array | null;
  /** Length below which the cached content is a file that replaced the durable one; else null. */
  replacedLength: number | null;
  /** Counts changes, and the last one that is durable. */
  changes: number;
  synced: number;
}

/** The disk of one VM. */
export interface Platter {
  readonly dice: Dice;
  readonly habits: DiskHabits;
  readonly files: Map<string, File>;
  /** Counts power cuts: what was under way then never becomes durable. */
  cuts: number;
  /** What is wrong with the disk now. */
  trouble: Trouble | null;
}

/**
 * `full`: no byte more, but files can be removed; `read-only`: nothing changes; `failing`: what is
 * written cannot be synced, and may or may not be there afterwards.
 */
export type Trouble = 'full' | 'read-only' | 'failing';

/** An empty disk. */
export const makePlatter = (dice: Dice, habits: DiskHabits): Platter => ({
  dice,
  habits,
  files: new Map(),
  cuts: 0,
  trouble: null,
});

const EMPTY = new Uint8Array();

/** The file of a name, made when there is none; without content it does not exist for readers. */
export function fileOf(platter: Platter, name: string): File {
  const file = platter.files.get(name) ?? {
    durable: null,
    cached: null,
    replacedLength: null,
    changes: 0,
    synced: 0,
  };
  platter.files.set(name, file);
  return file;
}

/** Puts a new file, or none, in the place of the old one. */
export function replace(file: File, content: Uint8Array | null): void {
  file.cached = content;
  file.replacedLength = content?.length ?? 0;
  file.changes += 1;
}

/** How much of a buffer holds something; what follows is room for whoever ends there. */
const filled = new WeakMap<ArrayBufferLike, number>();

/** Adds to the end of a file. What it was before stays as it was for whoever still has it. */
export function extend(file: File, content: Uint8Array): void {
  const head = file.cached ?? EMPTY;
  const length = head.length + content.length;
  const hasRoom = filled.get(head.buffer) === head.length && length <= head.buffer.byteLength;
  const buffer = hasRoom ? head.buffer : new ArrayBuffer(2 * length);
  const whole = new Uint8Array(buffer, 0, length);
  if (!hasRoom) whole.set(head);
  whole.set(content, head.length);
  filled.set(buffer, length);
  file.cached = whole;
  file.changes += 1;
}

/** Whom to tell when it is durable, and how long that may take at most, ms. */
export interface SyncOptions {
  readonly done?: () => void;
  readonly lagMsMax?: number;
}

/** Makes the file as it is now durable after a while, then tells. Only the power stops it. */
export function sync(
  scheduler: Scheduler,
  platter: Platter,
  file: File,
  { done = () => {}, lagMsMax = platter.habits.syncMsMax }: SyncOptions = {},
): void {
  const { cuts, dice } = platter;
  const { cached, changes } = file;
  scheduler.after(dice.between(0.1, lagMsMax), () => {
    if (cuts !== platter.cuts) return;
    if (changes > file.synced) {
      file.durable = cached;
      file.synced = changes;
      if (changes === file.changes) file.replacedLength = null;
    }
    done();
  });
}

/** What is there when the power comes back. */
export function losePower(platter: Platter): void {
  platter.cuts += 1;
  for (const file of platter.files.values()) {
    if (file.synced === file.changes) continue;
    file.durable = remains(platter.dice, file);
    file.cached = file.durable;
    file.replacedLength = null;
    file.synced = file.changes;
  }
}

function remains(dice: Dice, { durable, cached, replacedLength }: File): Uint8Array | null {
  if (replacedLength !== null && dice.chance(0.5)) return durable;
  if (cached === null) return null;
  const sure = replacedLength ?? durable?.length ?? 0;
  const length = sure + dice.integer(cached.length - sure + 1);
  return length === 0 && durable === null && replacedLength === null
    ? null
    : cached.slice(0, length);
}

/**
 * Loop: journal debt — frames that the store took and the disk did not yet.
 *
 * 1. It is bounded, however long the disk takes nothing: more than so much is not kept apart. Then
 *    all that the store holds is owed, to be written anew in one go.
 * 2. No own frame that was written here is among it: those are on disk before the store takes them.
 * 3. A disk that refused is not tried at every frame, but when it was looked at again, or after a
 *    while: the watch does not know each failure.
 * 4. Paying never fails: what cannot be paid is owed on.
 */
import type { Ports } from '../ports.ts';

/** What is owed frame by frame. Unit: bytes. A mesh holds some MiB. */
const OWED_BYTES_MAX = 4 * 1024 * 1024;
/** How long a disk that refused is left alone by frames. Unit: ms. A calm watch looks as often. */
const REFUSED_MS = 60_000;

/** What the disk is owed. */
export interface Debt {
  /** The store has taken them, so that whatever is written anew from now on holds them. */
  add(frames: readonly Uint8Array[]): void;
  /** Whether the disk may be tried because of a frame. */
  isPayable(): boolean;
  /** Pays what is owed. */
  pay(): Promise<void>;
}

/** Where it is paid: frames appended, or all that the store holds written anew. */
interface Payee {
  readonly put: (frames: readonly Uint8Array[]) => Promise<void>;
  readonly mend: () => Promise<void>;
}

/** `isAll`: everything, and `frames` does not count. */
interface Owed {
  readonly frames: Uint8Array[];
  bytes: number;
  isAll: boolean;
}

const nothing = (): Owed => ({ frames: [], bytes: 0, isAll: false });

/** Nothing is owed. */
export function createDebt(to: Payee, { clock, log }: Pick<Ports, 'clock' | 'log'>): Debt {
  let owed = nothing();
  let refusedMs = Number.NEGATIVE_INFINITY;
  const add = (frames: readonly Uint8Array[]): void => {
    if (owed.isAll) return;
    for (const frame of frames) {
      owed.frames.push(frame);
      owed.bytes += frame.length;
    }
    if (owed.bytes > OWED_BYTES_MAX) owed = { ...nothing(), isAll: true };
  };
  const oweOn = (unpaid: Owed): void => {
    const since = owed;
    owed = since.isAll ? since : unpaid;
    add(since.frames);
  };
  return {
    add,
    isPayable: () => clock.monotonicMs() - refusedMs >= REFUSED_MS,
    pay: async () => {
      const due = owed;
      if (!due.isAll && due.frames.length === 0) return;
      owed = nothing();
      try {
        await (due.isAll ? to.mend() : to.put(due.frames));
        refusedMs = Number.NEGATIVE_INFINITY;
      } catch (error) {
        refusedMs = clock.monotonicMs();
        oweOn(due);
        const facts = { owed: due.frames.length, isAll: owed.isAll };
        log.warn('journal-failed', { why: String(error), ...facts });
      }
    },
  };
}

/**
 * Loop: clock watch — how far the clocks of connected members are from this VM's.
 *
 * 1. A clock is measured by who asks, and only off a quick answer. What a peer says unasked may
 *    have been long on its way, so it is only a reason to ask.
 * 2. A wrong reason costs at most one exchange every 10 s, so that two never keep asking each
 *    other.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';

/** A peer's clock, ms since the Unix epoch, at a moment of our monotonic clock, ms. */
export interface ClockReading {
  readonly wallMs: number;
  readonly atMs: number;
}

/** The clocks of connected members, as they were last read. */
export interface ClockWatch {
  readonly note: (peer: PeerKey, reading: ClockReading) => void;
  readonly forget: (peer: PeerKey) => void;
  /**
   * In how many ms a peer is to be asked, because its clock is no longer what it was by what it
   * says of it now; null when it is.
   */
  readonly changedIn: (peer: PeerKey, wallMs: number) => number | null;
  /** Whether our own clock was set since this was last asked. */
  readonly hasStepped: () => boolean;
  /** By how much each clock is ahead of ours, ms. */
  readonly skewsMs: () => ReadonlyMap<PeerKey, number>;
}

/** A clock that goes by itself does not move so much in between. Unit: ms. */
const STEP_MS_MIN = 1_000;
/** A request that is no longer on its way is no reason to ask. Unit: ms. Below what is an alarm. */
const CHANGE_MS_MIN = 3_000;
/** Invariant 2. Unit: ms. */
const READING_AGE_MS_MIN = 10_000;

/** Opens the watch; nothing is known of anybody. */
export function openClockWatch(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): ClockWatch {
  const readings = new Map<PeerKey, ClockReading>();
  const ownMs = (): number => clock.wallMs() - clock.monotonicMs();
  let knownMs = ownMs();
  return {
    note: (peer, reading) => void readings.set(peer, reading),
    forget: (peer) => void readings.delete(peer),
    changedIn: (peer, wallMs) => {
      const reading = readings.get(peer);
      if (reading === undefined) return null;
      const ageMs = clock.monotonicMs() - reading.atMs;
      const movedMs = Math.abs(wallMs - reading.wallMs - ageMs);
      return movedMs >= CHANGE_MS_MIN ? Math.max(0, READING_AGE_MS_MIN - ageMs) : null;
    },
    hasStepped: () => {
      const nowMs = ownMs();
      const movedMs = Math.abs(nowMs - knownMs);
      knownMs = nowMs;
      return movedMs >= STEP_MS_MIN;
    },
    skewsMs: () => {
      const [skews, nowMs] = [new Map<PeerKey, number>(), ownMs()];
      for (const [peer, { wallMs, atMs }] of readings) skews.set(peer, wallMs - atMs - nowMs);
      return skews;
    },
  };
}

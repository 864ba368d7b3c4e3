/**
 * Rule: swim holds — who is told no news for a while but with what it asks: what was said to it was
 * lost. More of it would push out of its queue what it waits for.
 */
import type { MemberId } from '../../crdt/ids.ts';

/** First and longest hold. It doubles where something is lost again soon after. Unit: ms. */
const HOLD_MS_MIN = 400;
const HOLD_MS_MAX = 6_400;

/** Who is held. Whoever calls brings the time, monotonic ms. */
export interface Holds {
  /** Something that was said to it was lost. */
  lost(member: MemberId, nowMs: number): void;
  isHeld(member: MemberId, nowMs: number): boolean;
  /** Its queue is gone. */
  end(member: MemberId): void;
}

/** Nobody is held yet. */
export function createHolds(): Holds {
  const holds = new Map<MemberId, { readonly untilMs: number; readonly forMs: number }>();
  const isHeld = (member: MemberId, nowMs: number): boolean =>
    nowMs < (holds.get(member)?.untilMs ?? Number.NEGATIVE_INFINITY);
  return {
    isHeld,
    lost: (member, nowMs) => {
      if (isHeld(member, nowMs)) return;
      const last = holds.get(member);
      const isAgain = last !== undefined && nowMs < last.untilMs + last.forMs;
      const forMs = isAgain ? Math.min(HOLD_MS_MAX, 2 * last.forMs) : HOLD_MS_MIN;
      holds.set(member, { untilMs: nowMs + forMs, forMs });
    },
    end: (member) => void holds.delete(member),
  };
}

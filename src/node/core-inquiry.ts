/**
 * Loop: core inquiry — dials whoever should have the core role and has not said so yet: it says so
 * over connections, and not everybody is connected with it.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';
import { type Constituency, electCore, type Term } from './rules/election.ts';

/**
 * Time between two dials. Unit: ms. It takes the role 3 s after it learned of its turn: who failed
 * to reach it when that began is told soon after.
 */
const AGAIN_MS = 4_000;
/** Until the first, for who has just started: it has more urgent ones to make. Unit: ms. */
const FIRST_MS = 15_000;

/**
 * Looks whether somebody is to be dialled, and does it. `holder`: who has said that it has it.
 * Gives when it wants to look again, in ms; infinity where nothing is to be asked.
 */
export type Inquire = (held: Constituency, holder: { readonly term: Term } | null) => number;

/** Makes it. `reach`: dials a member soon, which is harmless where there is a connection. */
export function createInquiry(
  { clock }: { readonly clock: Clock },
  self: MemberId,
  reach: (member: MemberId) => void,
): Inquire {
  let dueMs = clock.monotonicMs() + FIRST_MS;
  return (held, holder) => {
    const nowMs = clock.monotonicMs();
    const elected = electCore(held)?.id ?? self;
    if (elected === self || holder?.term.epoch === held.epoch) return Number.POSITIVE_INFINITY;
    if (nowMs >= dueMs) {
      dueMs = nowMs + AGAIN_MS;
      reach(elected);
    }
    return dueMs - nowMs;
  };
}

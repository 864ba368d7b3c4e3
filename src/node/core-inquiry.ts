/**
 * Loop: core inquiry — dials whoever should have the core role and has not said so yet: it says so
 * over connections, and not everybody is connected with it.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';
import { type Constituency, electCore, type Term } from './rules/election.ts';

/** Time between two dials. Unit: ms. */
const AGAIN_MS = 5_000;
/** Until the first, for who has just started: it has more urgent ones to make. Unit: ms. */
const FIRST_MS = 15_000;

/** Looks whether somebody is to be dialled, and does it. `holder`: who has said that it has it. */
export type Inquire = (held: Constituency, holder: { readonly term: Term } | null) => void;

/** Makes it. `reach`: dials a member soon, which is harmless where there is a connection. */
export function createInquiry(
  { clock }: { readonly clock: Clock },
  self: MemberId,
  reach: (member: MemberId) => void,
): Inquire {
  let dueMs = clock.monotonicMs() + FIRST_MS;
  return (held, holder) => {
    const nowMs = clock.monotonicMs();
    if (nowMs < dueMs || holder?.term.epoch === held.epoch) return;
    const elected = electCore(held)?.id ?? self;
    if (elected === self) return;
    dueMs = nowMs + AGAIN_MS;
    reach(elected);
  };
}

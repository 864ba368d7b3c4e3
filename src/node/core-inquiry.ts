/**
 * Loop: core inquiry — finds out who has the core role, where whoever should have it said nothing.
 *
 * It says so over connections, and not everybody is connected with it: it is dialled. Who cannot
 * reach it asks others, one after the other, what it said: each hands on what it signed. Who has
 * that by others asks again now and then, for it may have said something else since.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Clock } from '../ports.ts';
import { type Constituency, electCore, type Term } from './rules/election.ts';

/**
 * Time between two dials, and two questions. Unit: ms. It takes the role 3 s after it learned of
 * its turn: who failed to reach it when that began is told soon after.
 */
const AGAIN_MS = 4_000;
/** The same where it is known, and not connected. Unit: ms. */
const KNOWN_AGAIN_MS = 30_000;
/** Until the first, for who has just started: it has more urgent ones to make. Unit: ms. */
const FIRST_MS = 15_000;

/**
 * Looks whether somebody is to be dialled or asked about, and does it. `holder`: who is known to
 * have the role. Gives when it wants to look again, in ms; infinity where nothing is to be asked.
 */
export type Inquire = (held: Constituency, holder: { readonly term: Term } | null) => number;

/** How it reaches others. */
export interface InquiryHands {
  /** Dials a member soon, which is harmless where there is a connection. */
  readonly reach: (member: MemberId) => void;
  /** Asks somebody else what it said. */
  readonly askAbout: (member: MemberId) => void;
  readonly isConnected: (member: MemberId) => boolean;
}

/** What seeks a holder that has not spoken: nobody was dialled or asked yet. */
export function createInquiry(
  { clock }: { readonly clock: Clock },
  self: MemberId,
  { reach, askAbout, isConnected }: InquiryHands,
): Inquire {
  let lastMs = clock.monotonicMs() + FIRST_MS - AGAIN_MS;
  let dialled = '';
  return (held, holder) => {
    const elected = electCore(held)?.id ?? self;
    const isKnown = holder?.term.epoch === held.epoch;
    if (elected === self || (isKnown && isConnected(elected))) return Number.POSITIVE_INFINITY;
    const nowMs = clock.monotonicMs();
    const pauseMs = isKnown ? KNOWN_AGAIN_MS : AGAIN_MS;
    if (nowMs < lastMs + pauseMs) return lastMs + pauseMs - nowMs;
    lastMs = nowMs;
    const turn = `${held.epoch} ${elected}`;
    // Nobody can tell yet when its turn has just begun.
    if (isKnown || dialled === turn) askAbout(elected);
    if (!isKnown) reach(elected);
    dialled = turn;
    return pauseMs;
  };
}

/**
 * Loop: core hearing — answers what others say of the core role: that they have it, or that they
 * leave their turn to the next.
 *
 * 1. A claim is taken from whom this member elects itself, and in no lower term than the last.
 * 2. Of the asker alone: the connection is authenticated.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { SwarmNode, Unsubscribe } from '../ports.ts';
import { type Desk, noteMove } from './core-desk.ts';
import {
  type Claim,
  CORE_BYTES_MAX,
  decodeClaim,
  decodePass,
  encodeClaimAnswer,
} from './rules/core-message.ts';
import { electCore, isTermGood } from './rules/election.ts';

/** Answers until it is ended. */
export const serveClaims = (desk: Desk, swarm: SwarmNode): Unsubscribe => {
  const options = { bytesMax: CORE_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('core', options, async ({ peer }, request) => {
    const pass = decodePass(request);
    const claim = decodeClaim(request);
    if (pass !== null) desk.memory.passes.set(peer as MemberId, pass);
    // Who takes the role after all can.
    else if (claim !== null) desk.memory.passes.delete(peer as MemberId);
    const isElected = (electCore(desk.constituency())?.id as PeerKey | undefined) === peer;
    const isTaken =
      pass !== null || (isElected && claim !== null && (await hear(desk, peer as MemberId, claim)));
    if (pass !== null) desk.mark();
    return encodeClaimAnswer({ isTaken, isElected, highest: desk.memory.terms.highest() });
  });
};

/** Invariant 1, for a claim of whom this member elects. Each new term costs the disk a sync. */
async function hear({ ports, memory, time }: Desk, id: MemberId, claim: Claim): Promise<boolean> {
  const { term } = claim;
  if (!isTermGood(term, memory.terms.highest(), time.latestEpoch())) return false;
  const nowMs = ports.clock.monotonicMs();
  if (!memory.claims.hasLeft('', nowMs)) return false;
  memory.claims.spend('', 1, nowMs);
  const isKept = await memory.terms.raise(term).then(
    () => true,
    () => false, // A disk that takes nothing: it knows who has the role, and is told again.
  );
  memory.heard = { id, ...claim };
  noteMove(memory, memory.heard);
  return isKept;
}

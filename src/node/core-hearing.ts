/**
 * Loop: core hearing — answers what others say of the core role: that they have it, or that they
 * leave their turn to the next; and what others ask about it.
 *
 * 1. A claim is taken from whom this member elects itself, and in no lower term than the last.
 * 2. What the asker says of itself is believed: the connection is authenticated.
 * 3. What somebody said is handed on as it came; whoever asked checks the signature.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { SwarmNode, Unsubscribe } from '../ports.ts';
import { type Desk, noteMove } from './core-desk.ts';
import {
  type Claim,
  CORE_BYTES_MAX,
  decodeClaim,
  decodePass,
  decodeQuestion,
  encodeClaimAnswer,
} from './rules/core-message.ts';
import { electCore, isTermGood } from './rules/election.ts';

/** Answers until it is ended. */
export const serveClaims = (desk: Desk, swarm: SwarmNode): Unsubscribe => {
  const options = { bytesMax: CORE_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('core', options, async ({ peer }, request) => {
    const { memory, constituency, mark } = desk;
    const about = decodeQuestion(request);
    const said = about === null ? [] : saidBy(desk, about);
    const pass = decodePass(request);
    const claim = decodeClaim(request);
    if (pass !== null) memory.passes.set(peer as MemberId, { ...pass, message: request });
    // Who takes the role after all can.
    else if (claim !== null) memory.passes.delete(peer as MemberId);
    const isElected = (electCore(constituency())?.id as PeerKey | undefined) === peer;
    const isTaken =
      pass !== null ||
      (isElected && claim !== null && (await hear(desk, peer as MemberId, claim, request)));
    if (pass !== null) mark();
    return encodeClaimAnswer({ isTaken, isElected, highest: memory.terms.highest(), said });
  });
};

/** What a member said: who took the role and passed later did both. */
function saidBy({ memory }: Desk, member: MemberId): readonly Uint8Array[] {
  const { passes, heard } = memory;
  const said = [passes.get(member)?.message, heard?.id === member ? heard.message : undefined];
  return said.filter((message) => message !== undefined);
}

/**
 * Invariant 1, for a claim of whom this member elects. Each new term costs the disk a sync.
 * `message`: by which it said so.
 */
export async function hear(
  { ports, memory, time }: Desk,
  id: MemberId,
  claim: Claim,
  message: Uint8Array,
): Promise<boolean> {
  const { term } = claim;
  if (!isTermGood(term, memory.terms.highest(), time.latestEpoch())) return false;
  const nowMs = ports.clock.monotonicMs();
  if (!memory.claims.hasLeft('', nowMs)) return false;
  memory.claims.spend('', 1, nowMs);
  const isKept = await memory.terms.raise(term).then(
    () => true,
    () => false, // A disk that takes nothing: it knows who has the role, and is told again.
  );
  memory.heard = { id, ...claim, message };
  noteMove(memory, memory.heard);
  return isKept;
}

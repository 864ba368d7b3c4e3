/**
 * Loop: core hearsay — what others hand on of whoever should have the core role, where this member
 * hears nothing of it itself.
 *
 * 1. Only what that member signed counts, of the epoch that this member elects in, and of nobody
 *    but whom it elects. So a hostile member can keep it back, or hand on something that was said
 *    earlier in the same turn, and no more.
 * 2. A claim is taken as if its author had said it here (`core-hearing.ts`). It takes no pass back:
 *    only its author can, for of the two nobody else can tell which came first.
 * 3. One is asked at a time, each connected member in its turn: so one that lies, or does not
 *    answer, is only in the way.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { SwarmNode } from '../ports.ts';
import { askCore } from './core-crier.ts';
import type { Desk } from './core-desk.ts';
import { hear } from './core-hearing.ts';
import {
  type Claim,
  type CoreSigner,
  decodeClaim,
  decodePass,
  encodeQuestion,
} from './rules/core-message.ts';
import { compareTerms, electCore } from './rules/election.ts';

/** Makes what asks the next connected member about somebody. */
export function createHearsay(
  desk: Desk,
  swarm: SwarmNode,
  signer: CoreSigner,
): (about: MemberId) => void {
  let turn = 0;
  const ask = async (about: MemberId, from: MemberId): Promise<void> => {
    const answer = await askCore(swarm, from, encodeQuestion(about));
    for (const message of answer?.said ?? []) await take(desk, signer, about, message);
  };
  return (about) => {
    const members = new Set<PeerKey>(desk.context.view().members.map(({ id }) => id));
    const others = swarm
      .connections()
      .map(({ peer }) => peer)
      .filter((peer) => peer !== about && members.has(peer));
    const from = others[turn % others.length];
    turn += 1;
    if (from !== undefined) void ask(about, from as MemberId);
  };
}

/** Invariants 1 and 2. */
async function take(
  desk: Desk,
  signer: CoreSigner,
  about: MemberId,
  message: Uint8Array,
): Promise<void> {
  const { memory, constituency, mark } = desk;
  const held = constituency();
  if (electCore(held)?.id !== about) return;
  const pass = decodePass(message);
  const claim = decodeClaim(message);
  if (pass !== null) {
    const isNew = pass.epoch === held.epoch && held.passed(about)?.epoch !== held.epoch;
    if (!isNew || !signer.isSaid(about, message)) return;
    memory.passes.set(about, { ...pass, message });
  } else if (claim?.term.epoch === held.epoch) {
    if (isKnown(desk, about, claim) || !signer.isSaid(about, message)) return;
    await hear(desk, about, claim, message);
  } else return;
  mark();
}

const isKnown = ({ memory: { heard } }: Desk, about: MemberId, { term }: Claim): boolean =>
  heard?.id === about && compareTerms(heard.term, term) === 0;

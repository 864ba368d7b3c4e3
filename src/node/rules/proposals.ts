/**
 * Rule: proposals — what the core proposes, in its own sub-document, and which of that is taken.
 *
 * 1. Only what the core of this member's own view said in its term is taken, and never in a lower
 *    term than what was taken before: what a stale core says later loses. It gives way to its
 *    author's next word in that term; and to any, where its epoch has not come, for turns were
 *    shorter when it was said.
 * 2. While no core has said otherwise, what was taken last stays; who starts takes the highest term
 *    that can be believed.
 * 3. A proposal does nothing by itself. That a member is gone for long an operator is told, who may
 *    evict it.
 */
import type { Edit } from '../../crdt/entry.ts';
import type { MemberId } from '../../crdt/ids.ts';
import { proposalPath } from '../../crdt/paths.ts';
import type { Proposal, View } from '../../crdt/view.ts';
import { compareTerms, type Term } from './election.ts';

/** How long a member must be gone until that is said. Unit: ms. Less passes by itself. */
const ABSENT_MS = 3_600_000;

/** By the member that they are about. */
export type Taken = ReadonlyMap<MemberId, Proposal>;

/** Who may be believed. */
export interface CoreAuthority {
  /** Who has the role and in which term, as far as this member knows; null while nobody says so. */
  readonly holder: { readonly id: MemberId; readonly term: Term } | null;
  /** The latest epoch of which a term can be. */
  readonly latestEpoch: number;
}

/** What is taken now, after `before`. Of who is evicted nothing is. */
export function takeProposals(
  before: Taken,
  { proposals }: Pick<View, 'proposals'>,
  { holder, latestEpoch }: CoreAuthority,
): Taken {
  const isStill = (one: Proposal): boolean => proposals.some((other) => isSame(one, other));
  const taken = new Map([...before].filter(([, one]) => isStill(one)));
  const known = new Set(taken.keys());
  for (const one of proposals) {
    const best = taken.get(one.about);
    const isOpen = best === undefined || best.epoch > latestEpoch || isSame(one, best);
    const isOfCore =
      holder !== null && holder.id === one.author && compareTerms(holder.term, one) === 0;
    const mayBe = isOfCore || (!known.has(one.about) && one.epoch <= latestEpoch);
    if (mayBe && (isOpen || compareTerms(one, best) > 0)) taken.set(one.about, one);
  }
  return taken;
}

const isSame = (a: Proposal, b: Proposal): boolean =>
  a.about === b.about && a.author === b.author && compareTerms(a, b) === 0;

/** What the core sees: who is dead, and since when, Unix ms; and who lives. */
export interface CoreSightOfMembers {
  readonly self: MemberId;
  readonly term: Term;
  readonly deadSinceMs: ReadonlyMap<MemberId, number>;
  /** Nobody who is only not known or doubted: who has just started knows nothing of the dead. */
  readonly alive: ReadonlySet<MemberId>;
  readonly wallMs: number;
}

/** What the core has to say: only what is not taken already. */
export function propose(view: View, taken: Taken, sight: CoreSightOfMembers): readonly Edit[] {
  const { self, term, deadSinceMs, alive, wallMs } = sight;
  const present = view.members.filter(({ id, hasLeft }) => id !== self && !hasLeft);
  return present.flatMap(({ id }) => {
    const since = deadSinceMs.get(id) ?? null;
    const said = taken.get(id)?.absentSinceMs ?? null;
    const isLong = since !== null && wallMs - since >= ABSENT_MS;
    // It was gone before this core saw it: what was said first stands.
    const isNews = said === null ? isLong : alive.has(id);
    if (!isNews) return [];
    return [{ path: proposalPath('absent', id), value: { ...term, since: isLong ? since : null } }];
  });
}

/**
 * Rule: roster — who are the operators and who the members, settled together.
 *
 * Each depends on the other: members come from operators' invites, and an operator has to be a
 * member. So the pass over the operators is repeated with what the membership showed, until it
 * shows nothing more:
 * 1. Turn by turn, seen with the evictions up to that turn. Who is no member at its own turn is
 *    barred and has had no effect; so nobody can evict its own admitter and stay, unless it adopts
 *    itself.
 * 2. Who stops being a member at a junior's turn falls there, as if it had been evicted by name.
 * 3. Bars and falls are only ever added, so it ends.
 */
import type { MemberId } from './ids.ts';
import type { Lineage } from './lineage.ts';
import { findMembers, type Membership, type Testimonies } from './membership.ts';
import { type Pass, rootOperators, runPass, type Turn } from './operators.ts';
import type { Operator } from './view.ts';

export interface Roster {
  /** By rank, the most senior first. */
  readonly operators: readonly Operator[];
  readonly membership: Membership;
  /** The pass that made them. */
  readonly pass: Pass;
}

/** Settles the roster. */
export function settleRoster(
  testimonies: Testimonies,
  founder: MemberId,
  lineage: Lineage,
): Roster {
  const roots = rootOperators(founder, lineage.recovered);
  const barred = new Set<MemberId>();
  const dragged = new Map<MemberId, Set<MemberId>>();
  for (;;) {
    const pass = runPass(testimonies, roots, { barred, dragged });
    const finding = examine(testimonies, pass);
    if (finding.kind === 'settled') {
      const standing = pass.turns.filter(({ fellAt }) => fellAt === null);
      const operators = standing.map(({ operator }) => operator);
      return { operators, membership: finding.membership, pass };
    }
    if (finding.kind === 'bar') barred.add(finding.member);
    else dragged.set(finding.by, addAll(dragged.get(finding.by), finding.members));
  }
}

type Finding =
  | { readonly kind: 'settled'; readonly membership: Membership }
  | { readonly kind: 'bar'; readonly member: MemberId }
  | { readonly kind: 'drag'; readonly by: MemberId; readonly members: readonly MemberId[] };

/** The first thing, from the most senior turn down, that does not fit the membership. */
const examine = (testimonies: Testimonies, pass: Pass): Finding => {
  let membership = findMembers(testimonies, [], () => false);
  for (const [now, turn] of pass.turns.entries()) {
    const isQuiet = now > 0 && !hasEffect(pass, now);
    if (!isQuiet) membership = membersAt(testimonies, pass, now, null);
    const by = turn.operator.member;
    const own = turn.fellAt === now ? membersAt(testimonies, pass, now, turn) : membership;
    if (!own.members.has(by)) return { kind: 'bar', member: by };
    const { members } = membership;
    const fallen = pass.turns
      .slice(0, isQuiet ? 0 : now)
      .filter((senior) => standsAt(senior, now) && !members.has(senior.operator.member))
      .map(({ operator }) => operator.member);
    if (fallen.length > 0) return { kind: 'drag', by, members: fallen };
  }
  return { kind: 'settled', membership };
};

const standsAt = ({ fellAt }: Turn, now: number): boolean => fellAt === null || fellAt > now;

/** Whether anybody was evicted or removed in a turn. */
const hasEffect = ({ turns, voidedAt }: Pass, now: number): boolean =>
  turns.some(({ fellAt }) => fellAt === now) || [...voidedAt.values()].includes(now);

/**
 * The members after turn `now`. Turns to come count as operators already, their evictions do not
 * count yet. `spared`: a turn to judge as if it had not ended itself.
 */
const membersAt = (
  testimonies: Testimonies,
  { turns, voidedAt }: Pass,
  now: number,
  spared: Turn | null,
): Membership => {
  const operators = turns.filter((turn) => turn === spared || standsAt(turn, now));
  return findMembers(
    testimonies,
    new Set(operators.map(({ operator }) => operator.member)),
    (id) => {
      const at = voidedAt.get(id);
      return at !== undefined && at <= now && id !== spared?.operator.member;
    },
  );
};

const addAll = <Item>(known: Set<Item> | undefined, more: readonly Item[]): Set<Item> =>
  new Set([...(known ?? []), ...more]);

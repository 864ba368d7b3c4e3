/**
 * Rule: operators — who may speak for the mesh: one pass over all who were given the role, from the
 * most senior down.
 *
 * 1. Rank: recovery descending, then depth, number of the grant and id ascending. Who is granted
 *    the role stands below its granter, so no pass ever has to go back.
 * 2. Whoever's turn comes evicts, removes and grants. Who was evicted before its turn never gets
 *    one: of two that evict each other the senior stays, whichever came first.
 * 3. Who is evicted or removed after its turn keeps what its evictions and removals did, and loses
 *    the rest. Its grants no longer seat anybody, but who is seated already stays.
 * 4. A removal counts against every grant that is older by (hlc, author). A recovery counts as a
 *    grant: the code lifts whatever removal came before it. The founder has no grant, so against
 *    it any removal counts. Nobody's own grant counts.
 */
import type { MemberId } from './ids.ts';
import type { Testimonies } from './membership.ts';
import { trustPath } from './paths.ts';
import { compareOrder, compareText, type Order, type Testimony } from './statements.ts';
import type { Operator } from './view.ts';

/** One turn of the pass. */
export interface Turn {
  readonly operator: Operator;
  /** Index of the turn that evicted or removed it, its own included; null while it stands. */
  readonly fellAt: number | null;
}

/** The pass: turns from the most senior down. */
export interface Pass {
  readonly turns: readonly Turn[];
  /** Index of the turn that evicted a member first. */
  readonly voidedAt: ReadonlyMap<MemberId, number>;
}

/** What the pass cannot see for itself, because it depends on who is a member. */
export interface Rulings {
  /** Never get a turn. */
  readonly barred: ReadonlySet<MemberId>;
  /** Who falls at whose turn, though nobody evicts it by name: its admitter was evicted. */
  readonly dragged: ReadonlyMap<MemberId, ReadonlySet<MemberId>>;
}

/** Negative when `a` is the more senior. */
const compareRank = (a: Operator, b: Operator): number =>
  b.recovery - a.recovery ||
  a.depth - b.depth ||
  a.grant - b.grant ||
  compareText(a.member, b.member);

/** Those who have the role by recovery or as founder, and so by nobody's grant. */
export const rootOperators = (
  founder: MemberId,
  recovered: readonly MemberId[],
): readonly Operator[] => [
  { member: founder, recovery: 0, depth: 0, grant: 0 },
  ...recovered.map((member, index) => ({ member, recovery: index + 1, depth: 0, grant: 0 })),
];

interface Candidate {
  readonly operator: Operator;
  readonly granter: MutableTurn | null;
}

type MutableTurn = { -readonly [Field in keyof Turn]: Turn[Field] };

/** The pass so far. The queue has the most senior last. */
interface Course {
  readonly turns: MutableTurn[];
  readonly voidedAt: Map<MemberId, number>;
  readonly queue: Candidate[];
  /** When each of the recovered used the code. */
  readonly recoveries: ReadonlyMap<MemberId, Order>;
}

/** Runs one pass. Deterministic in the contents of the testimonies, not in their order. */
export function runPass(
  testimonies: Testimonies,
  roots: readonly Operator[],
  rulings: Rulings,
): Pass {
  const recoveries = recoveriesOf(testimonies, roots);
  const course: Course = { turns: [], voidedAt: new Map(), queue: [], recoveries };
  enqueue(
    course.queue,
    roots.map((operator) => ({ operator, granter: null })),
  );
  for (;;) {
    const candidate = course.queue.pop();
    if (candidate === undefined) return course;
    if (!mayTurn(testimonies, course, rulings, candidate)) continue;
    const turn = { operator: candidate.operator, fellAt: null };
    course.turns.push(turn);
    takeTurn(testimonies, course, rulings, turn);
  }
}

const enqueue = (queue: Candidate[], candidates: readonly Candidate[]): void => {
  if (candidates.length === 0) return;
  queue.push(...candidates);
  queue.sort((a, b) => compareRank(b.operator, a.operator));
};

const recoveriesOf = (
  testimonies: Testimonies,
  roots: readonly Operator[],
): ReadonlyMap<MemberId, Order> =>
  new Map(
    roots.flatMap(({ member, recovery }) => {
      const said = testimonies.get(member)?.said.root.get(String(recovery));
      return said === undefined ? [] : [[member, said] as const];
    }),
  );

const mayTurn = (
  testimonies: Testimonies,
  course: Course,
  { barred }: Rulings,
  { operator: { member }, granter }: Candidate,
): boolean =>
  !barred.has(member) &&
  !course.voidedAt.has(member) &&
  (granter === null || granter.fellAt === null) &&
  !course.turns.some(({ operator, fellAt }) => operator.member === member && fellAt === null) &&
  !isRemoved(testimonies, course, member);

const takeTurn = (
  testimonies: Testimonies,
  course: Course,
  { dragged }: Rulings,
  turn: MutableTurn,
): void => {
  const { turns, voidedAt } = course;
  const now = turns.length - 1;
  const author = turn.operator.member;
  const testimony = testimonies.get(author);
  const evicted = [...(testimony?.said.evict.keys() ?? []), ...(dragged.get(author) ?? [])];
  for (const id of evicted as MemberId[]) {
    if (!voidedAt.has(id)) voidedAt.set(id, now);
  }
  for (const each of turns) {
    const { member } = each.operator;
    if (each.fellAt !== null) continue;
    const isTouched = (testimony?.deletedAt(trustPath('role', member)) ?? null) !== null;
    const isOut = voidedAt.has(member) || (isTouched && isRemoved(testimonies, course, member));
    if (isOut) each.fellAt = now;
  }
  if (turn.fellAt === null) enqueue(course.queue, grantsOf(testimony, turn));
};

/** Those whom the author of a turn gives the role. */
const grantsOf = (testimony: Testimony | undefined, granter: MutableTurn): readonly Candidate[] =>
  [...(testimony?.said.role.entries() ?? [])].map(([member, { record }]) => ({
    operator: {
      member: member as MemberId,
      recovery: granter.operator.recovery,
      depth: granter.operator.depth + 1,
      grant: record.number,
    },
    granter,
  }));

/** Whether what was said so far about a member's role ends with a removal. */
const isRemoved = (
  testimonies: Testimonies,
  { turns, recoveries }: Course,
  member: MemberId,
): boolean => {
  const path = trustPath('role', member);
  let removal: Order | null = null;
  let grant: Order | null = recoveries.get(member) ?? null;
  for (const { operator } of turns) {
    const author = operator.member;
    const testimony = testimonies.get(author);
    const hlc = testimony?.deletedAt(path) ?? null;
    if (hlc !== null) removal = later(removal, { hlc, author });
    const said = author === member ? undefined : testimony?.said.role.get(member);
    if (said !== undefined) grant = later(grant, said);
  }
  return removal !== null && (grant === null || compareOrder(removal, grant) > 0);
};

const later = (known: Order | null, other: Order): Order =>
  known !== null && compareOrder(known, other) > 0 ? known : other;

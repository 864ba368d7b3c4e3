/**
 * Rule: trouble — what the view tells of what is wrong: alarms, and statements that do not count.
 */
import type { Lineage } from './lineage.ts';
import type { Testimonies } from './membership.ts';
import { rootPath } from './paths.ts';
import type { Roster } from './roster.ts';
import { compareText, type Flaw } from './statements.ts';
import type { Alarm, Quarantined } from './view.ts';

interface Settled {
  readonly testimonies: Testimonies;
  readonly lineage: Lineage;
  readonly roster: Roster;
}

/** All alarms, in the order in which they are shown; `ties`: those of the overlay. */
export const alarmsOf = (settled: Settled, ties: readonly Alarm[]): readonly Alarm[] =>
  [...ties, ...trustAlarms(settled), ...forkAlarms(settled)].sort(compareAlarms);

/** Both end when whoever does not belong was evicted. */
const trustAlarms = ({ lineage, roster }: Settled): readonly Alarm[] => {
  const { members, overUsed } = roster.membership;
  return [
    ...lineage.doubled
      .filter((double) => double.members.filter((id) => members.has(id)).length > 1)
      .map(({ number }): Alarm => ({ kind: 'double-recovery', about: rootPath(number) })),
    ...overUsed.map((id): Alarm => ({ kind: 'over-use', about: id })),
  ];
};

/** Members that signed two frames for one place. Whoever was evicted for it is no news any more. */
const forkAlarms = ({ testimonies, roster }: Settled): readonly Alarm[] =>
  [...testimonies.values()]
    .filter(({ author, isForked }) => isForked && roster.membership.members.has(author))
    .map(({ author }) => ({ kind: 'equivocation', about: author }));

const compareAlarms = (a: Alarm, b: Alarm): number =>
  compareText(a.kind, b.kind) || compareText(a.about, b.about);

/** Kinds that count from operators only. From others they are no flaw, they are nothing. */
const OPERATOR_KINDS: ReadonlySet<string> = new Set([
  'intent',
  'invite',
  'adopt',
  'evict',
  'role',
  'name',
  'label',
]);

/** Flaws in statements of those whose statements count. */
export const quarantinedOf = ({
  testimonies,
  lineage,
  roster,
}: Settled): readonly Quarantined[] => {
  const { members, flaws } = roster.membership;
  const operators = new Set(roster.operators.map(({ member }) => member));
  const isHeard = ({ kind, author }: Flaw): boolean =>
    OPERATOR_KINDS.has(kind) ? operators.has(author) : members.has(author);
  const ownFlaws = [...testimonies.values()].flatMap((testimony) => testimony.flaws);
  return [...ownFlaws, ...lineage.flaws, ...flaws]
    .filter(isHeard)
    .map(({ path, author, why }) => ({ path, author, why }))
    .sort(
      (a, b) =>
        compareText(a.path, b.path) || compareText(a.author, b.author) || compareText(a.why, b.why),
    );
};

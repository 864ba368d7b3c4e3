/**
 * Rule: firewall plan — the table as it should be on this VM.
 *
 * 1. As long as operators want nothing of this member, there is no table.
 */
import type { View } from '../../crdt/view.ts';
import type { ObservedTable } from '../nft/observed.ts';
import { type Unread, unreadText } from '../objects.ts';
import type { Finding, Problem, Self } from '../service.ts';
import { keptOf } from './callers.ts';
import type { Withheld } from './lacking.ts';
import { isActive, lanesOf, type Site, type Tried, withheldOf } from './lane.ts';
import { trialMap } from './own-table.ts';
import { policyOf, SERVICE, type TrialOrder } from './policy.ts';
import { shadows } from './shadows.ts';
import type { FirewallDesired, FirewallObserved } from './state.ts';
import {
  begunOf,
  type Course,
  courseOf,
  isYoung,
  type Reach,
  waysOf,
  withdrawnMark,
} from './trial.ts';
import { siteOnTrial } from './trial-site.ts';

/** How long after the end of a trial to look whether the kernel ended it. Unit: ms. */
const TRIAL_GRACE_MS = 300;
/** Time between two looks whether a trial cuts this VM off. Unit: ms. */
const LOOK_MS = 2_000;

/** The table, or null where there should be none. Notes: objects not read, foreign firewalls. */
export const plan = (
  view: View,
  self: Self,
  observed: FirewallObserved,
): Finding<FirewallDesired> => {
  const site: Site = {
    ...{ view, member: self.id, interface: self.interface },
    ...{ openings: self.openings, wallMs: self.wallMs },
    lacking: observed.kind === 'no-tool' ? [] : observed.lacking,
  };
  const now = lanesOf(site);
  const policy = policyOf(view);
  const table = observed.kind === 'present' ? observed.table : null;
  const [order = null] = policy.trials;
  const reach = reachOf(view, self, observed);
  const course = order === null ? OVER : courseOf(site, order, observed, reach);
  const trial = course.kind === 'running' ? course.trial : null;
  const tried = order === null ? [] : triedOf(site, order, { course, observed, reach });
  // A trial that is over is remembered in the table, whatever the clock says next.
  const withheld = withheldOf(order === null || trial === null ? site : siteOnTrial(site, order));
  // Nor is it forgotten that all that is wanted was set aside.
  const isNeeded = [...now, ...(trial?.lanes ?? [])].some(isActive) || withheld.size > 0;
  const isWanted = tried.length > 0 || isNeeded;
  const neighbours = observed.kind === 'no-tool' ? [] : observed.neighbours;
  return {
    state: isWanted
      ? {
          ...{ interface: self.interface, now, trial },
          ...{ tried, withheld },
          seed: Math.floor(self.wallMs / 1_000),
        }
      : null,
    problems: [
      ...(isWanted && observed.kind === 'no-tool' ? [observed.why ?? NO_TOOL] : []),
      ...withheldProblems(withheld),
    ],
    notes: [
      ...(order === null || !isYoung(order, self) ? [] : withdrawals(order, course)),
      ...policy.unread.map(unreadNote),
      ...(isWanted ? shadows(neighbours, self.interface, now) : []),
    ],
    recheckMs: soonest([
      isWanted && (observed.kind === 'no-tool' || withheld.size > 0) ? LACKING_MS : null,
      endOfTrialMs(table),
      ...expiriesMs(view, self.wallMs),
    ]),
  };
};

const NO_TOOL: Problem =
  'tool: nft: not found, so nothing is filtered here; install the package nftables: that is ' +
  'noticed by itself';

/** Time between two looks whether this host can do it by now. Unit: ms. Each runs ten processes. */
const LACKING_MS = 30_000;

const unreadNote = (unread: Unread): Problem =>
  `${unreadText(unread)}${DELETABLE.test(unread.path) ? ', or delete it with --force' : ''}`;

/** What verbs delete by name. */
const DELETABLE = /^intent\/firewall\/(?:rule|group)\//;

/** Rules that are named in one problem. */
const NAMED_MAX = 3;

/** One for each reason: many rules may have the same. */
const withheldProblems = (withheld: Withheld): readonly Problem[] =>
  [...Map.groupBy(withheld, ([, why]) => why)].map(([why, paths]) => {
    const named = paths.slice(0, NAMED_MAX).map(([path]) => path.slice(PLACE.length));
    const more = paths.length > NAMED_MAX ? ` and ${paths.length - NAMED_MAX} more` : '';
    return `${named.join(', ')}${more}: ${why}`;
  });

const PLACE = `intent/${SERVICE}/`;

const OVER: Course = { kind: 'over' };

const reachOf = (view: View, self: Self, observed: FirewallObserved): Reach => ({
  ways: waysOf(view, self),
  unreached: observed.kind === 'present' ? observed.unreached : [],
  calls: observed.kind === 'no-tool' ? [] : observed.calls,
  seenAt: (member) => self.seen.get(member)?.host ?? null,
  self,
});

/** What becomes of a trial, and by what. */
interface Trying {
  readonly course: Course;
  readonly observed: FirewallObserved;
  readonly reach: Reach;
}

const triedOf = (
  site: Site,
  order: TrialOrder,
  { course, observed, reach }: Trying,
): readonly Tried[] => {
  const { id } = order;
  if (course.kind === 'withdrawn') return [{ id, why: course.why, kept: [] }];
  const begun = begunOf(observed, order);
  if (begun !== undefined) return [{ id, why: null, kept: begun.kept }];
  if (course.kind === 'over') return [];
  return [{ id, why: null, kept: keptOf(site, order, reach) }];
};

const withdrawals = ({ id }: TrialOrder, course: Course): readonly Problem[] =>
  course.kind === 'withdrawn' ? [`${withdrawnMark(id)}${course.why}; the old rules hold here`] : [];

const endOfTrialMs = (table: ObservedTable | null): number | null => {
  const [element] = table?.sets.get(trialMap('prerouting'))?.elements.values() ?? [];
  const left = element?.expires ?? null;
  return left === null ? null : Math.min(LOOK_MS, left * 1_000 + TRIAL_GRACE_MS);
};

/** When rules end by themselves. */
const expiriesMs = (view: View, wallMs: number): readonly number[] =>
  policyOf(view).rules.flatMap(({ expiry }) =>
    expiry === undefined || expiry <= wallMs ? [] : [expiry - wallMs],
  );

/** Longest wait that a timer can hold is far above; the regular read-back comes sooner anyway. */
const RECHECK_MS_MAX = 3_600_000;

const soonest = (waits: readonly (number | null)[]): number | null => {
  const some = waits.filter((wait) => wait !== null);
  return some.length === 0 ? null : Math.min(RECHECK_MS_MAX, ...some);
};

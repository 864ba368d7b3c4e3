/**
 * Rule: lb report — what is in force here, as it was read back: never more.
 */
import type { View } from '../../crdt/view.ts';
import type { ObservedTable } from '../nft/observed.ts';
import type { Count, Self, Summary } from '../service.ts';
import { countedOf, countOf, sumOf } from './counts.ts';
import { diff } from './diff.ts';
import type { Dispatch } from './dispatch.ts';
import { NO_PROXY } from './haproxy-plan.ts';
import { plan } from './plan.ts';
import { sightsOf } from './sights.ts';
import type { LbObserved } from './state.ts';

/** Balancers in force, those that are not, and connections that each was asked for. */
export const summary = (observed: LbObserved, view: View, self: Self): Summary => {
  const desired = plan(view, self, observed).state;
  const isTool = observed.kind !== 'no-tool';
  const isApplied = isTool && diff(desired, observed).length === 0;
  const withheld = desired?.withheld ?? new Map<string, string>();
  const { balancers: proxied, isPutOff } = desired?.proxy ?? NO_PROXY;
  const late = new Set(isPutOff ? proxied.map(({ name }) => name) : []);
  const applied = (desired?.dispatches ?? []).flatMap(({ balancer: { path, claim, name } }) =>
    !isApplied || withheld.has(path) || late.has(name)
      ? []
      : [[path, claim.hlc.join('.')] as const],
  );
  return {
    applied: Object.fromEntries(applied),
    // Also when it is empty: a report keeps what its successor does not speak of.
    withheld: Object.fromEntries(withheld),
    counts: observed.kind === 'present' ? countsIn(desired?.dispatches ?? [], observed.table) : {},
    sights: sightsOf(view, self, observed),
  };
};

/** By path: the first packets of connections. What was never asked for is left out. */
const countsIn = (
  dispatches: readonly Dispatch[],
  table: ObservedTable,
): Readonly<Record<string, Count>> =>
  Object.fromEntries(
    dispatches.flatMap((dispatch) => {
      const { balancer } = dispatch;
      const all = countedOf(dispatch).flatMap(
        (each) => countOf(table, balancer, each.member, each) ?? [],
      );
      const sum = sumOf(all);
      return sum.packets === 0 ? [] : [[balancer.path, sum] as const];
    }),
  );

/**
 * Rule: lb report — what is in force here, as it was read back: never more.
 */
import type { View } from '../../crdt/view.ts';
import type { ObservedTable } from '../nft/observed.ts';
import type { Count, Self, Summary } from '../service.ts';
import { balancersOf } from './balancers.ts';
import { diff } from './diff.ts';
import { balancerOfChain } from './own-table.ts';
import { plan } from './plan.ts';
import { sightsOf } from './sights.ts';
import type { LbObserved } from './state.ts';

/** Balancers in force, those that are not, and connections that each was asked for. */
export const summary = (observed: LbObserved, view: View, self: Self): Summary => {
  const desired = plan(view, self, observed).state;
  const isTool = observed.kind !== 'no-tool';
  const isApplied = isTool && diff(desired, observed).length === 0;
  const withheld = desired?.withheld ?? new Map<string, string>();
  const applied = (desired?.dispatches ?? []).flatMap(({ balancer: { path, claim } }) =>
    !isApplied || withheld.has(path) ? [] : [[path, claim.hlc.join('.')] as const],
  );
  return {
    applied: Object.fromEntries(applied),
    // Also when it is empty: a report keeps what its successor does not speak of.
    withheld: Object.fromEntries(withheld),
    counts: observed.kind === 'present' ? countsIn(view, observed.table) : {},
    sights: sightsOf(view, self, observed),
  };
};

/** By path: the first packets of connections. What was never asked for is left out. */
const countsIn = (view: View, { chains }: ObservedTable): Readonly<Record<string, Count>> => {
  const sums = new Map<string, Count>();
  for (const [name, { rules }] of chains) {
    const balancer = balancerOfChain(name);
    const [counted] = rules;
    if (balancer === null || counted === undefined || counted.packets === 0) continue;
    const { packets, bytes } = sums.get(balancer) ?? { packets: 0, bytes: 0 };
    sums.set(balancer, { packets: packets + counted.packets, bytes: bytes + counted.bytes });
  }
  return Object.fromEntries(
    balancersOf(view).balancers.flatMap(({ name, path }) => {
      const count = sums.get(name);
      return count === undefined ? [] : [[path, count] as const];
    }),
  );
};

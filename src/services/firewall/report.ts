/**
 * Rule: firewall report — what is in force here, as it was read back: never more.
 */
import type { View } from '../../crdt/view.ts';
import type { Self, Summary } from '../service.ts';
import { countsOf } from './counts.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { type Stamps, stampsOf } from './stamps.ts';
import type { FirewallObserved } from './state.ts';

/**
 * In force is the policy as a whole but what this host cannot, or nothing of it: the table holds
 * all of it or is behind.
 */
export const summary = (observed: FirewallObserved, view: View, self: Self): Summary => {
  const desired = plan(view, self, observed).state;
  const isTool = observed.kind !== 'no-tool';
  const isApplied = isTool ? diff(desired, observed).length === 0 : desired === null;
  const withheld = Object.fromEntries(desired?.withheld ?? []);
  return {
    applied: isApplied ? without(stampsOf(view, desired?.trial?.id ?? null), withheld) : {},
    // Also when it is empty: a report keeps what its successor does not speak of.
    withheld,
    counts:
      observed.kind === 'present' && desired !== null ? countsOf(desired, observed.table) : {},
  };
};

const without = (stamps: Stamps, withheld: Readonly<Record<string, string>>): Stamps => {
  if (Object.keys(withheld).length === 0) return stamps;
  return Object.fromEntries(Object.entries(stamps).filter(([path]) => !(path in withheld)));
};

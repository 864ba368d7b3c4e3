/**
 * Rule: firewall report — what is in force here, as it was read back: never more.
 */
import type { View } from '../../crdt/view.ts';
import type { Self, Summary } from '../service.ts';
import { countsOf } from './counts.ts';
import { diff } from './diff.ts';
import { plan } from './plan.ts';
import { policyOf, SERVICE } from './policy.ts';
import type { FirewallObserved } from './state.ts';

/** In force is the policy as a whole, or nothing of it: the table holds all of it or is behind. */
export const summary = (observed: FirewallObserved, view: View, self: Self): Summary => {
  const desired = plan(view, self, observed).state;
  const isTool = observed.kind !== 'no-tool';
  const isApplied = isTool ? diff(desired, observed).length === 0 : desired === null;
  const { rules, defaults } = policyOf(view);
  const stamps = [...rules, ...defaults].flatMap(({ path, claim }) =>
    claim === null ? [] : [[path, claim.hlc.join('.')] as const],
  );
  const others = view.intent
    .filter(({ service, kind }) => service === SERVICE && kind !== 'rule' && kind !== 'default')
    .filter(({ kind, name }) => kind !== 'trial' || name === desired?.trial?.id)
    .map(({ path, hlc }) => [path, hlc.join('.')] as const);
  return {
    applied: isApplied ? Object.fromEntries([...stamps, ...others]) : {},
    counts:
      observed.kind === 'present' && desired !== null ? countsOf(desired, observed.table) : {},
  };
};

/**
 * Rule: lb uphold — a change that is no verb's, of labels or by taking what had lost, leaves no
 * balancer without backends unseen.
 *
 * What else such a change may come to, as two balancers at one port, each member settles so that
 * nobody loses a port, and says so.
 */
import type { Meter } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import type { Scene } from '../../verb.ts';
import { balancersOf } from '../balancers.ts';
import { meantBy } from './fit.ts';

/** Time to see whom a balancer means in two views. Unit: ms, as measured. */
const LOOKED_MS = 0.05;

/** Fault 'refused' where one would lose its last backend; with force that is said. */
export function* mustUphold(
  { view }: Scene,
  after: View,
  isForced: boolean,
  meter: Meter,
): Generator<void, readonly string[]> {
  const before = new Map(balancersOf(view).balancers.map((each) => [each.name, each]));
  const emptied: string[] = [];
  for (const { name, to } of balancersOf(after).balancers) {
    if (meter.isDue(LOOKED_MS)) yield;
    const had = before.get(name);
    if (had === undefined || meantBy(after, to).length > 0) continue;
    if (meantBy(view, had.to).length > 0) emptied.push(name);
  }
  const [first] = emptied;
  if (first !== undefined && !isForced) {
    const why = 'would have no backend left: connections to it would be refused';
    throw refuse('balancer', first, why, 'give another member that label first, or add --force');
  }
  return emptied.map(
    (name) => `Note: balancer ${name} has no backend now: it refuses connections.`,
  );
}

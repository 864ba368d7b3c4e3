/**
 * Rule: firewall stamps — which objects are in force where the policy of a view is, and of when.
 */
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import { intentPath } from '../../crdt/paths.ts';
import type { Intent, View } from '../../crdt/view.ts';
import type { Summary } from '../service.ts';
import { policyOf, SERVICE } from './policy.ts';

/** By path. */
export type Stamps = NonNullable<Summary['applied']>;

/** Of all that can be read, and of the trial that runs. The same object for the same two. */
export const stampsOf = (view: View, trial: string | null): Stamps =>
  finish(stampsInPieces(view, trial, UNMETERED));

/** Time to stamp an object. Unit: ms, as measured. */
const STAMP_MS = 0.002;

/** The same, in pieces. */
export function* stampsInPieces(
  { intent }: View,
  trial: string | null,
  meter: Meter,
): Generator<void, Stamps> {
  const last = known.get(intent);
  if (last?.trial === trial) return last.stamps;
  const trialPath = intentPath({ service: SERVICE, kind: 'trial', name: '' });
  const stamped: (readonly [path: string, stamp: string])[] = [];
  for (const [path, { hlc }] of policyOf({ intent }).claims) {
    if (path.startsWith(trialPath) && path !== `${trialPath}${trial}`) continue;
    stamped.push([path, hlc.join('.')]);
    if (meter.isDue(STAMP_MS)) yield;
  }
  const stamps = Object.fromEntries(stamped);
  known.set(intent, { trial, stamps });
  return stamps;
}

const known = new WeakMap<
  readonly Intent[],
  { readonly trial: string | null; readonly stamps: Stamps }
>();

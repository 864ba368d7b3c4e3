/** Loop: agent self — what services are told of their node at one moment. */
import { isSameData } from '../crdt/same-data.ts';
import type { View } from '../crdt/view.ts';
import type { Ports } from '../ports.ts';
import type { NodeSelf, Opening, Self } from '../services/service.ts';
import type { ApplyContext } from './apply.ts';
import { createClockSteps } from './clock-steps.ts';

/** Where it is known from. */
export interface SelfContext extends Pick<ApplyContext, 'ledger'> {
  readonly self: () => NodeSelf | Promise<NodeSelf>;
  /** What all services that run here need open. */
  readonly openings: (view: View, self: NodeSelf) => readonly Opening[];
}

/** Makes the function that says what the node knows of itself now. */
export function createSelf(
  { clock }: Pick<Ports, 'clock'>,
  context: SelfContext,
): (view: View) => Promise<Self> {
  const ageOf = createViewAge();
  const stepsMs = createClockSteps(clock);
  return async (view) => {
    const self = await context.self();
    const nowMs = clock.monotonicMs();
    const ages = { stepsMs: stepsMs(), viewAgeMs: ageOf(view, nowMs) };
    const openings = context.openings(view, self);
    return {
      ...self,
      ...ages,
      nowMs,
      wallMs: clock.wallMs(),
      openings,
      made: context.ledger.ids(),
    };
  };
}

/**
 * What was found of each view beside earlier ones: the agents of a node ask for the same. Neither
 * keeps the other, or the newest would keep every one that ever was.
 */
const compared = new WeakMap<View, WeakMap<View, boolean>>();

function isSameView(view: View, other: View): boolean {
  const found = compared.get(view) ?? new WeakMap<View, boolean>();
  compared.set(view, found);
  const isSame = found.get(other) ?? isSameData(view, other);
  found.set(other, isSame);
  return isSame;
}

/** How long the view is as it is. Compared by content, for a view is computed anew now and then. */
const createViewAge = (): ((view: View, nowMs: number) => number) => {
  let known: { readonly view: View; readonly sinceMs: number } | null = null;
  return (view, nowMs) => {
    if (view !== known?.view) {
      const isOld = known !== null && isSameView(view, known.view);
      known = { view, sinceMs: isOld ? (known?.sinceMs ?? nowMs) : nowMs };
    }
    return nowMs - known.sinceMs;
  };
};

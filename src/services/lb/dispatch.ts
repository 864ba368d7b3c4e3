/**
 * Rule: lb dispatch — what each balancer comes to on this VM: where it listens, and to which
 * backends new connections go.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import { type Balancer, balancersOf, engineOf } from './balancers.ts';
import { type Choice, chooseBackends, type Viewer } from './choice.ts';

/** A backend to which new connections go. */
export interface Target {
  readonly member: MemberId;
  /** Null while it has none. */
  readonly ipv4: string | null;
  readonly ipv6: string;
  readonly weight: number;
}

/** A balancer on this VM. */
export interface Dispatch {
  readonly balancer: Balancer;
  readonly addresses: Addresses;
  /** It listens at this VM's other addresses as well: see `frontends.ts`. */
  readonly isFrontend: boolean;
  /** By their ids. */
  readonly targets: readonly Target[];
  /** Those that are down, and get nothing. */
  readonly down: readonly Target[];
  /** Those at which what runs is to be ended (see `choice.ts`), and all others. */
  readonly ended: readonly Target[];
  readonly running: readonly Target[];
  /** More than half of its backends are down, so all are used. */
  readonly isPanic: boolean;
}

/** What a view comes to here, as far as nft carries it. The same for the same view and sights. */
export const dispatchesOf = (view: View, self: Viewer): readonly Dispatch[] => {
  const last = known.get(view);
  const { id, sights, wasDown } = self;
  if (last?.id === id && last.sights === sights && last.wasDown === wasDown) return last.dispatches;
  const dispatches = findDispatches(view, self);
  known.set(view, { id, sights, wasDown, dispatches });
  return dispatches;
};

const known = new WeakMap<View, Viewer & { readonly dispatches: readonly Dispatch[] }>();

const findDispatches = (view: View, self: Viewer): readonly Dispatch[] => {
  const addresses = addressesOf(view);
  return balancersOf(view).balancers.flatMap((balancer): readonly Dispatch[] => {
    const own = addresses.get(balancer.name);
    if (engineOf(balancer) !== 'nft' || own === undefined) return [];
    return [dispatchOf(view, self, balancer, own)];
  });
};

/** What one comes to where nft carries it. `own`: its addresses. */
export const dispatchOf = (
  view: View,
  self: Viewer,
  balancer: Balancer,
  own: Addresses,
): Dispatch => ({
  ...{ balancer, addresses: own, isFrontend: false },
  ...targetsOf(view, self, balancer),
});

const targetsOf = (
  view: View,
  self: Viewer,
  balancer: Balancer,
): Pick<Dispatch, 'targets' | 'down' | 'ended' | 'running' | 'isPanic'> => {
  const { choices, isPanic } = chooseBackends(view, self, balancer);
  const all = choices.map((choice) => ({ choice, target: targetOf(choice) }));
  const those = (is: (choice: Choice) => boolean): readonly Target[] =>
    all.filter(({ choice }) => is(choice)).map(({ target }) => target);
  return {
    targets: those(({ isUsed }) => isUsed),
    down: those(({ isUsed, health }) => !isUsed && health.state === 'down'),
    ended: those(({ isEnded }) => isEnded),
    running: those(({ isEnded }) => !isEnded),
    isPanic,
  };
};

const targetOf = ({ member: { id, ipv4, ipv6 }, weight }: Choice): Target => ({
  ...{ member: id, ipv4, ipv6, weight },
});

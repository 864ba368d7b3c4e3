/**
 * Rule: lb dispatch — what each balancer comes to on this VM: where it listens, and to which
 * backends new connections go.
 *
 * 1. A balancer that this VM cannot have as it is wanted is set aside alone, with why.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { Problem } from '../service.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import { type Balancer, balancersOf, engineOf } from './balancers.ts';
import { chooseBackends, type Viewer } from './choice.ts';

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
  /** By their ids. */
  readonly targets: readonly Target[];
  /** More than half of its backends are down, so all are used. */
  readonly isPanic: boolean;
}

/** All of them, and which ones are not, or not wholly, as they are wanted: path → why. */
export interface Dispatches {
  readonly dispatches: readonly Dispatch[];
  readonly withheld: ReadonlyMap<string, Problem>;
}

/** What a view comes to here, as far as nft carries it. */
export const dispatchesOf = (view: View, self: Viewer): Dispatches => {
  const addresses = addressesOf(view);
  const withheld = new Map<string, Problem>();
  const dispatches = balancersOf(view).balancers.flatMap((balancer): readonly Dispatch[] => {
    if (engineOf(balancer) !== 'nft') return [];
    const own = addresses.get(balancer.name);
    const why = whyNot(balancer);
    if (why !== null) withheld.set(balancer.path, why);
    if (own === undefined) return [];
    return [{ balancer, addresses: own, ...targetsOf(view, self, balancer) }];
  });
  return { dispatches, withheld };
};

const whyNot = (balancer: Balancer): Problem | null =>
  balancer.on === undefined ? null : 'this version of cnsmo listens at no other addresses';

const targetsOf = (
  view: View,
  self: Viewer,
  balancer: Balancer,
): Pick<Dispatch, 'targets' | 'isPanic'> => {
  const { choices, isPanic } = chooseBackends(view, self, balancer);
  const targets = choices
    .filter(({ isUsed }) => isUsed)
    .map(({ member: { id, ipv4, ipv6 }, weight }) => ({ member: id, ipv4, ipv6, weight }));
  return { targets, isPanic };
};

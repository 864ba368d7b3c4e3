/**
 * Rule: lb sights — what this member tells of the backends when somebody looks.
 */
import type { View } from '../../crdt/view.ts';
import type { Self } from '../service.ts';
import { type Backend, type Balancer, backendsOf, balancersOf, engineOf } from './balancers.ts';
import type { ProxySlot } from './haproxy-state.ts';
import { backendChain } from './own-table.ts';
import type { LbObserved } from './state.ts';
import { type Seen, seenText, sightName } from './told.ts';

/** By the names of sights. A VM that is not its own backend tells nothing of itself. */
export const sightsOf = (
  view: View,
  self: Pick<Self, 'id'>,
  observed: LbObserved,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    balancersOf(view).balancers.flatMap((balancer) =>
      backendsOf(view, balancer)
        .filter(({ member }) => member.id !== self.id || balancer.includesSelf === true)
        .map((backend) => {
          const seen = seenOf(balancer, backend, observed);
          return [sightName(balancer.name, backend.member.id), seenText(seen)] as const;
        }),
    ),
  );

const seenOf = (balancer: Balancer, { member }: Backend, observed: LbObserved): Seen => {
  if (engineOf(balancer) === 'nft') {
    const table = observed.kind === 'present' ? observed.table : null;
    const counted = table?.chains.get(backendChain(balancer.name, member.id))?.rules[0];
    return { health: 'unknown', connections: counted?.packets ?? null, why: null };
  }
  const slot = slotsIn(observed, balancer).find(
    ({ address, state }) => state !== 'out' && address === (member.ipv4 ?? member.ipv6),
  );
  if (slot === undefined) return { health: 'unknown', connections: null, why: null };
  const { isDown, connections } = slot;
  return isDown
    ? { health: 'down', connections, why: 'connections of HAProxy to it fail' }
    : { health: 'unknown', connections, why: null };
};

const slotsIn = ({ proxy }: LbObserved, { name }: Balancer): readonly ProxySlot[] =>
  proxy.kind === 'running' ? (proxy.proxies.get(name)?.slots ?? []) : [];

/**
 * Rule: lb sights — what this member tells of the backends when somebody looks.
 */
import type { View } from '../../crdt/view.ts';
import { type Balancer, balancersOf, engineOf } from './balancers.ts';
import { type Choice, chooseBackends, type Viewer } from './choice.ts';
import { countOf } from './counts.ts';
import type { ProxySlot } from './haproxy-state.ts';
import type { LbObserved } from './state.ts';
import { OVER, overName, PANIC, type Seen, seenText, sightName } from './told.ts';
import { tableIn, viewerOf } from './viewer.ts';
import { isOver } from './ways.ts';

/**
 * By the names of sights. A VM that is not its own backend tells nothing of itself; a balancer is
 * named where too many of its backends are down, and who drains where its time is over.
 */
export const sightsOf = (
  view: View,
  self: Viewer,
  observed: LbObserved,
): Readonly<Record<string, string>> => {
  const viewer = viewerOf(self, tableIn(observed));
  return Object.fromEntries(
    balancersOf(view).balancers.flatMap((balancer) => {
      const { choices, isPanic } = chooseBackends(view, viewer, balancer);
      const seen = choices.flatMap((choice) => {
        const { member, isDraining } = choice;
        const text = seenText(seenOf(balancer, choice, observed));
        return [
          [sightName(balancer.name, member.id), text] as const,
          ...(isDraining && isOver(view, viewer.sights, balancer, member)
            ? [[overName(balancer.name, member.id), OVER] as const]
            : []),
        ];
      });
      return isPanic ? [...seen, [balancer.name, PANIC] as const] : seen;
    }),
  );
};

/** By probes of this member; and of HAProxy, to which connections may fail meanwhile. */
const seenOf = (balancer: Balancer, { member, health }: Choice, observed: LbObserved): Seen => {
  const probed = { health: health.state, why: health.why === '' ? null : health.why };
  if (engineOf(balancer) === 'nft') {
    const table = tableIn(observed);
    const counted = table === null ? null : countOf(table, balancer, member.id, member);
    return { ...probed, connections: counted?.packets ?? null };
  }
  const slot = slotsIn(observed, balancer).find(
    ({ address, state, connections }) =>
      (state !== 'out' || connections > 0) && address === (member.ipv4 ?? member.ipv6),
  );
  if (slot === undefined) return { ...probed, connections: null };
  const { isDown, connections } = slot;
  return isDown && probed.health !== 'down'
    ? { health: 'down', connections, why: 'connections of HAProxy to it fail' }
    : { ...probed, connections };
};

const slotsIn = ({ proxy }: LbObserved, { name }: Balancer): readonly ProxySlot[] =>
  proxy.kind === 'running' ? (proxy.proxies.get(name)?.slots ?? []) : [];

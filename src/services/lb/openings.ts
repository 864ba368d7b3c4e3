/**
 * Rule: lb openings — what the firewall leaves open on the VM of a backend, in the mesh; its own
 * rules decide before.
 *
 * 1. What serves no more stays open as long as the others may use what they have of it: where the
 *    default is `deny`, a label that goes would cut at once what `--drain` promises its time. Its
 *    loop shows that (`endings.ts`).
 */
import type { View } from '../../crdt/view.ts';
import type { Sights } from '../loop.ts';
import type { NodeSelf, Opening } from '../service.ts';
import { type Balancer, backendsOf, balancersOf, servedAt } from './balancers.ts';

/** The name of a sight: this VM serves there, or did and lets that end. */
export const openName = (balancer: Pick<Balancer, 'listen' | 'port'>): string =>
  [MARK, balancer.listen.protocol, ...servedAt(balancer)].join(' ');

const MARK = 'open';
const NAME = /^open (tcp|udp) (\d+) (\d+)$/;

/** What serves here for other members, and what did and has not ended. */
export const openings = (view: View, self: NodeSelf): readonly Opening[] => {
  const serving = balancersOf(view).balancers.filter((balancer) =>
    backendsOf(view, balancer).some(({ member }) => member.id === self.id),
  );
  const names = new Set(serving.map(openName));
  return [
    ...serving.map(
      (balancer): Opening => ({
        ...{ zone: 'mesh', protocol: balancer.listen.protocol, ports: servedAt(balancer) },
        why: `backend of balancer ${balancer.name}`,
      }),
    ),
    ...endingIn(self.sights)
      .filter((name) => !names.has(name))
      .flatMap(openingNamed),
  ];
};

const endingIn = (sights: Sights): readonly string[] =>
  [...sights.keys()].filter((name) => name.startsWith(`${MARK} `)).toSorted();

const openingNamed = (name: string): readonly Opening[] => {
  const [, protocol, first, last] = NAME.exec(name) ?? [];
  if (protocol === undefined) return [];
  return [
    {
      ...{ zone: 'mesh', protocol: protocol === 'udp' ? 'udp' : 'tcp' },
      ports: [Number(first), Number(last)],
      why: 'was a backend, and lets that end',
    },
  ];
};

/**
 * Rule: vpn monitor — which lines of the monitors concern the VPN.
 *
 * Hosts with containers or a routing daemon print dozens of lines a second, and each that counts
 * costs a full read-back.
 */
import { contains, overlaps } from '../../crdt/addresses.ts';
import { endpointsOf } from '../../crdt/endpoints.ts';
import type { View } from '../../crdt/view.ts';
import type { Monitor, NodeSelf } from '../service.ts';
import { TABLE, TABLE_MONITOR } from './table.ts';

/** What stands before the destination of a route. */
const ROUTE_WORDS: ReadonlySet<string> = new Set([
  ...['Deleted', 'unicast', 'local', 'broadcast', 'multicast', 'anycast', 'throw'],
  ...['unreachable', 'prohibit', 'blackhole', 'nat'],
]);

/** Links, addresses and rules begin with a number; the rest of a line that goes on, with space. */
const OBJECT = /^(?:Deleted )?\d+:/;

/** The monitors. That of nftables only where its tool is. */
export const monitors = (self: NodeSelf): readonly Monitor[] => [
  {
    // Neighbours of the whole host are left out: their chatter never concerns the tunnel.
    argv: ['ip', 'monitor', 'link', 'address', 'route', 'rule'],
    concerns: (line, view) => OBJECT.test(line) || concernsRoute(line, view, self.interface),
  },
  ...(self.facts.tools.nft === true
    ? [{ argv: TABLE_MONITOR, concerns: (line: string) => line.includes(TABLE.join(' ')) }]
    : []),
];

/** A route of ours, into our prefixes, or on the way to a member, whose MTU may be another. */
const concernsRoute = (line: string, view: View, ownInterface: string): boolean => {
  if (/^\s/.test(line)) return false;
  const words = line.split(' ');
  const target = words.find((word) => !ROUTE_WORDS.has(word)) ?? '';
  if (target === 'default') return true;
  if (line.includes(` table local `) || /^(?:fe80|ff00):/.test(target)) return false;
  if (words[words.indexOf('dev') + 1] === ownInterface) return true;
  const { mesh, members } = view;
  const prefix = target.includes('/') ? target : `${target}/${target.includes(':') ? 128 : 32}`;
  if (overlaps(mesh.prefix, prefix) || overlaps(mesh.prefix6, prefix)) return true;
  return members.some((member) =>
    endpointsOf(member, mesh).some(({ host }) => contains(prefix, host)),
  );
};

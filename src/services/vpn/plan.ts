/**
 * Rule: vpn plan — the whole overlay interface as it should be on this VM.
 *
 * 1. Every member but this one and those that said they leave is a peer. Liveness plays no role:
 *    absence of contact never removes one.
 * 2. A peer may send from its own two addresses and no other.
 * 3. The interface's addresses carry the whole prefixes, so that what no member holds is dropped
 *    inside the tunnel and never leaves in the clear.
 * 4. What this node did not make is never touched.
 */
import type { Member, MeshInfo, View } from '../../crdt/view.ts';
import type { Finding, Problem, Self } from '../service.ts';
import { collisions } from './collisions.ts';
import { candidatesOf, chooseEndpoint, isHeard } from './endpoint.ts';
import { keyText } from './key-text.ts';
import { chooseMtu } from './mtu.ts';
import { isToRenew } from './renewal.ts';
import {
  type DesiredPeer,
  type DesiredRoute,
  type Engine,
  LINK_UNDO,
  type VpnDesired,
  type VpnObserved,
} from './state.ts';

/**
 * How often an idle peer is sent to. Unit: s. wg(8): keeps most NAT mappings and firewalls open.
 */
const KEEPALIVE_S = 25;

/** How soon to look again for an interface that wireguard-go is about to make. Unit: ms. */
const RECHECK_START_MS = 200;

/** The interface as it should be; a null state where nothing may be changed. */
export const plan = (view: View, self: Self, observed: VpnObserved): Finding<VpnDesired> => {
  const own = view.members.find(({ id }) => id === self.id);
  if (own === undefined) {
    const isOut = view.evicted.includes(self.id);
    const what = isOut ? 'this VM is no longer a member' : 'not a member in the state held here';
    const remedy = isOut ? 'nothing is added any more, see the alarms' : 'waiting for the state';
    return refuse(`vpn: ${self.id}: ${what}; ${remedy}`);
  }
  const publicKey = keyText(own.wgKey);
  const foreign = foreignInterface(self, observed, publicKey);
  if (foreign !== null) return refuse(foreign);
  const engine = engineOf(self, observed);
  const { peers, problems, recheckMs } = planPeers(view, { ...self, engine }, own, observed);
  const { mtu, note } = chooseMtu(observed, peers, (peer) => isHeard(peer, self));
  const addresses = ownAddresses(own, view.mesh.prefix);
  const state: VpnDesired = {
    interface: self.interface,
    engine,
    publicKey,
    port: self.port,
    mtu,
    addresses,
    routes: routesOf(addresses, view.mesh),
    peers,
    isClamped: observed.table.kind === 'missing' || observed.table.kind === 'present',
  };
  const own4 = own.ipv4 === null ? [noIpv4(own)] : [];
  const isStarting = observed.device === null && engine === 'wireguard-go';
  return {
    state,
    problems: [...own4, ...problems, ...collisions(view, self, state, observed)],
    notes: [...(note === null ? [] : [note]), ...unclamped(observed)],
    recheckMs: isStarting ? RECHECK_START_MS : recheckMs,
  };
};

/** Without the table all works but flows through this VM from hosts that nobody tells the MTU. */
const unclamped = ({ table }: VpnObserved): readonly Problem[] => {
  const what = 'forwarded TCP flows are not fitted into the tunnel';
  if (table.kind === 'no-tool') {
    return [`tool: nft: not found, so ${what}; install the package nftables, then: cnsmo restart`];
  }
  if (table.kind !== 'refused') return [];
  return [`nft: ${table.why}, so ${what}; see that this host lets nft work`];
};

const refuse = (problem: Problem): Finding<VpnDesired> => ({
  state: null,
  problems: [problem],
  recheckMs: null,
});

const noIpv4 = (own: Member): Problem =>
  `vpn: ${own.name}: its IPv4 address belongs to another member since two were given the same; ` +
  'it is reached by IPv6 until it has taken a free one';

/** The problem of an interface of our name that this node did not make, or null. */
const foreignInterface = (self: Self, observed: VpnObserved, publicKey: string): Problem | null => {
  const { link, device } = observed;
  if (link === null) return null;
  const remedy = `remove it, or choose another name with --interface`;
  const kind = link.kind === '' ? 'a device' : `a ${link.kind} device`;
  if (link.kind !== 'wireguard' && (link.kind !== 'tun' || link.isPersistent)) {
    return `interface: ${self.interface}: is ${kind} that CNSMO did not make; ${remedy}`;
  }
  const isOurs = self.made.has(LINK_UNDO) || device?.publicKey === publicKey;
  if (!isOurs) return `interface: ${self.interface}: is ${kind} of another program; ${remedy}`;
  if (device === null && link.kind === 'wireguard') {
    return `interface: ${self.interface}: does not answer wg; check that wg works on this host`;
  }
  return null;
};

/** The kernel where it can, unless an engine already runs: to change it would cut every session. */
const engineOf = (self: Self, { link }: VpnObserved): Engine => {
  if (link !== null) return link.kind === 'tun' ? 'wireguard-go' : 'kernel';
  return self.facts.hasKernelWireguard ? 'kernel' : 'wireguard-go';
};

const ownAddresses = (own: Member, prefix: string): readonly string[] => {
  const length = prefix.slice(prefix.indexOf('/'));
  return [...(own.ipv4 === null ? [] : [`${own.ipv4}${length}`]), `${own.ipv6}/64`];
};

/** Each address brings the route of its prefix. */
const routesOf = (addresses: readonly string[], mesh: MeshInfo): readonly DesiredRoute[] =>
  addresses.map((address) => ({
    prefix: address.includes(':') ? mesh.prefix6 : mesh.prefix,
    address,
  }));

interface PlannedPeers {
  readonly peers: readonly DesiredPeer[];
  readonly problems: readonly Problem[];
  readonly recheckMs: number | null;
}

const planPeers = (
  view: View,
  self: Self & { readonly engine: Engine },
  own: Member,
  observed: VpnObserved,
): PlannedPeers => {
  const existing = new Map(observed.device?.peers.map((peer) => [peer.publicKey, peer]));
  const owners = new Map([[keyText(own.wgKey), own]]);
  const peers: DesiredPeer[] = [];
  const problems: Problem[] = [];
  const rechecks: number[] = [];
  const isWatched = self.engine === 'wireguard-go';
  for (const member of view.members) {
    if (member.id === self.id || member.hasLeft) continue;
    const publicKey = keyText(member.wgKey);
    const owner = owners.get(publicKey);
    if (owner !== undefined) {
      problems.push(sameKey(member, owner));
      continue;
    }
    owners.set(publicKey, member);
    const ours = own.endpoints?.local ?? [];
    const candidates = candidatesOf(member, view.mesh, self.seen.get(member.id), ours);
    const peer = existing.get(publicKey);
    const choice = chooseEndpoint(candidates, peer, self, isWatched);
    if (choice.recheckMs !== null) rechecks.push(choice.recheckMs);
    peers.push({
      name: member.name,
      publicKey,
      allowedIps: allowedIps(member),
      endpoint: choice.endpoint,
      // Turned on with the first endpoint: that makes the engine initiate at once, not after 5 s.
      keepaliveS: choice.endpoint === null ? 0 : KEEPALIVE_S,
      isRenewed: isToRenew(peer, self),
    });
  }
  return { peers, problems, recheckMs: rechecks.length === 0 ? null : Math.min(...rechecks) };
};

const sameKey = (member: Member, owner: Member): Problem =>
  `vpn: ${member.name}: has the WireGuard key of ${owner.name} and is left out; ` +
  'let it leave and join again, or evict it';

const allowedIps = ({ ipv4, ipv6 }: Member): readonly string[] =>
  [...(ipv4 === null ? [] : [`${ipv4}/32`]), `${ipv6}/128`].toSorted();

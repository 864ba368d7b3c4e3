/**
 * Rule: hosts — what is on a VM comes from what was signed, and in the end is all that the view
 * says (I4).
 */
import { base64 } from '@scure/base';
import { ipv6Of } from '../src/crdt/addresses.ts';
import { isRecord } from '../src/crdt/entry.ts';
import type { Member } from '../src/crdt/view.ts';
import { reduce, TABLE, tableWords } from '../src/services/vpn/table.ts';
import type { Said } from './evidence.ts';
import { type Look, machinesOf, openEverHeld, type Scene } from './invariant.ts';
import type { Device, Kernel } from './kernel.ts';
import type { Machine } from './machine.ts';

const INTERFACE = 'cnsmo0';
/** What WireGuard takes of the MTU of an underlay of 1,500 bytes leaves this. */
const MTU = 1_420;

/** Looks at all hosts. */
export function lookAtHosts(scene: Scene): Look {
  const signed = openSigned(scene);
  return {
    always: () => machinesOf(scene).flatMap((machine) => foreignPeers(signed(machine), machine)),
    whole: (members) => members.flatMap(hostFlaws),
  };
}

/** Who may be let in from where, as a VM was told by somebody's signature: `key prefix`. */
type Signed = ReadonlySet<string>;

/** Everything that each VM ever held; what it holds no more was derivable when it was applied. */
function openSigned(scene: Scene): (machine: Machine) => Signed {
  const { crypto } = scene.storm.room;
  let prefix6: string | undefined;
  const signed = openEverHeld(scene, ({ said }) =>
    said.flatMap((each) => pairsIn(each, (key) => ipv6Of(crypto, prefix6 ?? '', key))),
  );
  return (machine) => {
    for (const { node } of machinesOf(scene)) prefix6 ??= node?.replica.view().mesh.prefix6;
    return prefix6 === undefined ? new Set() : signed(machine);
  };
}

/**
 * Who a statement lets in. An address that a member claims for itself after a tie goes with any
 * key: its own stands in another frame.
 */
function pairsIn({ path, value }: Said, ipv6: (key: Uint8Array) => string): readonly string[] {
  if (value === null || !isRecord(value)) return [];
  const { wgKey, memberKey, ipv4 } = value;
  if (typeof ipv4 !== 'string') return [];
  if (path === 'member/ipv4') return [ipv4];
  if (!(wgKey instanceof Uint8Array && memberKey instanceof Uint8Array)) return [];
  const key = base64.encode(wgKey);
  return [`${key} ${ipv4}/32`, `${key} ${ipv6(memberKey)}/128`];
}

const foreignPeers = (signed: Signed, { name, kernel }: Machine): readonly string[] =>
  [...(kernel.devices.get(INTERFACE)?.peers.values() ?? [])].flatMap(({ publicKey, allowedIps }) =>
    allowedIps
      .filter((prefix) => !signed.has(`${publicKey} ${prefix}`))
      .filter((prefix) => !signed.has(prefix.replace('/32', '')))
      .map((prefix) => `${name} lets in ${prefix} of ${publicKey}, which nobody signed for it`),
  );

/** The host must be what the view says, no more and no less. */
function hostFlaws({ name, kernel, node }: Machine): readonly string[] {
  const device = kernel.devices.get(INTERFACE);
  if (node === null) return [`${name} has no daemon`];
  if (device === undefined) return [`${name} has no interface`];
  const view = node.replica.view();
  const own = view.members.find(({ id }) => id === node.self);
  if (own === undefined) return [`${name} is no member`];
  const length = view.mesh.prefix.slice(view.mesh.prefix.indexOf('/'));
  const ipv4 = own.ipv4 === null ? [] : [`${own.ipv4}${length}`];
  const addresses = [...ipv4, `${own.ipv6}/64`].toSorted();
  const wanted = { up: true, mtu: MTU, key: base64.encode(own.wgKey), addresses, peers: [''] };
  const others = view.members.filter(({ id, hasLeft }) => id !== node.self && !hasLeft);
  wanted.peers = others.map(peerLine).toSorted();
  const difference = differing(textOf(wanted), textOf(deviceNow(device)));
  return [
    ...(difference === null ? [] : [`${name} has ${difference}`]),
    ...tableFlaws(name, kernel),
  ];
}

const deviceNow = (device: Device): object => ({
  up: device.isUp,
  mtu: device.mtu,
  key: device.publicKey,
  addresses: device.addresses.filter((address) => device.routes.includes(address)).toSorted(),
  peers: [...device.peers.values()]
    .map(({ publicKey, allowedIps, keepaliveS, endpoint }) =>
      // Nobody is kept awake whom nothing can be sent to.
      lineOf(publicKey, allowedIps, keepaliveS === 0 && endpoint === null ? 25 : keepaliveS),
    )
    .toSorted(),
});

const peerLine = ({ wgKey, ipv4, ipv6 }: Member): string =>
  lineOf(base64.encode(wgKey), [...(ipv4 === null ? [] : [`${ipv4}/32`]), `${ipv6}/128`], 25);

const lineOf = (key: string, prefixes: readonly string[], keepaliveS: number): string =>
  `${key} ${prefixes.toSorted().join()} ${keepaliveS}`;

const textOf = (host: object): string => JSON.stringify(host, null, 1);

/** The first line that differs, in words. */
function differing(wanted: string, found: string): string | null {
  if (wanted === found) return null;
  const [want, find] = [wanted.split('\n'), found.split('\n')];
  const at = want.findIndex((line, index) => line !== find[index]);
  return `${find[at]?.trim()} where the view says ${want[at]?.trim()}`;
}

/** The one table is what it should be; others of ours are not there. */
function tableFlaws(name: string, { tables }: Kernel): readonly string[] {
  const text = TABLE.join(' ');
  const words = reduce(tables.get(text) ?? []);
  return words === tableWords(INTERFACE) ? [] : [`${name} has another table ${text}: ${words}`];
}

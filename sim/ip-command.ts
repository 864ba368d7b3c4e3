/**
 * Edge: ip command — the part of iproute2 that the product uses, on a simulated kernel.
 */
import { contains } from '../src/crdt/addresses.ts';
import type { HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import { addDevice, type Device, deleteDevice, type Kernel, tellMonitors } from './kernel.ts';

/** The underlay's interface, and what it has to itself. */
const UPLINK = 'eth0';

/** Runs `ip`; `words` are its arguments. */
export function runIp(kernel: Kernel, words: readonly string[], stdin = ''): HostResult {
  const text = words.join(' ');
  const match = (pattern: RegExp): readonly string[] | null => pattern.exec(text)?.slice(1) ?? null;
  if (text === '-force -j -d -batch -') return runBatch(kernel, stdin);
  const routes = match(/^-j -([46]) route show$/);
  if (routes !== null) return done(JSON.stringify(routesOf(kernel, routes[0] === '6')));
  const link = match(/^-j link show dev (\S+)$/);
  if (link !== null) return onDevice(kernel, link[0], (device) => done(list(describe(device))));
  const added = match(/^link add dev (\S+) type wireguard$/);
  if (added !== null) return addLink(kernel, added[0] ?? '');
  const deleted = match(/^link delete dev (\S+)$/);
  if (deleted !== null) {
    return onDevice(kernel, deleted[0], (device) => {
      deleteDevice(kernel, device);
      return done();
    });
  }
  const set = match(/^link set dev (\S+)((?: mtu \d+)?(?: up| down)?)$/);
  if (set !== null) return onDevice(kernel, set[0], (device) => setLink(kernel, device, set[1]));
  const changed = match(/^address (add|delete) (\S+) dev (\S+)$/);
  if (changed !== null) {
    const [verb = '', prefix = '', name] = changed;
    return onDevice(kernel, name, (device) => changeAddress(kernel, device, verb, prefix));
  }
  const route = match(/^-[46] route (add|delete) (\S+) dev (\S+)(?: proto kernel .+)?$/);
  if (route !== null) {
    const [verb = '', prefix = '', name] = route;
    return onDevice(kernel, name, (device) => changeRoute(kernel, device, verb, prefix));
  }
  throw unknownCommand(['ip', ...words]);
}

/** One list for each line that works; each that does not is told, and ends nothing. */
function runBatch(kernel: Kernel, stdin: string): HostResult {
  const lines = stdin.split('\n').filter((line) => line !== '');
  const results = lines.map((line) => runLine(kernel, line));
  const isWhole = results.every(({ status }) => status === 0);
  return {
    status: isWhole ? 0 : 1,
    stdout: results.map(({ stdout }) => (stdout === '' ? '' : `${stdout}\n`)).join(''),
    stderr: results.map(({ stderr }) => stderr).join(''),
  };
}

function runLine(kernel: Kernel, line: string): HostResult {
  if (line === 'address show') return done(list(...showAll(kernel)));
  const root = /^route show table all root (\S+)$/.exec(line)?.[1];
  if (root !== undefined) return done(list(...routesWithin(kernel, root)));
  const target = /^route get (\S+)$/.exec(line)?.[1];
  if (target === undefined) throw unknownCommand(['ip', '-batch', line]);
  const dev = wayTo(kernel, target);
  if (dev === null) return failed(2, 'RTNETLINK answers: Network is unreachable');
  return done(list({ type: 'unicast', dst: target, dev, table: 'main', flags: [] }));
}

const list = (...objects: readonly object[]): string => JSON.stringify(objects);

function onDevice(
  kernel: Kernel,
  name: string | undefined,
  act: (device: Device) => HostResult,
): HostResult {
  const device = kernel.devices.get(name ?? '');
  return device === undefined ? failed(1, `Cannot find device "${name}"`) : act(device);
}

/** The underlay's routes and those of each interface that is up. */
function routesOf(kernel: Kernel, isIpv6: boolean): readonly { dst: string; dev: string }[] {
  const own = liveDevices(kernel).flatMap((device) =>
    device.routes.map((dst) => ({ dst, dev: device.name })),
  );
  const underlay = isIpv6 ? [] : [{ dst: 'default', dev: UPLINK }];
  return [...underlay, ...own.filter(({ dst }) => dst.includes(':') === isIpv6)];
}

const liveDevices = (kernel: Kernel): readonly Device[] =>
  [...kernel.devices.values()].filter((device) => device.isUp);

/** Routes that lie whole inside a prefix. Those that the kernel keeps for itself are left out. */
function routesWithin(kernel: Kernel, root: string): readonly object[] {
  return liveDevices(kernel).flatMap((device) =>
    device.routes
      .filter((prefix) => contains(root, prefix.split('/')[0] ?? ''))
      .map((address) => ({
        ...{ type: 'unicast', dst: networkOf(root, address), dev: device.name },
        ...{ table: 'main', protocol: 'kernel', flags: [] },
      })),
  );
}

/** Routes are kept by the address that brings them; their prefixes are the mesh's own. */
const networkOf = (root: string, address: string): string =>
  root.split('/')[1] === address.split('/')[1] ? root : address;

function wayTo(kernel: Kernel, target: string): string | null {
  const holds = ({ routes }: Device): boolean => routes.some((one) => contains(one, target));
  const device = liveDevices(kernel).find(holds);
  if (device !== undefined) return device.name;
  return target.includes(':') ? null : UPLINK;
}

function describe(device: Device): object {
  const flags = device.isUp ? ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'] : ['POINTOPOINT', 'NOARP'];
  const data = device.kind === 'tun' ? { info_data: { type: 'tun', persist: false } } : {};
  const linkinfo = { info_kind: device.kind, ...data };
  return { ifname: device.name, flags, mtu: device.mtu, linkinfo };
}

function showAll(kernel: Kernel): readonly object[] {
  const flags = ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'];
  const underlay = { ifname: UPLINK, flags, mtu: kernel.uplinkMtu };
  const stations = kernel.station.addresses.map((host) => showAddress(`${host}/24`));
  return [
    { ...underlay, addr_info: stations },
    ...[...kernel.devices.values()].map((device) => ({
      ...describe(device),
      addr_info: device.addresses.map(showAddress),
    })),
  ];
}

function showAddress(address: string): object {
  const [local = '', length = ''] = address.split('/');
  const family = local.includes(':') ? 'inet6' : 'inet';
  return { family, local, prefixlen: Number(length), scope: 'global' };
}

function addLink(kernel: Kernel, name: string): HostResult {
  if (!kernel.hasWireguard) return failed(2, 'Error: Unknown device type.');
  if (kernel.devices.has(name)) return failed(2, 'RTNETLINK answers: File exists');
  addDevice(kernel, name, 'wireguard');
  return done();
}

/** A link that goes up brings the routes of its addresses; down, it loses them and all of IPv6. */
function setLink(kernel: Kernel, device: Device, changes = ''): HostResult {
  const mtu = /mtu (\d+)/.exec(changes)?.[1];
  if (mtu !== undefined) device.mtu = Number(mtu);
  if (changes.endsWith(' up') && !device.isUp) {
    device.isUp = true;
    device.routes = device.addresses;
  }
  if (changes.endsWith(' down')) {
    device.isUp = false;
    device.routes = [];
    device.addresses = device.addresses.filter((address) => !address.includes(':'));
  }
  tellMonitors(kernel);
  return done();
}

function changeAddress(kernel: Kernel, device: Device, verb: string, prefix: string): HostResult {
  const isThere = device.addresses.includes(prefix);
  if (verb === 'add' && isThere) return failed(2, 'RTNETLINK answers: File exists');
  if (verb === 'delete' && !isThere) {
    return failed(2, 'RTNETLINK answers: Cannot assign requested address');
  }
  const without = (list: readonly string[]) => list.filter((address) => address !== prefix);
  device.addresses = verb === 'add' ? [...device.addresses, prefix] : without(device.addresses);
  device.routes = without(device.routes);
  if (verb === 'add' && device.isUp) device.routes = [...device.routes, prefix];
  tellMonitors(kernel);
  return done();
}

/** Only the route that an address of the device brings can come and go. */
function changeRoute(kernel: Kernel, device: Device, verb: string, prefix: string): HostResult {
  const [network = '', length] = prefix.split('/');
  const isOf = (address: string): boolean =>
    address.split('/')[1] === length &&
    contains(`${network}/${length}`, address.split('/')[0] ?? '');
  const address = device.addresses.find(isOf);
  if (address === undefined) throw unknownCommand(['ip', 'route', verb, prefix]);
  const isThere = device.routes.includes(address);
  if (verb === 'add' && isThere) return failed(2, 'RTNETLINK answers: File exists');
  if (verb === 'delete' && !isThere) return failed(2, 'RTNETLINK answers: No such process');
  device.routes = isThere
    ? device.routes.filter((each) => each !== address)
    : [...device.routes, address];
  tellMonitors(kernel);
  return done();
}

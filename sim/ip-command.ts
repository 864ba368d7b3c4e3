/**
 * Edge: ip command — the part of iproute2 that the product uses, on a simulated kernel.
 */
import type { HostResult } from '../src/ports.ts';
import { done, failed, unknownCommand } from './command.ts';
import { addDevice, type Device, deleteDevice, type Kernel, tellMonitors } from './kernel.ts';

/** Runs `ip`; `words` are its arguments. */
export function runIp(kernel: Kernel, words: readonly string[]): HostResult {
  const text = words.join(' ');
  const match = (pattern: RegExp): readonly string[] | null => pattern.exec(text)?.slice(1) ?? null;
  const routes = match(/^-j -([46]) route show$/);
  if (routes !== null) return done(JSON.stringify(routesOf(kernel, routes[0] === '6')));
  const link = match(/^-j(?: -d)? link show dev (\S+)$/);
  if (link !== null) return onDevice(kernel, link[0], (device) => showLink(device));
  const address = match(/^-j address show dev (\S+)$/);
  if (address !== null) return onDevice(kernel, address[0], (device) => showAddresses(device));
  const added = match(/^link add dev (\S+) type wireguard$/);
  if (added !== null) return addLink(kernel, added[0] ?? '');
  const deleted = match(/^link delete dev (\S+)$/);
  if (deleted !== null) {
    return onDevice(kernel, deleted[0], (device) => {
      deleteDevice(kernel, device);
      return done();
    });
  }
  const set = match(/^link set dev (\S+)((?: mtu \d+)?(?: up)?)$/);
  if (set !== null) return onDevice(kernel, set[0], (device) => setLink(kernel, device, set[1]));
  const changed = match(/^address (add|delete) (\S+) dev (\S+)$/);
  if (changed !== null) {
    const [verb = '', prefix = '', name] = changed;
    return onDevice(kernel, name, (device) => changeAddress(kernel, device, verb, prefix));
  }
  throw unknownCommand(['ip', ...words]);
}

function onDevice(
  kernel: Kernel,
  name: string | undefined,
  act: (device: Device) => HostResult,
): HostResult {
  const device = kernel.devices.get(name ?? '');
  return device === undefined ? failed(1, `Cannot find device "${name}"`) : act(device);
}

/** The underlay's routes and, for each interface that is up, those that its addresses bring. */
function routesOf(kernel: Kernel, isIpv6: boolean): readonly { dst: string; dev: string }[] {
  const own = [...kernel.devices.values()]
    .filter((device) => device.isUp)
    .flatMap((device) => device.addresses.map((dst) => ({ dst, dev: device.name })));
  const underlay = isIpv6 ? [] : [{ dst: 'default', dev: 'eth0' }];
  return [...underlay, ...own.filter(({ dst }) => dst.includes(':') === isIpv6)];
}

function showLink(device: Device): HostResult {
  const flags = device.isUp ? ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'] : ['POINTOPOINT', 'NOARP'];
  const data = device.kind === 'tun' ? { info_data: { type: 'tun', persist: false } } : {};
  const linkinfo = { info_kind: device.kind, ...data };
  return done(JSON.stringify([{ ifname: device.name, flags, mtu: device.mtu, linkinfo }]));
}

function showAddresses(device: Device): HostResult {
  const addresses = device.addresses.map((address) => {
    const [local = '', length = ''] = address.split('/');
    const family = local.includes(':') ? 'inet6' : 'inet';
    return { family, local, prefixlen: Number(length), scope: 'global' };
  });
  return done(JSON.stringify([{ ifname: device.name, addr_info: addresses }]));
}

function addLink(kernel: Kernel, name: string): HostResult {
  if (!kernel.hasWireguard) return failed(2, 'Error: Unknown device type.');
  if (kernel.devices.has(name)) return failed(2, 'RTNETLINK answers: File exists');
  addDevice(kernel, name, 'wireguard');
  return done();
}

function setLink(kernel: Kernel, device: Device, changes = ''): HostResult {
  const mtu = /mtu (\d+)/.exec(changes)?.[1];
  if (mtu !== undefined) device.mtu = Number(mtu);
  if (changes.endsWith(' up')) device.isUp = true;
  tellMonitors(kernel);
  return done();
}

function changeAddress(kernel: Kernel, device: Device, verb: string, prefix: string): HostResult {
  const isThere = device.addresses.includes(prefix);
  if (verb === 'add' && isThere) return failed(2, 'RTNETLINK answers: File exists');
  if (verb === 'delete' && !isThere) {
    return failed(2, 'RTNETLINK answers: Cannot assign requested address');
  }
  device.addresses =
    verb === 'add'
      ? [...device.addresses, prefix]
      : device.addresses.filter((address) => address !== prefix);
  tellMonitors(kernel);
  return done();
}

/**
 * Rule: vpn read — what `ip` and `wg` say of our interface.
 *
 * 1. `wg show … dump` holds the private key and preshared keys: they are dropped here, and no text
 *    of that output goes into a problem.
 * 2. Output that cannot be read is a problem, never a guess.
 */
import * as z from 'zod/mini';
import type { HostResult } from '../../ports.ts';
import type { Finding, Probe, Self } from '../service.ts';
import type { ObservedDevice, ObservedLink, ObservedPeer, VpnObserved } from './state.ts';

const link = z.object({
  ifname: z.string(),
  mtu: z.number(),
  flags: z.array(z.string()),
  linkinfo: z.optional(
    z.object({
      info_kind: z.optional(z.string()),
      info_data: z.optional(z.object({ persist: z.optional(z.boolean()) })),
    }),
  ),
});

const addresses = z.object({
  ifname: z.string(),
  addr_info: z.array(
    z.object({ local: z.string(), prefixlen: z.number(), scope: z.optional(z.string()) }),
  ),
});

/** What `ip` writes to standard error when there is no such interface. */
const NO_INTERFACE = /does not exist|Cannot find device/;

/** Columns of the dump's first line: private key, public key, port, mark. wg(8), "show". */
const DEVICE_COLUMNS = 4;
/**
 * Columns of the lines after it: key, preshared key, endpoint, ips, handshake, rx, tx, keepalive.
 */
const PEER_COLUMNS = 8;

/** Outcome of reading one probe. */
type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; why: string };

/** What to run to read the interface back. */
export const probes = (self: Self): readonly Probe[] => [
  { name: 'link', argv: ['ip', '-j', '-d', 'link', 'show', 'dev', self.interface] },
  { name: 'address', argv: ['ip', '-j', 'address', 'show', 'dev', self.interface] },
  { name: 'wg', argv: ['wg', 'show', self.interface, 'dump'] },
];

/** The interface as the probes show it. */
export const read = (
  results: Readonly<Record<string, HostResult>>,
  self: Self,
): Finding<VpnObserved> => {
  const linkFound = readLink(results.link, self.interface);
  if (!linkFound.ok) return unreadable(linkFound.why);
  const nothing: VpnObserved = { link: null, addresses: [], device: null };
  if (linkFound.value === null) return { state: nothing, problems: [], recheckMs: null };
  const addressesFound = readAddresses(results.address, self.interface);
  if (!addressesFound.ok) return unreadable(addressesFound.why);
  const deviceFound = readDump(results.wg, self.interface);
  if (!deviceFound.ok) return unreadable(deviceFound.why);
  const state: VpnObserved = {
    link: linkFound.value,
    addresses: addressesFound.value,
    device: deviceFound.value,
  };
  return { state, problems: [], recheckMs: null };
};

const unreadable = (why: string): Finding<VpnObserved> => ({
  state: { link: null, addresses: [], device: null },
  problems: [why],
  recheckMs: null,
});

const readLink = (result: HostResult | undefined, name: string): Reading<ObservedLink | null> => {
  const what = `ip -j -d link show dev ${name}`;
  const objects = readJson(result, what);
  if (!objects.ok) return objects;
  if (objects.value === null) return { ok: true, value: null };
  for (const object of objects.value) {
    const parsed = link.safeParse(object);
    if (!parsed.success || parsed.data.ifname !== name) continue;
    const value: ObservedLink = {
      kind: parsed.data.linkinfo?.info_kind ?? '',
      isPersistent: parsed.data.linkinfo?.info_data?.persist ?? false,
      isUp: parsed.data.flags.includes('UP'),
      mtu: parsed.data.mtu,
    };
    return { ok: true, value };
  }
  return { ok: false, why: `${what}: its output does not describe ${name}; check the ip tool` };
};

const readAddresses = (
  result: HostResult | undefined,
  name: string,
): Reading<readonly string[]> => {
  const what = `ip -j address show dev ${name}`;
  const objects = readJson(result, what);
  if (!objects.ok) return objects;
  for (const object of objects.value ?? []) {
    const parsed = addresses.safeParse(object);
    if (!parsed.success || parsed.data.ifname !== name) continue;
    const lasting = parsed.data.addr_info.filter(({ scope }) => scope !== 'link');
    return { ok: true, value: lasting.map(({ local, prefixlen }) => `${local}/${prefixlen}`) };
  }
  return { ok: false, why: `${what}: its output does not describe ${name}; check the ip tool` };
};

/** The objects that `ip -j` printed; null when there is no such interface. */
const readJson = (
  result: HostResult | undefined,
  what: string,
): Reading<readonly unknown[] | null> => {
  if (result === undefined) return { ok: false, why: `${what}: not run` };
  if (result.status !== 0) {
    if (NO_INTERFACE.test(result.stderr)) return { ok: true, value: null };
    const why = `${what}: exit status ${result.status}: ${result.stderr.trim()}`;
    return { ok: false, why };
  }
  try {
    const value: unknown = JSON.parse(result.stdout);
    if (Array.isArray(value)) return { ok: true, value };
  } catch {
    // Told below, as other output that is no list is.
  }
  return { ok: false, why: `${what}: its output is no JSON list; iproute2 5 or later is needed` };
};

/** The engine's state; null when nothing answers `wg` for this interface. */
const readDump = (result: HostResult | undefined, name: string): Reading<ObservedDevice | null> => {
  const refuse = (line: number): Reading<never> => ({
    ok: false,
    why: `wg show ${name} dump: line ${line} cannot be read; check the version of wg`,
  });
  if (result === undefined) return { ok: false, why: `wg show ${name} dump: not run` };
  if (result.status !== 0) return { ok: true, value: null };
  const [first = '', ...rest] = result.stdout.trimEnd().split('\n');
  const [, publicKey, port, , ...more] = first.split('\t');
  const portNumber = readNumber(port);
  const isDevice = first.split('\t').length === DEVICE_COLUMNS && more.length === 0;
  if (!isDevice || publicKey === undefined || portNumber === null) return refuse(1);
  const peers: ObservedPeer[] = [];
  for (const [index, line] of rest.entries()) {
    const peer = readPeer(line.split('\t'));
    if (peer === null) return refuse(index + 2);
    peers.push(peer);
  }
  const value = { publicKey: readOptional(publicKey), port: portNumber, peers };
  return { ok: true, value };
};

const readPeer = (columns: readonly string[]): ObservedPeer | null => {
  if (columns.length !== PEER_COLUMNS) return null;
  const [publicKey = '', presharedKey = '', endpoint = '', ips = ''] = columns;
  const [handshakeS, rxBytes, txBytes] = columns.slice(4).map(readNumber);
  const keepaliveS = columns[7] === 'off' ? 0 : readNumber(columns[7]);
  if (typeof handshakeS !== 'number' || typeof rxBytes !== 'number') return null;
  if (typeof txBytes !== 'number' || keepaliveS === null) return null;
  return {
    publicKey,
    hasPresharedKey: readOptional(presharedKey) !== null,
    endpoint: readOptional(endpoint),
    allowedIps: ips === '(none)' ? [] : ips.split(',').toSorted(),
    handshakeAtMs: handshakeS === 0 ? null : handshakeS * 1000,
    rxBytes,
    txBytes,
    keepaliveS,
  };
};

const readOptional = (text: string): string | null => (text === '(none)' ? null : text);

const readNumber = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;

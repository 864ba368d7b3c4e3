/**
 * Edge: sign — what a daemon sees of the simulated WireGuard without a process.
 */
import { contains } from '../src/crdt/addresses.ts';
import type { Sign } from '../src/sign.ts';
import type { Device, Kernel } from './kernel.ts';

/** What a simulated host can run. */
const TOOLS: readonly string[] = ['ip', 'wg', 'nft'];

/** How a sign is now. */
export function glanceAt(
  kernel: Kernel,
  children: ReadonlyMap<string, unknown>,
  sign: Sign,
): string {
  if (sign.kind === 'tunnels') {
    const hosts = sign.to.map(({ host }) => host);
    return hosts.filter((host) => isUnheld(kernel, host)).join(' ');
  }
  if (sign.kind === 'reach' || sign.kind === 'http')
    return isUnheld(kernel, sign.host) ? 'silent' : 'answered';
  if (sign.kind === 'udp-port') {
    const hasPort = ({ isUp, port }: Device): boolean => isUp && port === sign.port;
    return [...kernel.devices.values()].some(hasPort) ? 'bound' : 'free';
  }
  if (sign.kind === 'unreached') {
    const hosts = sign.to.map(({ host }) => host);
    return hosts.filter((host) => !hasSession(kernel, host)).join(' ');
  }
  if (sign.kind === 'child') return children.has(sign.process) ? 'running' : 'gone';
  if (sign.kind === 'tool') return TOOLS.includes(sign.name) ? 'found' : 'missing';
  if (sign.kind === 'kernel-lists') return '';
  const device = kernel.devices.get(sign.interface);
  if (device?.kind !== 'tun' || !device.answersWg) return 'none';
  return answerOf(kernel, device, sign.heardMs);
}

/** Whether a tunnel to whoever has the address was ever up. */
const hasSession = (kernel: Kernel, host: string): boolean =>
  [...kernel.devices.values()].some((device) =>
    [...device.peers.values()].some(
      ({ allowedIps, session }) =>
        session !== null && allowedIps.some((prefix) => contains(prefix, host)),
    ),
  );

const IS_ONE_HOST = /\/(?:32|128)$/;

/** Whether the kernel's WireGuard would refuse to send there. What leaves elsewhere is not its. */
const isUnheld = (kernel: Kernel, host: string): boolean => {
  for (const device of kernel.devices.values()) {
    if (device.kind !== 'wireguard' || !device.isUp) continue;
    if (!device.routes.some((prefix) => contains(prefix, host))) continue;
    const own = [`${host}/32`, `${host}/128`];
    const holds = (prefix: string): boolean =>
      own.includes(prefix) || (!IS_ONE_HOST.test(prefix) && contains(prefix, host));
    const peer = [...device.peers.values()].find((each) => each.allowedIps.some(holds));
    return peer === undefined || peer.endpoint === null;
  }
  return false;
};

const answerOf = (kernel: Kernel, device: Device, heardMs: number): string => {
  const lines = [...device.peers.values()].map((peer) => {
    const atMs = peer.session === null ? null : peer.session.stampS * 1_000;
    const isHeard = atMs !== null && Math.abs(kernel.wallMs() - atMs) < heardMs;
    const ips = peer.allowedIps.toSorted().join(',') || '-';
    return `${peer.publicKey} ${ips} ${peer.keepaliveS} - ${isHeard ? 'heard' : 'silent'}`;
  });
  return [`${device.publicKey ?? '-'} ${device.port}`, ...lines.toSorted()].join('\n');
};

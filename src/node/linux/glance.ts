/**
 * Edge: glance — what this process sees of WireGuard by itself, without starting another.
 *
 * Contract: `Net.glance`. wireguard-go is asked on its socket. Whether the kernel's WireGuard has
 * a peer for an address shows in its answer to a packet for it, so one byte is sent to each;
 * whether it listens, in the list of UDP ports. Each costs well below a millisecond, so it may be
 * done every few seconds. `unreached` waits for others, and is for who asks once.
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Endpoint } from '../../ports.ts';
import type { Sign } from '../../sign.ts';
import { findProgram } from './command.ts';
import { failureOf } from './failed-connect.ts';
import { readText } from './files.ts';
import { getStatus } from './http-glance.ts';
import { findChild } from './process.ts';
import { isUdpPortBound } from './udp-ports.ts';
import { askWireguardGo } from './wireguard-socket.ts';

/** How long one packet may take to leave. It does not wait for anything but this machine. */
const SEND_MS = 1_000;

/** What the kernel's WireGuard answers to a packet, as negative errno: errno(3), Linux. */
const NO_PEER = -126; // ENOKEY
const NO_ENDPOINT = -89; // EDESTADDRREQ

/** How a sign is now. Children are those of the run directory. */
export async function glance(sign: Sign, runDirectory: string): Promise<string> {
  switch (sign.kind) {
    case 'wireguard-go':
      return await askWireguardGo(sign.interface, sign.heardMs);
    case 'tunnels':
      return await findUnsent(sign.to);
    case 'udp-port':
      return (await isUdpPortBound(sign.port)) ? 'bound' : 'free';
    case 'reach':
      return await reach(sign);
    case 'http':
      return await getStatus(sign);
    case 'unreached':
      return await findUnreached(sign.to);
    case 'kernel-lists':
      return await readLists(sign.names);
    case 'child':
      return (await findChild(runDirectory, sign.process)) === null ? 'gone' : 'running';
    case 'tool':
      return (await findProgram(sign.name)) === null ? 'missing' : 'found';
  }
}

/** Of this network namespace. A list that is absent has no lines. */
async function readLists(names: readonly string[]): Promise<string> {
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readText(`/proc/net/${name}`).catch(() => null);
      const lines = text?.split('\n').filter((line) => line !== '') ?? [];
      return lines.map((line) => `${name}:${line}`);
    }),
  );
  return found.flat().join(' ');
}

/** All at once: each is a connection of its own. */
async function findUnreached(targets: readonly Endpoint[]): Promise<string> {
  const answers = await Promise.all(targets.map(reach));
  return targets
    .flatMap(({ host }, index) => (answers[index] === 'answered' ? [] : [host]))
    .join(' ');
}

/** How long an answer to a new connection is waited for: a lost packet is sent again after 1 s. */
const REACH_MS = 1_500;

function reach({ host, port }: Endpoint): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end('silent'), REACH_MS);
    socket.once('connect', () => end('answered'));
    socket.once('error', (error) => end(failureOf(error)));
  });
}

/**
 * One after the other: libuv sends what is waiting as one batch, and gives the error of the first
 * to all of it.
 */
async function findUnsent(targets: readonly Endpoint[]): Promise<string> {
  const unsent: string[] = [];
  for (const isOf6 of [false, true]) {
    const family = targets.filter(({ host }) => isIPv6(host) === isOf6);
    if (family.length === 0) continue;
    const socket = createSocket({ type: isOf6 ? 'udp6' : 'udp4' });
    socket.on('error', () => undefined); // Nothing is bound by us, and sends tell their own.
    for (const { host, port } of family) {
      const status = await send(socket, host, port);
      if (status === NO_PEER || status === NO_ENDPOINT) unsent.push(host);
    }
    socket.close();
  }
  const hosts = new Set(unsent);
  return targets
    .map(({ host }) => host)
    .filter((host) => hosts.has(host))
    .join(' ');
}

/** Sends one byte; the negative errno of its failure, 0 without one or when nothing was told. */
function send(
  socket: ReturnType<typeof createSocket>,
  host: string,
  port: number,
): Promise<number> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(0), SEND_MS);
    socket.send(new Uint8Array(1), port, host, (error) => {
      clearTimeout(timer);
      resolve(error === null ? 0 : ((error as NodeJS.ErrnoException).errno ?? 0));
    });
  });
}

/**
 * Edge: net — whether a port is free, and the local API.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { Log, Net } from '../../ports.ts';
import { serveApi } from './api-server.ts';
import { codeOf } from './files.ts';
import { glance } from './glance.ts';

/** Probes and listeners of this host; the API's socket is in `runDirectory`. */
export function openNet(runDirectory: string, log: Pick<Log, 'error'>): Net {
  return {
    isPortFree,
    glance: (sign) => glance(sign, runDirectory),
    serveApi: (handler) => serveApi(runDirectory, log, handler),
  };
}

/** Why a family is no obstacle: this kernel has no IPv6, or it is switched off. */
const NO_FAMILY: readonly string[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT'];

/** Why a port is not free: taken, or not ours to take. */
const NOT_FREE: readonly string[] = ['EADDRINUSE', 'EACCES', 'EPERM'];

async function isPortFree(port: number): Promise<boolean> {
  // Both families at once do not get in each other's way, because those of IPv6 take only IPv6.
  const probes = [
    bindTcp(port, '0.0.0.0'),
    bindTcp(port, '::'),
    bindUdp(port, 4),
    bindUdp(port, 6),
  ];
  return (await Promise.all(probes)).every((isFree) => isFree);
}

function bindTcp(port: number, host: string): Promise<boolean> {
  return new Promise((answer, failed) => {
    const server = createServer();
    server.once('error', (error) => judge(error, answer, failed));
    server.listen({ port, host, ipv6Only: true, exclusive: true }, () => {
      server.close(() => answer(true));
    });
  });
}

function bindUdp(port: number, family: 4 | 6): Promise<boolean> {
  return new Promise((answer, failed) => {
    const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 });
    socket.once('error', (error) => judge(error, answer, failed));
    socket.bind({ port, address: family === 4 ? '0.0.0.0' : '::', exclusive: true }, () => {
      socket.close(() => answer(true));
    });
  });
}

function judge(
  error: Error,
  answer: (isFree: boolean) => void,
  failed: (error: Error) => void,
): void {
  const code = codeOf(error);
  if (NO_FAMILY.includes(code)) answer(true);
  else if (NOT_FREE.includes(code)) answer(false);
  else failed(error);
}

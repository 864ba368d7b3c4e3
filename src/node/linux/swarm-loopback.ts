/**
 * Edge: swarm loopback — a world of hosts for the swarm tests: ports of 127.0.0.1, each with a
 * swarm of its own.
 */

import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { peerKeyOf } from '../../crdt/ids.ts';
import type { Log } from '../../ports.ts';
import type { SwarmWorld } from '../swarm-stage.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';

/** How long a condition may take, and how often it is looked at. Unit: ms. */
const EVENTUALLY_MS = 10_000;
const POLL_MS = 10;
/**
 * Below the range that the kernel takes for outgoing connections, or one of those may hold the
 * port.
 */
const PORT_FIRST = 20_000;
const PORTS = 12_000;

/** A log that says nothing. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

const crypto = openCrypto();
let nextPort = PORT_FIRST + ((process.pid * 61) % PORTS);

/** A port that nobody listens on now, and that no other call in this process gets. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    nextPort = PORT_FIRST + ((nextPort + 1 - PORT_FIRST) % PORTS);
    const port = nextPort;
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
};

/** Polls a condition until it holds; rejects with `what` after 10 s. */
export const eventually = async (what: string, condition: () => boolean): Promise<void> => {
  const endMs = performance.now() + EVENTUALLY_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within 10 s: ${what}`);
    await sleep(POLL_MS);
  }
};

/** The world. */
export const openLoopback = (log: Log = silentLog): SwarmWorld => ({
  host: async () => ({
    swarm: openSwarm(log),
    endpoint: { host: '127.0.0.1', port: await freePort() },
  }),
  keyOf: (seed) => peerKeyOf(crypto.publicKey(seed)),
  eventually,
});

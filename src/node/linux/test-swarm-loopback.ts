/**
 * Edge: test swarm loopback — a world of hosts for the swarm tests: ports of 127.0.0.1, each with a
 * swarm of its own.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { peerKeyOf } from '../../crdt/ids.ts';
import type { Log } from '../../ports.ts';
import type { SwarmWorld } from '../swarm-stage.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';
import { freePort } from './test-ports.ts';

/** How long a condition may take, and how often it is looked at. Unit: ms. */
const EVENTUALLY_MS = 30_000;
const POLL_MS = 10;
/** A log that says nothing. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

const crypto = openCrypto();
/** Polls a condition until it holds; rejects with `what` after 30 s. */
export const eventually = async (what: string, condition: () => boolean): Promise<void> => {
  const endMs = performance.now() + EVENTUALLY_MS;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`not within 30 s: ${what}`);
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

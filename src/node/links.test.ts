import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../crdt/test-world.ts';
import type { Endpoint, SwarmNode } from '../ports.ts';
import { createLinks } from './links.ts';

/** Endpoints that one dial has time for when all swallow packets. */
const PER_DIAL = 4;

/** A member with sixteen addresses, and a network in which one of them answers. */
function stage(answering: string) {
  const said = Array.from({ length: 16 }, (_, index) => `10.1.0.${index + 1}`);
  const view = world()
    .invites('door')
    .admits('vm2', 'door')
    .as('vm2')
    .says('member/endpoints', { port: 7300, advertised: null, observed: null, local: said })
    .view();
  const stop = new AbortController();
  const dials: (readonly string[])[] = [];
  let isConnected = false;
  const swarm = {
    connections: () => (isConnected ? [{ peer: idOf('vm2') }] : []),
    onConnectionChange: () => () => undefined,
    dial: async (_peer: string, endpoints: readonly Endpoint[]) => {
      const tried = endpoints.slice(0, PER_DIAL).map(({ host }) => host);
      dials.push(tried);
      isConnected = tried.includes(answering);
      if (isConnected || dials.length >= 20) stop.abort();
      if (!isConnected) throw new Error('timeout');
    },
  } as unknown as SwarmNode;
  let nowMs = 0;
  const clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += durationMs;
    },
  };
  const silent = () => undefined;
  const log = { info: silent, warn: silent, error: silent };
  const random = { bytes: () => new Uint8Array(), fraction: () => 0.5 };
  const context = {
    self: idOf('founder'),
    view: () => view,
    standing: () => 'member' as const,
    neighbourhood: { has: () => true, knows: () => true, degree: () => 8 },
    isAlive: () => false,
    dismiss: silent,
    entries: [],
  };
  const links = createLinks({ clock, random, log }, context, silent);
  return { run: () => links.run(swarm, stop.signal), dials, isConnected: () => isConnected };
}

test('links: a member is reached at whichever of its addresses answers', async () => {
  // Goal: no address stays untried behind those that swallow packets. Method: a dial has time for
  // four of sixteen; the last answers; then none does, and dials go on.
  const last = stage('10.1.0.16');
  await last.run();
  assert.equal(last.isConnected(), true);
  assert.ok(last.dials.length <= 5);
  const none = stage('nowhere');
  await none.run();
  assert.equal(none.isConnected(), false);
  assert.equal(none.dials.length, 20);
  assert.equal(new Set(none.dials.flat()).size, 16);
});

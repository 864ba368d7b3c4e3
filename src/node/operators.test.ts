import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeGenesis, readGenesis } from '../crdt/genesis.ts';
import { memberIdOf } from '../crdt/ids.ts';
import type { Disk, RequestHandler, SwarmNode } from '../ports.ts';
import { openCrypto } from './linux/crypto.ts';
import type { LocalState } from './local-state.ts';
import { addOperator } from './operators.ts';
import { removeOperator } from './removal.ts';
import { openReplica, type Replica } from './replica.ts';
import { createSync } from './sync.ts';
import { openTwins } from './test-twins.ts';

const crypto = openCrypto();
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const [founderSeed, joinerSeed] = [seedOf(1), seedOf(2)];
const idOf = (seed: Uint8Array) => memberIdOf(crypto.publicKey(seed));
const [founder, joiner] = [idOf(founderSeed), idOf(joinerSeed)];
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const genesisBytes = makeGenesis(crypto, founderSeed, {
  name: 'test',
  prefix: '10.10.0.0/16',
  prefix6: 'fd00:1::/64',
  nextRootHash: seedOf(0),
});
const genesis = readGenesis(crypto, genesisBytes);
assert.ok(genesis.ok);

const config = {
  name: 'vm',
  port: 7300,
  interface: 'cnsmo0',
  advertised: null,
  observed: null,
  services: [],
  allowRun: false,
  entries: [],
};
const localOf = (memberSeed: Uint8Array): LocalState => ({
  keys: { memberSeed, wgPrivateKey: memberSeed },
  psk: seedOf(0),
  genesis: genesis.genesis,
  genesisBytes,
  meshId: genesis.meshId,
  config,
});

const disk: Disk = {
  read: async () => null,
  write: async () => undefined,
  append: async () => undefined,
  remove: async () => undefined,
  list: async () => [],
};

/** A clock that is off by so much, and whose waits take no time. */
const clockOf = (skewMs: number) => {
  let nowMs = 0;
  return {
    wallMs: () => 1_800_000_000_000 + skewMs,
    monotonicMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += durationMs;
    },
  };
};

const adoption = (seed: Uint8Array, name: string, ipv4: string) => ({
  path: `trust/adopt/${idOf(seed)}`,
  value: {
    memberKey: crypto.publicKey(seed),
    wgKey: seed,
    name,
    ipv4,
    labels: {},
    number: 0,
    invite: null,
  },
});

/** Founder and a member, connected; the founder's clock is off by `skewMs` from the moment on. */
async function pair(skewMs: number) {
  const early = { clock: clockOf(0), crypto, disk, log };
  const clock = clockOf(0);
  const ahead = clockOf(skewMs);
  let isAhead = false;
  const shifting = { ...clock, wallMs: () => (isAhead ? ahead : clock).wallMs() };
  const here = await openReplica({ ...early, clock: shifting }, localOf(founderSeed));
  const there = await openReplica(early, localOf(joinerSeed));
  await here.write([adoption(founderSeed, 'vm1', '10.10.0.1')]);
  await here.write([adoption(joinerSeed, 'vm2', '10.10.0.2')]);
  there.receive(here.framesAfter([], 1_000_000));
  isAhead = true;
  let handler: RequestHandler | null = null;
  const connection = {
    peer: joiner,
    remote: { host: '192.0.2.2', port: 7300 },
    direction: 'outbound' as const,
    rttMs: null,
  };
  const base = {
    dial: async () => undefined,
    hangUp: async () => undefined,
    requestEach: async () => [],
    publish: async () => [],
    send: () => false,
    receive: () => () => undefined,
    onConnectionChange: () => () => undefined,
    stop: async () => undefined,
  };
  const far: SwarmNode = {
    ...base,
    self: joiner,
    connections: () => [],
    request: async () => new Uint8Array(),
    handle: (_name, _options, serve) => {
      handler = serve;
      return () => undefined;
    },
  };
  const near: SwarmNode = {
    ...base,
    self: founder,
    connections: () => [connection],
    handle: () => () => undefined,
    request: async (_peer, _protocol, body) => {
      assert.ok(handler);
      const from = { peer: founder, standing: 'member' as const, remote: connection.remote };
      return await handler(from, body);
    },
  };
  const stop = new AbortController();
  const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0.5 };
  const waiting = { ...clock, sleep: (_ms: number, signal: AbortSignal) => untilAborted(signal) };
  const syncOf = (replica: Replica, fill: number) =>
    createSync({ clock: waiting, random, log }, replica, () => true, openTwins(fill));
  const sync = syncOf(here, 1);
  const runs = [sync.run(near, stop.signal), syncOf(there, 2).run(far, stop.signal)];
  const context = {
    self: founder,
    local: localOf(founderSeed),
    replica: here,
    sync,
    connected: () => [joiner],
    meet: async () => undefined,
  };
  const end = async () => {
    stop.abort();
    await Promise.all(runs);
  };
  return { context, ports: { clock: shifting, crypto, random }, there, end };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

test('operators: an operator is added when it has the role', async () => {
  // Goal: done means that the new operator knows. Method: a member in step.
  const { context, ports, there, end } = await pair(0);
  await addOperator(ports, context, 'vm2');
  assert.ok(there.view().operators.some(({ member }) => member === joiner));
  await end();
});

test('operators: who gets the role stands on the word of an operator from then on', async () => {
  // Goal: nobody who let an operator in can take it out again. Method: what is written with the
  // role, in one frame.
  const { context, ports, end } = await pair(0);
  const written: string[][] = [];
  const replica: Replica = {
    ...context.replica,
    write: (edits) => {
      written.push(edits.map(({ path }) => path));
      return context.replica.write(edits);
    },
  };
  await addOperator(ports, { ...context, replica }, 'vm2');
  assert.deepEqual(written, [[`trust/role/${joiner}`, `trust/adopt/${joiner}`]]);
  await end();
});

test('operators: a role that the member holds back is not reported as given', async () => {
  // Goal: no false done, the second time either. Method: the member takes our clock for 15 s ahead.
  const { context, ports, there, end } = await pair(15_000);
  await assert.rejects(addOperator(ports, context, 'vm2'), { code: 'timeout' });
  assert.ok(!there.view().operators.some(({ member }) => member === joiner));
  await assert.rejects(addOperator(ports, context, 'vm2'), { code: 'timeout' });
  await end();
});

test('operators: nobody removes itself', async () => {
  // Goal: no command takes the mesh down. Method: the founder removes itself, another one stands.
  const { context, ports, end } = await pair(0);
  await addOperator(ports, context, 'vm2');
  await assert.rejects(removeOperator(ports, context, 'vm1'), { code: 'refused' });
  assert.equal(context.replica.view().members.length, 2);
  await removeOperator(ports, context, 'vm2');
  assert.equal(context.replica.view().members.length, 2);
  await end();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import type { Connection, RequestHandler, SwarmNode } from '../ports.ts';
import type { Replica } from './replica.ts';
import { createSync, type Sync } from './sync.ts';
import { adoptionOf, createDisk, idOf, open } from './test-replica.ts';
import { createTime, settle } from './test-time.ts';
import { openTwins } from './test-twins.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface Party {
  readonly key: PeerKey;
  readonly sync: Sync;
  readonly handlers: RequestHandler[];
}

/** Replicas whose sync loops are all connected, over a network without latency. */
function connect(replicas: ReadonlyMap<PeerKey, Replica>) {
  const { clock, pass } = createTime();
  const stop = new AbortController();
  const parties = new Map<PeerKey, Party>();
  const taken = { byGossip: 0 };
  const others = (key: PeerKey) => [...parties.values()].filter((party) => party.key !== key);
  const nodeOf = ({ key, handlers }: Party): SwarmNode => ({
    self: key,
    dial: async () => undefined,
    hangUp: async () => undefined,
    stop: async () => undefined,
    send: () => false,
    receive: () => () => undefined,
    onConnectionChange: () => () => undefined,
    connections: () => others(key).map(({ key: peer }) => ({ peer }) as Connection),
    requestEach: async () => [],
    publish: async (frame) => {
      for (const { sync } of others(key)) {
        if (sync.judge(key, frame) === 'accept') taken.byGossip += 1;
      }
      return others(key).map((party) => party.key);
    },
    handle: (_name, _options, handler) => {
      handlers.push(handler);
      return () => undefined;
    },
    request: async (peer, _name, body) => {
      const remote = { host: '192.0.2.2', port: 1 };
      const handler = parties.get(peer)?.handlers[0];
      assert.ok(handler !== undefined);
      return handler({ peer: key, standing: 'member', remote }, body);
    },
  });
  for (const [key, replica] of replicas) {
    const sync = createSync({ clock, random, log }, replica, () => true, openTwins(parties.size));
    parties.set(key, { key, sync, handlers: [] });
  }
  const runs = [...parties.values()].map((party) => party.sync.run(nodeOf(party), stop.signal));
  const end = async (): Promise<void> => {
    stop.abort();
    await Promise.all(runs);
  };
  return { pass, taken, end };
}

test('sync: a thousand edits in a row arrive within seconds, gossip or not', async () => {
  // Goal: limits bite nobody honest. Method: an operator writes 20 times a second, by a script.
  const [here, there] = [await open(createDisk().disk), await open(createDisk().disk, 8)];
  await here.write([adoptionOf(7), adoptionOf(8)]);
  const { pass, taken, end } = connect(
    new Map<PeerKey, Replica>([
      [idOf(7), here],
      [idOf(8), there],
    ]),
  );
  await settle();
  for (let edit = 0; edit < 1_000; edit += 1) {
    await here.write([{ path: `intent/k${edit % 50}`, value: edit }]);
    await pass(50);
  }
  assert.ok(taken.byGossip < 500, `${taken.byGossip} frames by gossip`);
  await pass(1_500);
  await pass(1_500);
  assert.deepEqual(there.heads(), here.heads());
  assert.deepEqual(there.view(), here.view());
  await end();
});

test('sync: a long frame of ours is not gossiped, and fetched at once', async () => {
  // Goal: no frame is judged in one piece that takes long, and none is late for it. Method: a batch
  // of 20 KiB; a short one before it, which is gossiped.
  const [here, there] = [await open(createDisk().disk), await open(createDisk().disk, 8)];
  await here.write([adoptionOf(7), adoptionOf(8)]);
  const parties = new Map<PeerKey, Replica>([
    [idOf(7), here],
    [idOf(8), there],
  ]);
  const { pass, taken, end } = connect(parties);
  await settle();
  await here.write([{ path: 'intent/short', value: 1 }]);
  await settle();
  assert.equal(taken.byGossip, 1);
  const batch = Array.from({ length: 4 }, (_, at) => ({
    path: `intent/long-${at}`,
    value: 'x'.repeat(5_000),
  }));
  await here.write(batch);
  for (let round = 0; round < 5; round += 1) {
    await pass(100);
    await settle();
  }
  assert.deepEqual(there.heads(), here.heads());
  assert.equal(taken.byGossip, 1);
  await end();
});

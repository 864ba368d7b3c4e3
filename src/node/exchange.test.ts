import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../crdt/codec.ts';
import type { PeerKey } from '../crdt/ids.ts';
import type { RequestHandler, SwarmNode } from '../ports.ts';
import { createLine, exchange, type Scene, serveExchanges } from './exchange.ts';
import type { Replica } from './replica.ts';
import { decodeSync, type Versions } from './rules/sync-message.ts';
import { testClock } from './test-replica.ts';
import { openTwins } from './test-twins.ts';

const LATER = encode({ v: 2, document: 3, heads: 'of another form' });
const PEER = 'peer'.padEnd(52, 'a') as PeerKey;

/** One side; whoever is asked answers with `answer`. */
function stage(answer: Uint8Array) {
  const told: (Versions | null)[] = [];
  let handler: RequestHandler | null = null;
  const replica = { heads: () => [], framesAfter: () => [], receiveInPieces: async () => [] };
  const swarm = {
    request: async () => answer,
    handle: (_name: string, _options: unknown, serve: RequestHandler) => {
      handler = serve;
      return () => undefined;
    },
  };
  const scene: Scene = {
    clock: testClock,
    swarm: swarm as unknown as SwarmNode,
    replica: replica as unknown as Replica,
    twins: openTwins(1),
    line: createLine(),
    signal: new AbortController().signal,
    onClockSaid: () => undefined,
    onClock: () => undefined,
    onTwinNews: () => undefined,
    onVersions: (_peer, versions) => void told.push(versions),
    onNews: () => undefined,
    onBad: () => undefined,
    isMuted: () => false,
  };
  const end = serveExchanges(scene, {
    asked: () => undefined,
    reached: () => undefined,
  });
  const ask = async (request: Uint8Array): Promise<Uint8Array> => {
    const remote = { host: '192.0.2.2', port: 1 };
    return (await handler?.({ peer: PEER, standing: 'member', remote }, request)) ?? request;
  };
  return { scene, told, ask, end };
}

test('exchange: another version is refused loudly on both sides', async () => {
  // Goal: item 6. Method: a later version asks, and answers; then both speak ours.
  const { scene, told, ask, end } = stage(LATER);
  const answer = await ask(LATER);
  assert.equal(decodeSync(answer).kind, 'message', 'says our version, and nothing else');
  assert.deepEqual(told, [{ wire: 2, document: 3 }]);
  await assert.rejects(exchange(scene, PEER), /wire version 2, document version 3.*same version/);
  assert.deepEqual(told, [
    { wire: 2, document: 3 },
    { wire: 2, document: 3 },
  ]);
  const same = stage(answer);
  assert.ok((await exchange(same.scene, PEER)).isDone);
  assert.deepEqual([...new Set(same.told)], [null]);
  end();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../crdt/codec.ts';
import type { PeerKey } from '../crdt/ids.ts';
import type { Connection, RequestHandler, SwarmNode } from '../ports.ts';
import { createVantage, serveVantage } from './vantage.ts';

/** Members that see this VM at these hosts; null: it does not answer. */
function swarmOf(hosts: Map<string, string | null>) {
  const asked: string[] = [];
  let handler: RequestHandler | null = null;
  serveVantage({
    handle: (_name, _options, given) => {
      handler = given;
      return () => undefined;
    },
  });
  const swarm = {
    connections: () => [...hosts.keys()].map((peer) => ({ peer }) as unknown as Connection),
    request: async (peer: PeerKey, _name: string, question: Uint8Array) => {
      asked.push(peer);
      const host = hosts.get(peer) ?? null;
      if (host === null || handler === null) throw new Error('no answer');
      if (host.startsWith('bytes')) return encode({ v: 1, host: host.slice(5) });
      const from = { peer, standing: 'member', remote: { host, port: 40_000 } } as const;
      return await handler(from, question);
    },
  };
  return { swarm: swarm as Pick<SwarmNode, 'connections' | 'request'>, asked };
}

test('vantage: three members are asked, once for each connection', async () => {
  // Goal: no traffic at rest. Method: five members, two looks; one of those asked goes and another
  // asked comes back; what a socket of both families says is read.
  const hosts = new Map<string, string | null>(
    ['a', 'b', 'c', 'd', 'e'].map((peer) => [peer, '::ffff:203.0.113.7']),
  );
  const { swarm, asked } = swarmOf(hosts);
  const vantage = createVantage();
  assert.deepEqual(vantage.seen(), []);
  await vantage.look(swarm);
  await vantage.look(swarm);
  assert.deepEqual(asked, ['a', 'b', 'c']);
  assert.deepEqual(vantage.seen(), ['203.0.113.7', '203.0.113.7', '203.0.113.7']);
  hosts.delete('a');
  await vantage.look(swarm);
  assert.deepEqual(asked, ['a', 'b', 'c', 'd']);
  hosts.delete('d');
  hosts.set('a', '203.0.113.8');
  await vantage.look(swarm);
  assert.deepEqual(vantage.seen().toSorted(), ['203.0.113.7', '203.0.113.7', '203.0.113.7']);
});

test('vantage: who does not answer, or says what is no address, is no witness', async () => {
  // Goal: another is asked instead. Method: silence, no address, a loop-back one, and then three.
  const hosts = new Map<string, string | null>([
    ['a', null],
    ['b', 'bytesnowhere'],
    ['c', 'bytes127.0.0.1'],
    ['d', '203.0.113.7'],
    ['e', '203.0.113.7'],
  ]);
  const { swarm, asked } = swarmOf(hosts);
  const vantage = createVantage();
  await vantage.look(swarm);
  assert.deepEqual(vantage.seen(), []);
  await vantage.look(swarm);
  assert.deepEqual(asked, ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(vantage.seen(), ['203.0.113.7', '203.0.113.7']);
});

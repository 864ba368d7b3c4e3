import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { SwarmNode } from '../ports.ts';
import type { News } from './exchange.ts';
import type { Marks } from './marks.ts';
import { createRelay, GOSSIP_BYTES_MAX } from './relay.ts';
import { createTime } from './test-time.ts';

const SOURCE = 'source' as PeerKey;
const signal = new AbortController().signal;

const newsOf = (author: string, bytes = 100, isFork = false): News => ({
  frame: new Uint8Array(bytes),
  author: author as MemberId,
  isFork,
});

/** A relay between a source and two others, and what it did. */
function stage() {
  const { clock, pass } = createTime();
  const asked: string[] = [];
  const published: Uint8Array[] = [];
  const marks = { passOn: (peer: PeerKey) => void asked.push(peer) } as unknown as Marks;
  const swarm = {
    connections: () => [SOURCE, 'one', 'two'].map((peer) => ({ peer })),
    publish: (frame: Uint8Array) => void published.push(frame),
  } as unknown as SwarmNode;
  const relay = createRelay(clock, marks);
  const bring = (...news: News[]) => {
    asked.length = 0;
    published.length = 0;
    relay.pass(swarm, signal, SOURCE, news);
    return { asked: [...asked], published: published.length };
  };
  return { relay, bring, pass };
}

const BY_GOSSIP = (count: number) => ({ asked: [], published: count });
const BY_EXCHANGE = { asked: ['one', 'two'], published: 0 };

test('relay: what is little and short goes by gossip, all else by exchanges', () => {
  // Goal: each neighbour hears of everything, of a join without an exchange. Method: lots of news.
  const { bring } = stage();
  assert.deepEqual(bring(newsOf('a'), newsOf('a'), newsOf('b')), BY_GOSSIP(3));
  const many = Array.from({ length: 9 }, () => newsOf('a'));
  assert.deepEqual(bring(...many.slice(1)), BY_GOSSIP(8));
  assert.deepEqual(bring(...many), BY_EXCHANGE);
  assert.deepEqual(bring(newsOf('a', GOSSIP_BYTES_MAX)), BY_GOSSIP(1));
  assert.deepEqual(bring(newsOf('a'), newsOf('a', GOSSIP_BYTES_MAX + 1)), BY_EXCHANGE);
  assert.deepEqual(bring(newsOf('a', 100, true)), BY_EXCHANGE);
});

test('relay: whose gossip was ignored is passed on by exchanges for 2 min', async () => {
  // Goal: what gossip would take for a repetition arrives too. Method: ignored, and time.
  const { relay, bring, pass } = stage();
  relay.noteIgnored('a' as MemberId);
  assert.deepEqual(bring(newsOf('a')), BY_EXCHANGE);
  assert.deepEqual(bring(newsOf('b')), BY_GOSSIP(1));
  await pass(120_001);
  assert.deepEqual(bring(newsOf('a')), BY_GOSSIP(1));
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import type { SwarmNode } from '../ports.ts';
import type { News } from './exchange.ts';
import { GOSSIP_BYTES_MAX, relay } from './relay.ts';

const SOURCE = 'source' as PeerKey;

const newsOf = (bytes = 100, isFork = false): News => ({ frame: new Uint8Array(bytes), isFork });

/** A relay between a source and two others; gossip reaches whom it is told to, frame by frame. */
function stage() {
  const reached: string[][] = [];
  const bring = async (news: readonly News[], signal = new AbortController().signal) => {
    const asked: string[] = [];
    let published = 0;
    const marks = { passOn: (peer: PeerKey) => void asked.push(peer) };
    const swarm = {
      connections: () => [SOURCE, 'one', 'two'].map((peer) => ({ peer })),
      publish: async () => {
        published += 1;
        return reached.shift() ?? ['one', 'two', SOURCE];
      },
    } as unknown as SwarmNode;
    await relay(swarm, marks, { source: SOURCE, news }, signal);
    return { asked, published };
  };
  return { reached, bring };
}

const BY_GOSSIP = (published: number) => ({ asked: [], published });
const BY_EXCHANGE = { asked: ['one', 'two'], published: 0 };

test('relay: what is little and short goes by gossip, all else by exchanges', async () => {
  // Goal: each neighbour hears of everything, of a join without an exchange. Method: lots of news.
  const { bring } = stage();
  const many = Array.from({ length: 9 }, () => newsOf());
  assert.deepEqual(await bring(many.slice(1)), BY_GOSSIP(8));
  assert.deepEqual(await bring(many), BY_EXCHANGE);
  assert.deepEqual(await bring([newsOf(GOSSIP_BYTES_MAX)]), BY_GOSSIP(1));
  assert.deepEqual(await bring([newsOf(), newsOf(GOSSIP_BYTES_MAX + 1)]), BY_EXCHANGE);
  assert.deepEqual(await bring([newsOf(100, true)]), BY_EXCHANGE);
});

test('relay: whom gossip did not send all of it to has an exchange', async () => {
  // Goal: what gossip takes for a repetition arrives too. Method: gossip that reaches nobody, one
  // of two, and not both with both frames; and nothing after the end.
  const { reached, bring } = stage();
  reached.push([]);
  assert.deepEqual(await bring([newsOf()]), { asked: ['one', 'two'], published: 1 });
  reached.push(['two']);
  assert.deepEqual(await bring([newsOf()]), { asked: ['one'], published: 1 });
  reached.push(['one', 'two'], ['one']);
  assert.deepEqual(await bring([newsOf(), newsOf()]), { asked: ['two'], published: 2 });
  reached.push([]);
  assert.deepEqual(await bring([newsOf()], AbortSignal.abort()), { asked: [], published: 1 });
});

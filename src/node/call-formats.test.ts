import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../crdt/codec.ts';
import { memberIdOf, type PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Connection, Host, Net, RequestHandler, SwarmNode } from '../ports.ts';
import { GOLDEN_CALLS } from './call-golden.table.ts';
import { askCallers, serveCallers } from './callers.ts';
import { reachTopic, reachWish, readReached } from './reach.ts';
import { testClock } from './test-replica.ts';
import { createVantage, serveVantage } from './vantage.ts';

const toHex = (raw: Uint8Array): string => Buffer.from(raw).toString('hex');
const ofHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

const asker = memberIdOf(new Uint8Array(32).fill(1));
const remote = { host: '192.0.2.7', port: 40_000 };
const from = { peer: asker, standing: 'member', remote } as const;

/** One member: it has answers to what it is asked, and says what it asks. */
function oneMember(answer: string) {
  const state = { handler: null as RequestHandler | null, questions: [] as string[] };
  const swarm = {
    handle: (_protocol: string, _options: unknown, given: RequestHandler) => {
      state.handler = given;
      return () => undefined;
    },
    connections: () => [{ peer: asker as PeerKey } as Connection],
    request: async (_peer: PeerKey, _protocol: string, question: Uint8Array) => {
      state.questions.push(toHex(question));
      return ofHex(answer);
    },
  };
  const ask = async (question: string): Promise<string> => {
    assert.ok(state.handler !== null);
    return toHex(await state.handler(from, ofHex(question)));
  };
  return { swarm: swarm as Pick<SwarmNode, 'handle' | 'connections' | 'request'>, state, ask };
}

const members = [{ id: asker, hasLeft: false, ipv4: '10.10.0.2', ipv6: 'fd00::2' }];
const view = () => ({ members }) as unknown as View;
const glance: Net['glance'] = async (sign) =>
  sign.kind === 'reach' && sign.host === remote.host ? 'answered' : 'silent';

test('calls: what members ask to be called by has the bytes that it always had', async () => {
  // Goal: members of different builds understand each other. Method: each question and answer that
  // a loop makes by itself, against bytes that never change; both sides are given those to read.
  const { question, answer } = GOLDEN_CALLS.call;
  const call = oneMember(answer);
  serveCallers({ clock: testClock, net: { glance } }, { view, ports: () => [22] }, call.swarm);
  assert.equal(await call.ask(question), answer);
  const wish = { from: [asker], ways: ['outside', 'inside'], port: 22, rounds: 1 } as const;
  const told = await askCallers(testClock, call.swarm, wish);
  assert.equal(told, `${asker} inside silent\n${asker} outside answered`);
  assert.deepEqual(call.state.questions, [question]);
});

test('calls: from where members see each other is said as it always was', async () => {
  // Goal: the same of a VM behind a NAT. Method: the same.
  const { question, answer } = GOLDEN_CALLS.vantage;
  const { swarm, state, ask } = oneMember(answer);
  serveVantage(swarm);
  assert.equal(await ask(question), answer);
  const vantage = createVantage();
  await vantage.look(swarm);
  assert.deepEqual([state.questions, vantage.seen()], [[question], [remote.host]]);
});

test('calls: a connection that an operator wants tried is spelt as it always was', async () => {
  // Goal: the same of `reach`. Method: the wish and the answer inside a question, by their bytes.
  const { wish, answer } = GOLDEN_CALLS.reach;
  const attempt = { from: asker, protocol: 'tcp', host: '10.10.0.2', port: 443 } as const;
  assert.equal(toHex(encode(reachWish(attempt))), wish);
  const host = { run: () => assert.fail('no ping') } as unknown as Host;
  const topic = reachTopic({ net: { glance } as Net, host }, () => {
    const endpoints = null;
    return { members: [{ ...members[0], endpoints }] } as unknown as View;
  });
  const read = decode(ofHex(wish));
  assert.ok(read.ok);
  assert.equal(toHex(encode(await topic(read.value))), answer);
  const said = decode(ofHex(answer));
  assert.equal(said.ok && readReached(said.value), 'silent');
});

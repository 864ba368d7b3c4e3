import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../crdt/entry.ts';
import { idOf, world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import type { RequestHandler } from '../ports.ts';
import { askMember, type QuestionContext, serveQuestions, type Topics } from './questions.ts';
import { encodeQuestion, QUESTION_BYTES_MAX } from './rules/question.ts';

const view = world()
  .invites('door', { uses: 3 })
  .admits('vm2', 'door', { name: 'vm2' })
  .admits('vm3', 'door', { name: 'vm3' })
  .admits('gone', 'door', { name: 'gone' })
  .as('gone')
  .says('member/left', { left: true })
  .view();

const echo: Topics = { echo: async (wish) => [wish] };

/** A mesh in one process: each member's handler, and who is connected to all. */
const openMesh = () => {
  const handlers = new Map<string, RequestHandler>();
  const connected = new Set(['founder', 'vm2', 'vm3']);
  const lines: unknown[] = [];
  const clock = { monotonicMs: () => 0, wallMs: () => 0, sleep: async () => undefined };
  const note = (event: string, facts: unknown) => void lines.push([event, facts]);
  const log = { info: note, warn: note, error: note };
  const join = (name: string, topics: Topics = echo): QuestionContext => {
    const self = idOf(name);
    const remote = { host: '192.0.2.1', port: 7300 };
    const swarm: QuestionContext['swarm'] = {
      meet: async () => undefined,
      connections: () =>
        [...connected].map((peer) => ({
          ...{ peer: idOf(peer), direction: 'outbound', remote, rttMs: null, isLimited: false },
        })) as unknown as ReturnType<QuestionContext['swarm']['connections']>,
      request: async (peer, protocol, body) => {
        const handler = handlers.get(`${peer} ${protocol}`);
        if (handler === undefined) throw new Fault('refused', { ...NOTHING, why: 'no protocol' });
        return await handler({ peer: self, standing: 'member', remote }, body);
      },
      handle: (protocol, options, handler) => {
        assert.deepEqual(options, { bytesMax: QUESTION_BYTES_MAX, inviteMayUse: false });
        handlers.set(`${self} ${protocol}`, handler);
        return () => handlers.delete(`${self} ${protocol}`);
      },
    };
    return { self, view: () => view, swarm, topics };
  };
  const serve = (name: string, topics?: Topics) =>
    serveQuestions({ clock, log }, join(name, topics));
  return { join, serve, connected, lines };
};

const NOTHING = { field: 'x', value: 'x', why: 'x', remedy: 'x' };

const lineOf = async (asking: Promise<unknown>): Promise<string> => {
  const fault = await asking.then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(fault instanceof Fault, String(fault));
  return `${fault.code} ${fault.message}`;
};

test('questions: an operator is answered by the member it means, and noted once', async () => {
  // Goal: the plain case. Method: twice by name, once by the beginning of the id.
  const { join, serve, lines } = openMesh();
  serve('vm2');
  const founder = join('founder');
  for (const text of ['vm2', 'vm2', idOf('vm2').slice(0, 8)]) {
    assert.deepEqual(await askMember(founder, text, 'echo', 7), [7]);
  }
  assert.deepEqual(lines, [['asked', { by: 'founder', topic: 'echo' }]]);
});

test('questions: whoever is asked refuses who is no operator, whatever it thinks', async () => {
  // Goal: the gate is at the one that is asked. Method: a node whose own view calls it an operator,
  // and the same node with its true view, which does not even ask.
  const { join, serve, lines } = openMesh();
  let answered = 0;
  serve('vm2', { echo: async () => ++answered });
  const node = join('vm3');
  const operators = [...view.operators, { member: node.self, since: null }];
  const liar = { ...node, view: () => ({ ...view, operators }) } as QuestionContext;
  assert.match(await lineOf(askMember(liar, 'vm2', 'echo', 1)), /^forbidden member: vm3: is no op/);
  assert.match(await lineOf(askMember(node, 'vm2', 'echo', 1)), /^forbidden role: node: only an /);
  assert.deepEqual([answered, lines], [0, []]);
  assert.deepEqual(await askMember(node, 'vm3', 'echo', 1), [1], 'itself');
});

test('questions: what cannot be answered is told, each by its reason', async () => {
  // Goal: clear faults. Method: by table; a stranger that left no trace in the view asks, too.
  const { join, serve, connected } = openMesh();
  serve('vm2', {
    ...echo,
    fails: async () => {
      throw new Fault('refused', { ...NOTHING, field: 'log', why: 'is not kept' });
    },
  });
  const founder = join('founder');
  const ask = (text: string, topic: string) => lineOf(askMember(founder, text, topic, null));
  assert.match(await ask('vm9', 'echo'), /^refused member: vm9: no such member/);
  assert.match(await ask('gone', 'echo'), /^refused member: gone: no such member/);
  assert.match(await ask('vm2', 'fails'), /^refused log: x: is not kept/);
  assert.match(await ask('vm2', 'other'), /^refused question: other: nothing that this member/);
  assert.match(await ask('vm2', 'constructor'), /^refused question: constructor: nothing/);
  assert.match(await ask('founder', 'other'), /^refused question: other: nothing/);
  assert.match(await ask('vm3', 'echo'), /^timeout member: vm3: hung up without an answer/);
  connected.delete('vm2');
  assert.match(await ask('vm2', 'echo'), /^timeout member: vm2: not connected to this VM now/);
  const stranger = join('stranger').swarm;
  const question = encodeQuestion({ topic: 'echo', wish: null });
  const answer = await stranger.request(idOf('vm2'), 'ask', question, 1);
  assert.match(new TextDecoder().decode(answer), /forbidden/);
});

test('questions: few are worked on at once, and the rest are told to come again', async () => {
  // Goal: one operator's member cannot keep another busy. Method: six that wait for the same thing.
  const { join, serve } = openMesh();
  const open = Promise.withResolvers<Value>();
  serve('vm2', { slow: () => open.promise });
  const founder = join('founder');
  const asking = Array.from({ length: 6 }, () => askMember(founder, 'vm2', 'slow', null));
  const told = asking.map((one) => one.then(String, (error: Fault) => error.code));
  assert.deepEqual(await Promise.all(told.slice(4)), ['timeout', 'timeout']);
  open.resolve('done');
  assert.deepEqual(await Promise.all(told.slice(0, 4)), ['done', 'done', 'done', 'done']);
  assert.equal(await askMember(founder, 'vm2', 'slow', null), 'done');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberId, memberIdOf } from '../crdt/ids.ts';
import type { Intent, Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { RequestHandler } from '../ports.ts';
import type { AgentReport } from '../services/service.ts';
import { gatherApplied, serveApplied } from './applied.ts';
import { openCrypto } from './linux/crypto.ts';

const crypto = openCrypto();
const idOf = (n: number): MemberId => memberIdOf(new Uint8Array(32).fill(n));
const intent = [1, 2].map((n) => ({
  ...{ path: `intent/toy/thing/${n}`, service: 'toy', kind: 'thing', name: String(n) },
  ...{ value: n, author: idOf(1), hlc: [5, n], older: [] },
})) as readonly Intent[];
const ALL = { 'intent/toy/thing/1': '5.1', 'intent/toy/thing/2': '5.2' };
const view = (count: number, held = intent): View =>
  ({
    intent: held,
    members: Array.from({ length: count }, (_, at) => ({ id: idOf(at + 1), hasLeft: at === 5 })),
  }) as unknown as View & { members: Member[] };
const reportOf = (part: Partial<AgentReport>): readonly AgentReport[] => [
  { ...{ name: 'toy', state: 'ready', problems: [], changes: 0 }, ...part },
];

const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined };

/** The handler of a member whose agents say this. */
function served(
  reports: readonly AgentReport[],
  held = intent,
  seen = () => view(2, held),
): RequestHandler {
  let handler: RequestHandler | null = null;
  const context = { self: idOf(2), view: seen, reports: () => reports };
  serveApplied({ clock, crypto }, context, {
    handle: (_protocol, _options, given) => {
      handler = given;
      return () => undefined;
    },
  });
  assert.ok(handler !== null);
  return handler;
}

const WIRE = { host: '192.0.2.1', port: 1 };
const from = { peer: idOf(1), standing: 'member' as const, remote: WIRE };

/** Member 1 asks the others; who has no handler here does not answer. */
const gather = (
  own: readonly AgentReport[],
  others: readonly (RequestHandler | 'cut')[],
  held = intent,
) => {
  const sizes: number[] = [];
  const swarm = {
    meet: async () => undefined,
    connections: () =>
      others.flatMap((other, at) =>
        other === 'cut'
          ? []
          : [{ peer: idOf(at + 2), remote: WIRE, direction: 'inbound' as const, rttMs: null }],
      ),
    request: async (peer: string, _protocol: string, body: Uint8Array) => {
      const other = others[Array.from(others.keys(), (at) => idOf(at + 2) as string).indexOf(peer)];
      if (other === undefined || other === 'cut') throw new Error('not connected');
      const answer = await other(from, body);
      sizes.push(answer.length);
      return answer;
    },
  };
  const context = { self: idOf(1), view: () => view(others.length + 1, held), reports: () => own };
  return {
    standings: gatherApplied({ crypto, clock }, context, swarm, {
      service: 'toy',
      waitMs: 1_000,
    }),
    sizes,
  };
};

test('applied: what each member has read back, and why another tells nothing', async () => {
  // Goal: "on 2 of 5; vm-4: why". Method: in step, behind, cut off, mute, without the service,
  // in step with a note.
  const mute: RequestHandler = async () => {
    const facts = { field: 'x', value: 'x', why: 'closed without an answer', remedy: 'x' };
    throw new Fault('refused', facts);
  };
  const { standings, sizes } = gather(reportOf({ applied: ALL }), [
    served(reportOf({ applied: ALL })),
    served(reportOf({ state: 'failed', problems: ['no nft'], applied: { a: '1.1' } })),
    'cut',
    mute,
    'cut',
    served([]),
    served(reportOf({ problems: ['trial 1: withdrawn: …'], applied: { a: '1.1' } })),
  ]);
  const told = [...(await standings)].map(([id, one]) => [
    id,
    one.kind === 'told' ? [Object.fromEntries(one.applied), one.problems] : one.why,
  ]);
  assert.deepEqual(told, [
    [idOf(1), [ALL, []]],
    [idOf(2), [ALL, []]],
    [idOf(3), [{ a: '1.1' }, ['no nft']]],
    [idOf(4), 'not reachable from here'],
    [idOf(5), 'did not answer: closed without an answer'],
    [idOf(7), [{}, ['the service does not run there']]],
    [idOf(8), [{ a: '1.1' }, ['trial 1: withdrawn: …']]],
  ]);
  assert.ok(Math.min(...sizes) < 40, 'what is expected is answered in a few bytes');
});

test('applied: who lacks a few of many says which, and no more', async () => {
  // Goal: the answer does not grow with what is in force. Method: a thousand objects, of which one
  // member lacks one, one has another of an older stamp, and one has nothing.
  const many = Array.from({ length: 1_000 }, (_, n) => ({
    ...{ path: `intent/toy/thing/${n}`, service: 'toy', kind: 'thing', name: String(n) },
    ...{ value: n, author: idOf(1), hlc: [5, n], older: [] },
  })) as unknown as View['intent'];
  const all = Object.fromEntries(many.map(({ path, hlc }) => [path, hlc.join('.')]));
  const { 'intent/toy/thing/7': _, ...lacking } = all;
  const { standings, sizes } = gather(
    reportOf({ applied: all }),
    [
      served(reportOf({ applied: lacking }), many),
      served(reportOf({ applied: { ...all, 'intent/toy/thing/8': '4.1' } }), many),
      served(reportOf({ applied: {} }), many),
    ],
    many,
  );
  const counts = [...(await standings).values()].map((one) => [
    one.kind === 'told' && one.applied.size,
    one.kind === 'told' && ['7', '8'].map((n) => one.applied.get(`intent/toy/thing/${n}`)),
  ]);
  assert.deepEqual(counts, [
    [1_000, ['5.7', '5.8']],
    [999, [undefined, '5.8']],
    [1_000, ['5.7', '4.1']],
    [0, [undefined, undefined]],
  ]);
  assert.ok(Math.max(...sizes) < 100, `${sizes}`);
});

test('applied: strangers, invites and garbage get no answer', async () => {
  // Goal: policy is told to members only. Method: other standings, and bytes that are no question.
  const handler = served(reportOf({ applied: ALL }));
  for (const standing of ['invite', 'stranger'] as const) {
    await assert.rejects(handler({ ...from, standing }, new Uint8Array([0xa0])), Fault);
  }
  for (const bytes of [new Uint8Array(0), new Uint8Array([0xa0]), new Uint8Array(100).fill(7)]) {
    await assert.rejects(handler(from, bytes), Fault);
  }
  const garbage: RequestHandler = async () => new Uint8Array([1, 2, 3]);
  const { standings } = gather(reportOf({}), [garbage]);
  assert.deepEqual((await standings).get(idOf(2)), {
    kind: 'silent',
    why: 'runs another version of cnsmo',
  });
});

test('applied: why one object is not in force though the rest is', async () => {
  // Goal: each rule's own reason reaches whoever lists. Method: a member that withholds one of two,
  // and the asker itself, with a reason longer than what is told.
  const { 'intent/toy/thing/2': _, ...rest } = ALL;
  const why = `this host lacks it ${'x'.repeat(400)}`;
  const withheld = { 'intent/toy/thing/2': why };
  const report = reportOf({ applied: rest, withheld });
  const { standings } = gather(report, [served(report)]);
  for (const one of (await standings).values()) {
    assert.ok(one.kind === 'told');
    assert.deepEqual(Object.fromEntries(one.applied), rest);
    assert.deepEqual([...(one.withheld ?? [])], [['intent/toy/thing/2', why.slice(0, 300)]]);
  }
});

test('applied: what a service sees there is told in its words, up to a bound', async () => {
  // Goal: sights pass, and never break the answer. Method: two of them, a long word, and so many
  // that not all have room; the asker's own pass the same way.
  const sights = { 'web/a': 'up 3', 'web/b': 'x'.repeat(400) };
  for (const one of (
    await gather(reportOf({ sights }), [served(reportOf({ sights }))]).standings
  ).values()) {
    assert.ok(one.kind === 'told');
    const told = [...(one.sights ?? [])];
    assert.deepEqual(told, [
      ['web/a', 'up 3'],
      ['web/b', 'x'.repeat(160)],
    ]);
  }
  const many = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, n) => [`web/${'m'.repeat(60)}${n}`, 'up 3']),
  );
  const { standings } = gather(reportOf({}), [served(reportOf({ sights: many }))]);
  const [, other] = [...(await standings).values()];
  assert.ok(other?.kind === 'told' && other.sights !== undefined);
  assert.ok(other.sights.size > 10_000 && other.sights.size < 20_000);
});

test('applied: the questions of one member are answered one after the other', async () => {
  // Goal: who asks a hundred times at once makes no VM hold a hundred lists. Method: the work of 20
  // questions of one and one of another, counted while it is under way.
  const work = { open: 0, most: 0 };
  const handler = served(reportOf({ applied: ALL }), intent, () => {
    work.open += 1;
    work.most = Math.max(work.most, work.open);
    return view(2);
  });
  const close = (): void => {
    work.open -= 1;
  };
  const questions: Uint8Array[] = [];
  await gather(reportOf({ applied: ALL }), [
    async (_from, question) => {
      questions.push(question);
      return handler(from, question).finally(close);
    },
  ]).standings;
  const [question] = questions;
  assert.ok(question !== undefined);
  const ask = (n: number) => handler({ ...from, peer: idOf(n) }, question).finally(close);
  const answers = await Promise.all([...Array.from({ length: 20 }, () => ask(1)), ask(2)]);
  assert.ok(answers.every((answer) => answer.length > 0));
  assert.ok(work.most <= 2, `${work.most} at once`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../crdt/codec.ts';
import type { Value } from '../crdt/entry.ts';
import { idOf, world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import { type AskEvents, createPool } from './event-pages.ts';
import { createEvents } from './events.ts';
import { eventsTopic, gatherEvents, type SeenWish } from './member-events.ts';
import { QUESTION_BYTES_MAX } from './rules/question.ts';
import { createTime, settle } from './test-time.ts';

const view = world().invites('i').admits('a', 'i').admits('b', 'i').view();
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const WISH: SeenWish = { after: null, ageMsMax: null, waitMs: 0, isPatient: false };
const event = (text: string, cause: string | null = null) => {
  return { time: '2026-01-01T00:00:00.000Z', kind: 'alarm', member: null, text, cause };
};

/** What `on` saw, where members answer as they do here; who is not in it saw nothing. */
function asking(answers: Readonly<Record<string, (wish: Value) => Promise<Value> | Value>>) {
  const time = createTime();
  const reader = new AbortController();
  const asked: string[] = [];
  const named = new Map(['founder', 'a', 'b'].map((name) => [idOf(name), name]));
  const ask: AskEvents = async (member, wish) => {
    const name = named.get(member) ?? '';
    asked.push(name);
    return (await answers[name]?.(wish)) ?? { events: [], cursor: '1-0' };
  };
  const gather = (on: string, changed: Partial<SeenWish> = {}) => {
    const { signal } = reader;
    return gatherEvents(time.clock, { view: () => view, ask, signal }, on, { ...WISH, ...changed });
  };
  return { gather, asked, time, reader };
}

test('event pages: what is odd or too long hides nothing else', async () => {
  // Goal: an older release's text of 4,248 characters, and what is no event. Method: a page with
  // both among others; of one member and of all.
  const events = [event('one'), event('healed', 'x'.repeat(4_248)), { text: 1 }, event('last')];
  const { gather } = asking({ a: () => ({ events, cursor: '1-4' }) });
  for (const on of ['a', 'all']) {
    const { events: told, missing } = await gather(on);
    assert.deepEqual(
      told.map(({ text, cause }) => [text, cause?.length]),
      [
        ['one', undefined],
        ['healed', 1_000],
        ['last', undefined],
      ],
    );
    const why = '1 of its events are not as this version understands it';
    assert.deepEqual(missing, [{ member: 'a', why }]);
  }
});

test('event pages: an answer that is none is told once, with what to do', async () => {
  // Goal: one line that says each thing once. Method: a member that answers something else.
  const { gather } = asking({ a: () => ({ other: 1 }) });
  const message =
    'events: answer: it is not as this version understands it; ' +
    'run the same version of cnsmo on both members';
  await assert.rejects(gather('a'), { message });
});

test('event pages: long events are told in shorter pages, and none is left out', async () => {
  // Goal: each answer is one that is taken. Method: 600 events as long as any, of three bytes each.
  const { clock } = createTime();
  const own = createEvents(clock, '1.0');
  const hear = own.overhear(silent);
  for (let n = 0; n < 600; n += 1) {
    hear.info('join-refused', { invite: 'i', why: `${n} ${'界'.repeat(2_000)}` });
  }
  const pages: number[] = [];
  const { gather } = asking({
    a: async (wish) => {
      const answer = await eventsTopic(own)(wish);
      pages.push(encode(answer).length);
      return answer;
    },
  });
  const { events, missing } = await gather('a');
  assert.deepEqual(missing, []);
  assert.deepEqual(
    events.map(({ cause }) => Number(cause?.split(' ')[0])),
    Array.from({ length: 600 }, (_, n) => n),
  );
  assert.ok(Math.max(...pages) < QUESTION_BYTES_MAX * 0.9, String(pages));
});

test('event pages: who says the same for ever, or more than it can have, is cut off', async () => {
  // Goal: a liar costs little and is named. Method: full pages with a cursor that stands, with one
  // that moves for ever, and pages that promise more and are empty.
  const full = Array.from({ length: 500 }, (_, n) => event(String(n)));
  let moved = 0;
  const { gather, asked } = asking({
    founder: () => ({ events: full, cursor: '1-500' }),
    a: () => ({ events: full, cursor: `1-${++moved}` }),
    b: () => ({ events: [], cursor: '1-0', isMore: true }),
  });
  const { events, missing } = await gather('all');
  assert.deepEqual(missing.map(({ member, why }) => `${member} ${why}`).toSorted(), [
    'a told 20500 events, which is more than a member keeps',
    'founder its cursor is not as this version understands it',
  ]);
  assert.equal(events.length, 500 + 20_500);
  assert.deepEqual(
    ['founder', 'a', 'b'].map((name) => asked.filter((one) => one === name).length),
    [2, 41, 1],
  );
});

test('event pages: who does not answer is named in time, and holds up nobody', async () => {
  // Goal: one deadline for all. Method: one that hangs at once, one after a page; what was read of
  // that one is told, and the next question goes on there.
  const hang = new Promise<never>(() => undefined);
  const page = Array.from({ length: 500 }, (_, n) => event(String(n)));
  const { gather, time, asked } = asking({
    a: (wish) =>
      (wish as { after: unknown }).after === null ? { events: page, cursor: 'x' } : hang,
    b: () => hang,
  });
  const gathering = gather('all');
  await time.pass(19_000);
  await time.pass(1_000);
  const { events, missing, cursor } = await gathering;
  assert.equal(events.length, 500);
  assert.deepEqual(missing.map(({ member, why }) => `${member} ${why}`).toSorted(), [
    'a too slow: after 500 events it had more',
    'b gave no answer in time',
  ]);
  assert.equal(JSON.parse(cursor)[idOf('a')], 'x');
  assert.equal(asked.filter((name) => name === 'a').length, 2);
  const alone = assert.rejects(
    gather('b'),
    (error) => error instanceof Fault && error.code === 'timeout',
  );
  await time.pass(20_000);
  await alone;
});

test('event pages: nobody is asked any more when the reader has gone', async () => {
  // Goal: no work for nobody. Method: a member of endless pages; the reader goes after the third.
  const page = Array.from({ length: 500 }, (_, n) => event(String(n)));
  let count = 0;
  const { gather, reader } = asking({
    a: () => {
      count += 1;
      if (count === 3) reader.abort();
      return { events: page, cursor: `1-${count}` };
    },
  });
  await gather('a', { waitMs: 60_000 });
  await settle();
  assert.equal(count, 3);
});

test('event pages: one that cannot be asked meanwhile is named to who is patient', async () => {
  // Goal: a stream outlives it. Method: a member that is off, and nobody of the name; 20 s of wait.
  const off = new Fault('timeout', { field: 'member', value: 'b', why: 'off', remedy: 'wait' });
  const { gather, time, asked } = asking({ b: () => Promise.reject(off) });
  for (const [on, why] of [
    ['b', 'off'],
    ['vm9', 'no such member'],
  ] as const) {
    const gathering = gather(on, { after: '{"x":"1-1"}', waitMs: 3_000, isPatient: true });
    for (let second = 0; second < 3; second += 1) await time.pass(1_000);
    const { events, missing, cursor } = await gathering;
    assert.deepEqual([events, missing, cursor], [[], [{ member: on, why }], '{"x":"1-1"}']);
  }
  assert.equal(asked.length, 3, 'once a second');
});

test('event pages: of too many the newest are kept, of each member its share', () => {
  // Goal: bounded memory, and no member that says much hides the others. Method: room for ten; one
  // that says two, one that says a hundred.
  const pool = createPool<string>(10);
  pool.add('a', ['a1', 'a2']);
  for (let n = 0; n < 50; n += 1) pool.add('b', [`b${2 * n}`, `b${2 * n + 1}`]);
  const ofB = Array.from({ length: 8 }, (_, n) => `b${92 + n}`);
  assert.deepEqual(pool.all(), ['a1', 'a2', ...ofB]);
  assert.equal(pool.leftOut(), 92);
  pool.add('c', ['c1', 'c2', 'c3', 'c4', 'c5', 'c6']);
  assert.deepEqual(pool.all().length, 10);
  assert.deepEqual(pool.all().slice(0, 2), ['a1', 'a2']);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import { answerApi } from './api.ts';
import type { AskEvents } from './event-pages.ts';
import { createEvents } from './events.ts';
import { gatherEvents, type SeenAnswer } from './member-events.ts';
import { openApi } from './test-api.ts';
import { createTime } from './test-time.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('events: a stream tells what is there, and then each as it happens', async () => {
  // Goal: a subscriber misses nothing. Method: two events before it comes, two more one after the
  // other, 20 s of silence; then it goes.
  const { context } = await openApi();
  const { clock, pass } = createTime();
  const events = createEvents(clock, '1.0');
  const { info } = events.overhear(silent);
  const note = (why: string): void => info('join-refused', { invite: 'i', why });
  note('one');
  note('two');
  const request = { method: 'GET', path: '/v1/events', body: null } as const;
  const never = new AbortController().signal;
  const { lines } = await answerApi(
    { ...context, events: (wish, signal) => events.next(wish, signal ?? never) },
    { ...request, query: { stream: 'true' } },
  );
  const stop = new AbortController();
  const told = lines?.(stop.signal)[Symbol.asyncIterator]() ?? assert.fail();
  const next = async (): Promise<string> => {
    const { value, done } = await told.next();
    const answer = value as { events: readonly { cause: string }[] } | undefined;
    return done === true ? 'end' : (answer?.events.map(({ cause }) => cause).join() ?? '');
  };
  assert.equal(await next(), 'one,two');
  const third = next();
  note('three');
  assert.equal(await third, 'three');
  const quiet = next();
  await pass(20_000);
  assert.equal(await quiet, '');
  note('four');
  assert.equal(await next(), 'four');
  const last = next();
  stop.abort();
  assert.equal(await last, 'end');
});

test('events: a stream ends with the member, and says nothing more', async () => {
  // Goal: no stream holds up a daemon that stops. Method: as it stops no wait lasts any more; the
  // stream is read to its end.
  const { context } = await openApi();
  const stop = new AbortController();
  const request = { method: 'GET', path: '/v1/events', body: null } as const;
  const { lines } = await answerApi(
    { ...context, stopped: stop.signal },
    { ...request, query: { stream: 'true' } },
  );
  let count = 0;
  for await (const _ of lines?.(new AbortController().signal) ?? []) {
    count += 1;
    if (count === 3) stop.abort();
    assert.ok(count <= 3);
  }
  assert.equal(count, 3);
});

test('events: a stream of a member that cannot be asked is refused as an answer is', async () => {
  // Goal: a status, not a stream that ends. Method: nonsense for a number.
  const { context } = await openApi();
  const query = { stream: 'true', ageMsMax: 'noon' };
  const asking = answerApi(context, { method: 'GET', path: '/v1/events', body: null, query });
  await assert.rejects(asking, /ageMsMax: noon: not a number/);
});

test('events: a stream outlives the member that it is of', async () => {
  // Goal: who watches a member sees that it cannot be asked, and when it can. Method: it answers
  // once, is off for a wait, and answers again.
  const { context } = await openApi();
  const { clock, pass } = createTime();
  const view = world().invites('i').admits('a', 'i').view();
  const off = new Fault('timeout', { field: 'member', value: 'a', why: 'off', remedy: 'wait' });
  let isOff = false;
  const told = { time: 'now', kind: 'alarm', member: null, text: 'x', cause: null };
  const ask: AskEvents = async (_, wish) => {
    if (isOff) throw off;
    const isKnown = (wish as { after: unknown }).after === '1-1';
    return { events: isKnown ? [] : [told], cursor: '1-1' };
  };
  const { lines } = await answerApi(
    {
      ...context,
      eventsOf: (on, wish, signal = context.stopped) =>
        gatherEvents(clock, { view: () => view, ask, signal }, on, wish),
    },
    { method: 'GET', path: '/v1/events', body: null, query: { stream: 'true', on: 'a' } },
  );
  const stop = new AbortController();
  const stream = lines?.(stop.signal)[Symbol.asyncIterator]() ?? assert.fail();
  const wait = async (): Promise<unknown> => {
    const next = stream.next();
    for (let second = 0; second < 20; second += 1) await pass(1_000);
    const { events, missing } = (await next).value as SeenAnswer;
    return [events.length, missing];
  };
  assert.deepEqual(await wait(), [1, []]);
  isOff = true;
  assert.deepEqual(await wait(), [0, [{ member: 'a', why: 'off' }]]);
  isOff = false;
  assert.deepEqual(await wait(), [0, []]);
  stop.abort();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerApi } from './api.ts';
import { createEvents } from './events.ts';
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

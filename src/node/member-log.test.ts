import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../crdt/entry.ts';
import { Fault } from '../fault.ts';
import type { PageWish } from '../log-book.ts';
import { logTopic, readLog, readLogWish } from './member-log.ts';

const NEVER = new AbortController().signal;

/** A clock that moves by sleeping only. */
const openClock = () => {
  const clock = {
    nowMs: 0,
    wallMs: () => 0,
    monotonicMs: () => clock.nowMs,
    sleep: async (durationMs: number) => {
      clock.nowMs += durationMs;
    },
  };
  return clock;
};

test('member log: a page is handed on, and odd wishes never reach the log', async () => {
  // Goal: no wish of another member costs more than a page. Method: by table.
  const wishes: PageWish[] = [];
  const answer = logTopic({
    page: async (wish) => {
      wishes.push(wish);
      return { lines: ['a'], cursor: '1' };
    },
  });
  assert.deepEqual(await answer({ after: null, lines: 3 }), { lines: ['a'], cursor: '1' });
  const odd: readonly Value[] = [
    ...[null, 7, {}, { after: null, lines: 1_001 }, { after: null, lines: -1 }],
    ...[{ after: 'x'.repeat(401), lines: 1 }, { after: 7, lines: 1 }, { lines: 1 }],
  ];
  for (const wish of odd) await assert.rejects(answer(wish), Fault);
  assert.deepEqual(wishes, [{ after: null, lines: 3 }]);
});

test('member log: it is asked again until there is a line or the time is over', async () => {
  // Goal: following costs a question a second. Method: two empty pages, then a line; none at all.
  const clock = openClock();
  const asked: Value[] = [];
  const pages = [[], [], ['line']];
  const ask = async (wish: Value) => {
    asked.push(wish);
    return { lines: pages[asked.length - 1] ?? [], cursor: `${asked.length}` };
  };
  const wish = { after: '0', lines: 9, waitMs: 5_000 };
  assert.deepEqual(await readLog(clock, ask, wish, NEVER), { lines: ['line'], cursor: '3' });
  assert.deepEqual([clock.nowMs, asked[2]], [2_000, { after: '0', lines: 9 }]);
  const last = await readLog(clock, ask, wish, NEVER);
  assert.deepEqual([last.lines, clock.nowMs], [[], 7_000]);
  const odd = async (): Promise<Value> => ({ lines: [7], cursor: '1' });
  await assert.rejects(readLog(clock, odd, wish, NEVER), /^Fault: log: answer: not a page/);
});

test('member log: what the API may be asked', () => {
  // Goal: bounds with words. Method: none given, all given, too many, and no number.
  assert.deepEqual(readLogWish({}), { after: null, lines: 50, waitMs: 0 });
  const all = { after: '1-2', lines: '1000', waitMs: '90000' };
  assert.deepEqual(readLogWish(all), { after: '1-2', lines: 1_000, waitMs: 60_000 });
  assert.throws(() => readLogWish({ lines: '1001' }), /lines: 1001: more than a member sends; /);
  assert.throws(() => readLogWish({ lines: 'x' }), Fault);
});

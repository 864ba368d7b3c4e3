import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idAt, unsigned } from '../../../sim/swim-people.ts';
import { createSwim } from './swim.ts';
import { createHolds } from './swim-holds.ts';
import { abbreviate } from './swim-message.ts';

test('swim holds: they double while things are lost, and end with the queue', () => {
  // Goal: the numbers. Method: something is lost whenever a hold is over; then not for long; then
  // the connection ends.
  const holds = createHolds();
  const member = idAt(2);
  const heldMs = (fromMs: number): number => {
    holds.lost(member, fromMs);
    let nowMs = fromMs;
    for (; holds.isHeld(member, nowMs); nowMs += 100) holds.lost(member, nowMs);
    return nowMs - fromMs;
  };
  const times: number[] = [];
  for (let nowMs = 0; times.length < 6; nowMs += times.at(-1) ?? 0) times.push(heldMs(nowMs));
  assert.deepEqual(times, [400, 800, 1_600, 3_200, 6_400, 6_400]);
  assert.equal(heldMs(60_000), 400);
  holds.lost(member, 60_500);
  holds.end(member);
  assert.equal(holds.isHeld(member, 60_501), false);
});

/** How often two are sent news alone, in a minute, where the first loses all or nothing. */
function newsTo(isLost: boolean) {
  const [self, first, second, doubted] = [1, 2, 3, 4].map(idAt) as [never, never, never, never];
  const own = { self, signer: unsigned, incarnation: 1, draw: () => 0.5 };
  const swim = createSwim({ ...own, neighboursOf: () => new Set() });
  const others = new Set([first, second, doubted]);
  swim.setMembers(others, others);
  for (const member of others) swim.connected(member, 0);
  swim.take();
  const doubt = { kind: 'hearsay', about: abbreviate(doubted), incarnation: 1 } as const;
  swim.hear(second, { act: 'news', rumours: [doubt] }, 1);
  const count = { first: 0, second: 0, answers: 0 };
  for (let nowMs = 50; nowMs < 60_000; nowMs += 50) {
    swim.tick(nowMs);
    if (nowMs % 1_000 === 0) {
      swim.hear(first, { act: 'ping', sequence: nowMs, asker: null, rumours: [] }, nowMs);
    }
    for (const { to, message } of swim.take().messages) {
      if (message.act === 'news' && to === first) count.first += 1;
      if (message.act === 'news' && to === second) count.second += 1;
      if (message.act === 'ack' && to === first) count.answers += 1;
      if (isLost && to === first) swim.lost(to, nowMs);
      if (message.act === 'ping' && to !== doubted) {
        const { sequence } = message;
        swim.hear(to, { act: 'ack', sequence, signature: null, rumours: [] }, nowMs);
      }
    }
  }
  return count;
}

test('swim: whose queue stays full is answered, and not told the same again and again', () => {
  // Goal: news that is lost pushes nothing else out. Method: one of two loses all that is said to
  // it for a minute; how much news it is sent for its own sake, and how many answers. Twice: the
  // other takes all.
  const [lossy, sound] = [newsTo(true), newsTo(false)];
  assert.deepEqual([lossy.second, lossy.answers], [sound.second, sound.answers]);
  assert.ok(sound.first === 0 && lossy.first > 1 && lossy.first <= 8, `${lossy.first}`);
});

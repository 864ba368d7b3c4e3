import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClockContract } from '../clock-contract.ts';
import { openClock } from './clock.ts';

testClockContract({ test, assert }, openClock);

test('a sleep longer than a timer can be does not end at once', async () => {
  // Goal: no overflow. Method: 60 days raced against 30 ms; the long one must lose.
  const clock = openClock();
  const controller = new AbortController();
  const long = clock.sleep(60 * 86_400_000, controller.signal).then(() => 'long');
  const short = clock.sleep(30, controller.signal).then(() => 'short');
  assert.equal(await Promise.race([long, short]), 'short');
  controller.abort();
});

const spin = (durationMs: number): void => {
  for (const endMs = performance.now() + durationMs; performance.now() < endMs; );
};

const WAYS = ['its time comes', 'an abort', 'nothing to wait for'] as const;
for (const way of WAYS) {
  test(`those who have slept do not go on in one turn: ${way}`, async () => {
    // Goal: nobody waits for the sum of what they do. Method: ten sleeps that end together, after
    // each of which 5 ms are worked; a chain of immediates, one for each turn, sees each of them.
    const clock = openClock();
    const controller = new AbortController();
    const durationMs = { 'its time comes': 20, 'an abort': 60_000, 'nothing to wait for': 0 }[way];
    let [turn, isOver] = [0, false];
    const turnOf: number[] = [];
    const workers = Array.from({ length: 10 }, async () => {
      await clock.sleep(durationMs, controller.signal);
      spin(5);
      turnOf.push(turn);
    });
    const tick = (): void => {
      turn += 1;
      if (!isOver) setImmediate(tick);
    };
    tick();
    if (way === 'an abort') controller.abort();
    await Promise.all(workers);
    isOver = true;
    assert.equal(new Set(turnOf).size, 10, `turns: ${turnOf.join(' ')}`);
  });
}

test('those who have slept go on in the order in which their sleep ended', async () => {
  // Goal: nobody is forgotten or overtaken. Method: sleeps that are ended while others go on.
  const clock = openClock();
  const signal = new AbortController().signal;
  const order: number[] = [];
  const sleeper = async (name: number): Promise<void> => {
    await clock.sleep(0, signal);
    order.push(name);
    if (name < 4) await sleeper(name + 4);
  };
  await Promise.all([0, 1, 2, 3].map(sleeper));
  assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
});

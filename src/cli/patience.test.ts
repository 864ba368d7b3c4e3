import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patiently } from './patience.ts';

/** A terminal whose time passes when it is told to. */
function watch() {
  let nowMs = 0;
  const shown: string[] = [];
  const interrupts = new Set<() => void>();
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  const local = {
    err: (text: string) => void shown.push(text),
    monotonicMs: () => nowMs,
    onInterrupt: (act: () => void) => {
      interrupts.add(act);
      return () => void interrupts.delete(act);
    },
    sleep: (durationMs: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        const sleeper = { atMs: nowMs + durationMs, wake: () => finish() };
        const finish = (): void => {
          sleepers.delete(sleeper);
          resolve();
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', finish, { once: true });
      }),
  };
  const pass = async (durationMs: number): Promise<void> => {
    nowMs += durationMs;
    for (const { atMs, wake } of [...sleepers]) if (atMs <= nowMs) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { local, shown, sleepers, interrupts, pass };
}

test('patience: what is quick is silent, and no timer stays behind', async () => {
  // Goal: no flicker, and the process can end. Method: work that is done before 2 s.
  const { local, shown, sleepers, pass } = watch();
  let finish = (_result: string): void => undefined;
  const work = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const waiting = patiently(local, 'joining', work);
  await pass(1_999);
  finish('done');
  assert.equal(await waiting, 'done');
  assert.deepEqual(shown, []);
  assert.equal(sleepers.size, 0);
});

test('patience: what takes long counts, and wipes its line, also when it fails', async () => {
  // Goal: one line that changes and goes. Method: work that fails in its fourth second.
  const { local, shown, sleepers, pass } = watch();
  let fail = (_error: Error): void => undefined;
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const waiting = patiently(local, 'joining', work);
  await pass(2_000);
  await pass(1_000);
  fail(new Error('no'));
  await assert.rejects(waiting, /no/);
  const wipe = '\r\u001b[K';
  assert.deepEqual(shown, [`${wipe}joining … 2 s`, `${wipe}joining … 3 s`, wipe]);
  assert.equal(sleepers.size, 0);
});

test('patience: Ctrl-C wipes the line, and nobody listens when the work is done', async () => {
  // Goal: the prompt stands on a clean line. Method: an interrupt before and after the line shows.
  const { local, shown, interrupts, pass } = watch();
  let finish = (): void => undefined;
  const work = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const waiting = patiently(local, 'joining', work);
  const interrupt = (): void => {
    for (const act of interrupts) act();
  };
  interrupt();
  assert.deepEqual(shown, []);
  await pass(2_000);
  interrupt();
  assert.equal(shown.at(-1), '\r\u001b[K');
  finish();
  await waiting;
  assert.equal(interrupts.size, 0);
});

import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { test } from 'node:test';
import { openClock } from './clock.ts';
import { runCommand } from './command.ts';
import { jsonInParts } from './json-parts.ts';
import { followLines } from './line-stream.ts';
import { ownTurn } from './turns.ts';

const limits = { timeoutMs: 10_000, outputBytesMax: 1_000 };
const signal = new AbortController().signal;

test('whatever takes a while has a turn of the event loop of its own', async () => {
  // Goal: nobody waits for the sum of what they do. Method: who has slept, a command, a monitor and
  // an answer, three of each at once, with a chain of immediates that counts the turns; of programs
  // it counts in which one Node makes the process, of an answer, in which its value is read.
  await followLines(['true'], () => undefined, signal); // What guards monitors is found out once.
  const clock = openClock();
  const seen: number[] = [];
  let [turn, isOver] = [0, false];
  const note = (): void => void seen.push(turn);
  const tick = (): void => {
    turn += 1;
    if (!isOver) setImmediate(tick);
  };
  const init = (_: number, type: string): void => {
    if (type === 'PROCESSWRAP') note();
  };
  const hook = createHook({ init }).enable();
  tick();
  const works: readonly (() => Promise<unknown>)[] = [
    () => clock.sleep(0, signal).then(note),
    () => runCommand({ argv: ['true'] }, limits),
    () => followLines(['true'], () => undefined, signal),
    () => jsonInParts({ toJSON: note }),
    () => ownTurn().then(note),
  ];
  await Promise.all([...works, ...works, ...works].map((work) => work()));
  isOver = true;
  hook.disable();
  assert.deepEqual([seen.length, new Set(seen).size], [15, 15]);
});

/** Edge: run test — one test in a world of its own; what a failed one saw is kept. */
import { setTimeout as sleep } from 'node:timers/promises';
import { secondsSince } from '../scripts/steps.ts';
import { dump } from './dump.ts';
import type { RealTest } from './real-test.ts';
import { openWorld } from './world.ts';

/** One test, where it says nothing else. Three times what the longest takes on a full machine. */
const DEADLINE_MS = 240_000;

/**
 * Runs one test in a world of its own and says how it went, with all that was done when `isTold`;
 * gives whether it passed.
 */
export async function runTest(test: RealTest, isTold = false): Promise<boolean> {
  const beganMs = performance.now();
  const world = await openWorld(test.world);
  const over = new AbortController();
  try {
    const deadlineMs = test.deadlineMs ?? DEADLINE_MS;
    await Promise.race([test.run(world), rejectAfter(deadlineMs, over.signal)]);
    console.log(`ok    ${test.name} (${secondsSince(beganMs)})`);
    if (isTold) console.log(indented(world.timeline.lines().join('\n')));
    return true;
  } catch (error) {
    console.log(`FAIL  ${test.name} (${secondsSince(beganMs)})`);
    console.log(indented(error instanceof Error ? error.message : String(error)));
    console.log(indented(`see ${await dump(world, test.name, error)}`));
    if (test.again !== undefined) console.log(indented(`again: ${test.again}`));
    return false;
  } finally {
    over.abort();
    await world.end();
  }
}

async function rejectAfter(deadlineMs: number, signal: AbortSignal): Promise<never> {
  await sleep(deadlineMs, null, { signal });
  throw new Error(`not done within ${deadlineMs / 1000} s`);
}

/** Text under the line of a test. */
export const indented = (text: string): string => text.trimEnd().replaceAll(/^/gm, '      ');

/**
 * Edge: churn — a process of its own in which one author overwrites a thousand keys a thousand
 * times, over simulated weeks, and prints what that takes at most, as one line of JSON.
 * `node --expose-gc churn.ts`
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JOURNAL, startJournal } from '../../src/node/journal.ts';
import { openClock } from '../../src/node/linux/clock.ts';
import { openDisk } from '../../src/node/linux/disk.ts';
import { openReplica } from '../../src/node/replica.ts';
import { crypto, localOf, NOW_MS } from './crowd.ts';

/** What it takes at most: heap above the empty mesh, and the journal. */
export interface Churn {
  readonly heapMb: number;
  readonly diskMb: number;
}

const KEYS = 1_000;
const ROUNDS = 1_000;
const BATCH = 250;
/** Between two rounds: three weeks in all. */
const ROUND_MS = 30 * 60_000;
/** Rounds between two looks at the heap. */
const LOOK_ROUNDS = 50;

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

const heapMb = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};

async function churn(directory: string): Promise<Churn> {
  const disk = await openDisk(directory);
  await startJournal(disk);
  let nowMs = NOW_MS;
  const clock = { ...openClock(), wallMs: () => nowMs };
  const replica = await openReplica({ clock, crypto, disk, log: silent }, localOf('founder'));
  await replica.write([{ path: 'intent/churn/key/first', value: 1 }]);
  const emptyMb = heapMb();
  const most = { heapMb: 0, diskMb: 0 };
  for (let round = 1; round <= ROUNDS; round += 1) {
    nowMs += ROUND_MS;
    for (let at = 0; at < KEYS; at += BATCH) {
      const edits = Array.from({ length: BATCH }, (_, index) => ({
        path: `intent/churn/key/k${at + index}`,
        value: { round, text: 'something of a usual length' },
      }));
      await replica.write(edits);
      const { size } = statSync(join(directory, JOURNAL));
      most.diskMb = Math.max(most.diskMb, size / 1e6);
    }
    if (round % LOOK_ROUNDS > 0) continue;
    replica.view();
    most.heapMb = Math.max(most.heapMb, heapMb() - emptyMb);
  }
  await replica.flush();
  return most;
}

const directory = mkdtempSync(join(tmpdir(), 'cnsmo-churn-'));
try {
  process.stdout.write(`${JSON.stringify(await churn(directory))}\n`);
} finally {
  rmSync(directory, { recursive: true });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testClockContract } from '../src/node/clock-contract.ts';
import type { Suite } from '../src/node/contract.ts';
import { testDiskContract } from '../src/node/disk-contract.ts';
import { openSettle, underBan } from './ban.ts';
import { openClock } from './clock.ts';
import { openDisk } from './disk.ts';
import { startLife } from './life.ts';
import { fileOf, losePower, makePlatter } from './platter.ts';
import { openDice } from './random.ts';
import { openScheduler } from './scheduler.ts';

const scheduler = openScheduler(openSettle());
const HABITS = { writeMsMax: 2, syncMsMax: 5, appendLagMsMax: null };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs each test of a suite in virtual time. */
const suite: Suite = {
  assert,
  test: (name, body) => {
    test(name, () => {
      // Goal: one test of the suite, on the virtual edge. Method: the scheduler drives it.
      return underBan(() => scheduler.drive(body()));
    });
  },
};

testClockContract(suite, () =>
  openClock(scheduler, startLife(scheduler, 'vm1'), { skewMs: 0, bootedMs: 0 }),
);

testDiskContract(suite, async () => {
  const platter = makePlatter(openDice('disk'), HABITS);
  return openDisk(scheduler, platter, startLife(scheduler, 'vm1'));
});

/** Cuts the power `cutMs` after an append of "tail" to "head" began; what is left of the file. */
async function cutDuringAppend(seed: number, cutMs: number, appendLagMsMax: number | null) {
  const platter = makePlatter(openDice(`${seed}`), { ...HABITS, appendLagMsMax });
  const life = startLife(scheduler, 'vm1');
  const disk = openDisk(scheduler, platter, life);
  await disk.write('journal', bytes('head'));
  let isAnswered = false;
  void disk.append('journal', bytes('tail')).then(() => {
    isAnswered = true;
  });
  const sleeper = openClock(scheduler, startLife(scheduler, 'op'), { skewMs: 0, bootedMs: 0 });
  await sleeper.sleep(cutMs, new AbortController().signal);
  life.end('power-cut');
  losePower(platter);
  const { cached } = fileOf(platter, 'journal');
  return { isAnswered, left: new TextDecoder().decode(cached ?? new Uint8Array()) };
}

test('a power cut keeps what was answered and any prefix of what was not', async () => {
  // Goal: durable means durable, and no more than that. Method: cut at many moments of an append;
  // every prefix must turn up, and after an answer only the whole.
  const seen = new Set<string>();
  await scheduler.drive(
    (async () => {
      for (let seed = 0; seed < 400; seed += 1) {
        const { isAnswered, left } = await cutDuringAppend(seed, seed % 8, null);
        if (isAnswered) assert.equal(left, 'headtail');
        else seen.add(left);
      }
    })(),
  );
  const prefixes = ['head', 'headt', 'headta', 'headtai', 'headtail'];
  assert.deepEqual([...seen].toSorted(), prefixes);
});

test('a disk that answers early loses what it said was durable', async () => {
  // Goal: the planted bug is one; the twin of the test above. Method: the same cuts.
  let lost = 0;
  await scheduler.drive(
    (async () => {
      for (let seed = 0; seed < 200; seed += 1) {
        const { isAnswered, left } = await cutDuringAppend(seed, seed % 8, 5);
        if (isAnswered && left !== 'headtail') lost += 1;
      }
    })(),
  );
  assert.ok(lost > 10, `${lost} of 200 lost`);
});

test('a file that was being replaced is the old or the new one', async () => {
  // Goal: replacing is atomic, though the new content begins like the old. Method: many cuts.
  const seen = new Set<string>();
  await scheduler.drive(
    (async () => {
      for (let seed = 0; seed < 200; seed += 1) {
        const platter = makePlatter(openDice(`${seed}`), HABITS);
        const life = startLife(scheduler, 'vm1');
        const disk = openDisk(scheduler, platter, life);
        await disk.write('config', bytes('old'));
        void disk.write('config', bytes('older'));
        const sleeper = openClock(scheduler, startLife(scheduler, 'op'), {
          skewMs: 0,
          bootedMs: 0,
        });
        await sleeper.sleep((seed % 16) / 2, new AbortController().signal);
        life.end('power-cut');
        losePower(platter);
        seen.add(new TextDecoder().decode(fileOf(platter, 'config').cached ?? new Uint8Array()));
      }
    })(),
  );
  assert.deepEqual([...seen].toSorted(), ['old', 'older']);
});

test('under the ban the real clock, timers and randomness throw, and only then', async () => {
  // Goal: a loop that reaches past its ports is caught. Method: each once inside, once outside.
  const reaches = [
    () => Date.now(),
    () => new Date(),
    () => Math.random(),
    () => performance.now(),
    () => setTimeout(() => {}, 0),
    () => crypto.randomUUID(),
  ];
  await underBan(async () => {
    for (const reach of reaches.slice(0, 5)) assert.throws(reach, /forbidden/);
    assert.equal(new Date(5).getTime(), 5);
  });
  for (const reach of reaches) assert.doesNotThrow(reach);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import type { Disk } from '../ports.ts';
import { probeDisk, watchDisk } from './disk-watch.ts';

const full = (value: string): Fault =>
  new Fault('refused', { field: 'disk', value, why: 'no space left', remedy: 'free some' });

/** A disk that fails while `isFull` says so, on a clock that sleeps move. */
function stage() {
  const files = new Map<string, number>();
  const state = { isFull: false, nowMs: 0, probes: 0, largest: Number.POSITIVE_INFINITY };
  const put = async (name: string, content: Uint8Array): Promise<void> => {
    if (name === 'probe') state.probes += 1;
    if (state.isFull || content.length > state.largest) throw full(name);
    files.set(name, content.length);
  };
  const disk: Disk = {
    read: async () => null,
    write: put,
    append: put,
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()],
  };
  const said: string[] = [];
  const say = (event: string): void => void said.push(event);
  const log = { info: say, warn: say, error: say };
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => state.nowMs,
    sleep: async (durationMs: number, signal: AbortSignal) => {
      if (signal.aborted) return;
      await new Promise(setImmediate);
      state.nowMs += durationMs;
    },
  };
  return { ports: { disk, log, clock }, files, state, said };
}

/** Lets the loop turn until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1_000; turn += 1) {
    if (holds()) return;
    await new Promise(setImmediate);
  }
  assert.fail('it did not come about');
}

test('disk watch: a failed write shows at once, and goes only when a probe fits', async () => {
  // Goal: status tells the truth, without a restart. Method: a write that fails; room for little,
  // which is no room; room for all; told once, and nothing left behind.
  const { ports, files, state, said } = stage();
  const watch = watchDisk(ports);
  let recovered = 0;
  watch.onRecovery(() => {
    recovered += 1;
  });
  const stop = new AbortController();
  const running = watch.run(stop.signal);
  await watch.disk.append('journal', new Uint8Array(10));
  assert.equal(watch.trouble(), null);
  state.isFull = true;
  await assert.rejects(watch.disk.append('journal', new Uint8Array(10)), Fault);
  assert.equal(watch.trouble()?.value, 'journal');
  [state.isFull, state.largest] = [false, 100];
  await watch.disk.append('journal', new Uint8Array(10));
  const { probes } = state;
  await until(() => state.probes > probes + 2);
  assert.equal(watch.trouble()?.value, 'probe');
  assert.equal(recovered, 0);
  state.largest = Number.POSITIVE_INFINITY;
  await until(() => recovered > 0);
  assert.equal(watch.trouble(), null);
  stop.abort();
  await running;
  assert.deepEqual(said, ['disk-trouble', 'disk-recovered']);
  assert.deepEqual([...files.keys()], ['journal']);
});

test('disk watch: a disk that nobody writes to is looked at, too', async () => {
  // Goal: a disk that became read-only shows before somebody needs it. Method: nothing is written;
  // by itself within two minutes, and for who looks at once, but not at every look.
  const { ports, state } = stage();
  const watch = watchDisk(ports);
  state.isFull = true;
  assert.equal(watch.trouble(), null);
  await watch.refresh();
  assert.equal(watch.trouble()?.why, 'no space left');
  const { probes } = state;
  await watch.refresh();
  assert.equal(state.probes, probes);
  const other = stage();
  const idle = watchDisk(other.ports);
  other.state.isFull = true;
  const stop = new AbortController();
  const running = idle.run(stop.signal);
  await until(() => idle.trouble() !== null);
  assert.ok(other.state.nowMs <= 120_000);
  stop.abort();
  await running;
});

test('disk watch: what is no failure of the disk passes by', async () => {
  // Goal: a bug rises and is not taken for a full disk; a probe takes any failure for one.
  // Method: a disk that throws something else.
  const { ports } = stage();
  const odd = async () => {
    throw new TypeError('a bug');
  };
  const watch = watchDisk({ ...ports, disk: { ...ports.disk, write: odd } });
  await assert.rejects(watch.disk.write('a', new Uint8Array()), TypeError);
  assert.equal(watch.trouble(), null);
  await watch.refresh();
  assert.match(watch.trouble()?.why ?? '', /a bug/);
});

test('disk watch: a probe of a full disk refuses, and a good one leaves nothing', async () => {
  // Goal: init and join ask before they change anything. Method: both.
  const { ports, state, files } = stage();
  await probeDisk(ports.disk);
  assert.equal(files.size, 0);
  state.isFull = true;
  await assert.rejects(probeDisk(ports.disk), { code: 'refused' });
});

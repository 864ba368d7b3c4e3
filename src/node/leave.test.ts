import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import { FAULT_STATUS, Fault } from '../fault.ts';
import type { Disk } from '../ports.ts';
import { announceLeave, eraseState, isLeaving, repeatLeave } from './leave.ts';
import type { Replica } from './replica.ts';
import type { Sync } from './sync.ts';

const none = async () => undefined;
const NOBODY = { connected: () => [], others: () => [], isMissing: () => false, meet: none };

const fail = (): never => assert.fail();

function stage() {
  const files = new Map<string, Uint8Array>();
  const disk: Disk = {
    read: async (name) => files.get(name) ?? null,
    write: async (name, content) => void files.set(name, content),
    append: async () => undefined,
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()],
  };
  const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined };
  const sync = { with: async () => true } as unknown as Sync;
  return { ports: { clock, disk }, disk, sync };
}

const replicaThat = (write: () => Promise<void>) => ({ write }) as unknown as Replica;

test('leave: nobody is told before it is sure to be finished', async () => {
  // Goal: no member runs on that all others take for gone. Method: look for the mark at the moment
  // at which the others are told.
  const { ports, disk, sync } = stage();
  let wasMarked = false;
  const replica = replicaThat(async () => {
    wasMarked = await isLeaving(disk);
  });
  await announceLeave(ports, replica, sync, NOBODY);
  assert.ok(wasMarked);
  assert.ok(await isLeaving(disk));
});

test('leave: what could not be said leaves the member as it was', async () => {
  // Goal: a refused leave changes nothing. Method: a store that takes nothing.
  const { ports, disk, sync } = stage();
  const replica = replicaThat(async () => {
    throw new Error('full');
  });
  await assert.rejects(announceLeave(ports, replica, sync, NOBODY));
  assert.ok(!(await isLeaving(disk)));
});

test('leave: a refusal that cannot be taken back says so', async () => {
  // Goal: nobody is told that nothing changed while the next start would leave. Method: a disk that
  // fails right after the mark.
  const { ports, disk, sync } = stage();
  const replica = replicaThat(async () => {
    throw new Error('full');
  });
  const remove = async () => {
    throw new Error('read-only');
  };
  const stuck = { ...ports, disk: { ...disk, remove } };
  const failure = await announceLeave(stuck, replica, sync, NOBODY).catch((error) => error);
  assert.ok(failure instanceof Fault);
  assert.equal(failure.code, 'unfinished');
});

test('leave: it tells how many of the others heard of it', async () => {
  // Goal: a person knows who did not. Method: of three others two are connected, one answers.
  const { ports, sync } = stage();
  const replica = replicaThat(async () => undefined);
  const connected = () => ['a', 'b'] as PeerKey[];
  const half = { ...sync, with: async (peer: PeerKey) => peer === 'a' };
  const audience = { ...NOBODY, connected, others: () => ['a', 'b', 'c'] as PeerKey[] };
  const told = await announceLeave(ports, replica, half, audience);
  assert.deepEqual(told, { told: 1, others: 3 });
});

test('leave: who hangs up when it hears of it has heard of it', async () => {
  // Goal: nobody is said to hear of nothing who did, for whoever left is a stranger to it. Method:
  // no exchange ends well; of three connected ones two hang up, one at once and one later.
  const { disk, sync } = stage();
  const gone = new Set<string>();
  let nowMs = 0;
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => nowMs,
    sleep: async (durationMs: number) => {
      const untilMs = nowMs + durationMs;
      await new Promise(setImmediate);
      while (durationMs >= 3_000 && nowMs < untilMs) await new Promise(setImmediate);
      nowMs = Math.max(nowMs, untilMs);
      gone.add('b');
    },
  };
  const cut = {
    ...sync,
    with: async (peer: PeerKey) => {
      if (peer === 'a') gone.add('a');
      return false;
    },
  };
  const all = ['a', 'b', 'c'] as PeerKey[];
  const connected = () => all.filter((peer) => !gone.has(peer));
  const audience = { ...NOBODY, connected, others: () => all };
  const replica = replicaThat(async () => undefined);
  const told = await announceLeave({ clock, disk }, replica, cut, audience);
  assert.deepEqual(told, { told: 2, others: 3 });
});

test('leave: one that was cut waits for others, and goes on without', async () => {
  // Goal: a crash in the midst of a leave makes no ghost where others can be reached, and no
  // prisoner where not. Method: one that connects after a while, then nobody at all; the store
  // refuses, for there is no way back.
  const { disk } = stage();
  let nowMs = 0;
  const clock = {
    wallMs: () => 0,
    monotonicMs: () => nowMs,
    sleep: async (durationMs: number) => {
      nowMs += durationMs;
    },
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const replica = replicaThat(async () => {
    throw new Error('full');
  });
  const { sync } = stage();
  const late = () => (nowMs >= 1_000 ? (['a'] as PeerKey[]) : []);
  const isMissing = () => nowMs < 1_000;
  const audience = { ...NOBODY, connected: late, others: () => ['a'] as PeerKey[], isMissing };
  const ports = { clock, disk, log };
  assert.deepEqual(await repeatLeave(ports, replica, sync, audience), { told: 1, others: 1 });
  assert.ok(nowMs < 2_000 + 3_000);
  const nobody = { ...NOBODY, others: () => ['a'] as PeerKey[], isMissing: () => true };
  assert.deepEqual(await repeatLeave(ports, replica, sync, nobody), { told: 0, others: 1 });
});

/** Ports to erase with, on a host that refuses what `isStuck` says. */
function erasing(disk: Disk, isStuck: () => boolean) {
  const silent = () => undefined;
  return {
    disk,
    host: {
      run: async () => ({ status: isStuck() ? 2 : 0, stdout: '', stderr: isStuck() ? 'busy' : '' }),
      facts: fail,
      probe: fail,
      addresses: fail,
    },
    process: { start: fail, write: fail, ask: fail, isRunning: fail, stop: fail, lines: fail },
    log: { info: silent, warn: silent, error: silent },
  };
}

test('leave: what cannot be undone keeps the state and has its own exit status', async () => {
  // Goal: systemd does not start it for ever, a person can repair and repeat. Method: a host that
  // refuses, then one that obeys.
  const { disk } = stage();
  let isStuck = true;
  const ports = erasing(disk, () => isStuck);
  const undo = { kind: 'run', argv: ['ip', 'link', 'delete', 'cnsmo0'] };
  const line = `${JSON.stringify({ id: 'vpn-link', undo })}\n`;
  await disk.write('ledger', new TextEncoder().encode(line));
  await disk.write('member-key', new Uint8Array(32));
  const failure = await eraseState(ports).catch((error: unknown) => error);
  assert.ok(failure instanceof Fault);
  assert.equal(failure.code, 'unfinished');
  assert.equal(FAULT_STATUS[failure.code].exit, 6);
  assert.deepEqual(await disk.list(), ['ledger', 'member-key', 'leaving']);
  isStuck = false;
  await eraseState(ports);
  assert.deepEqual(await disk.list(), []);
});

test('leave: the genesis goes first, the mark last', async () => {
  // Goal: invariant 2. Method: whenever a file goes, look whether the mark still stands.
  const { disk } = stage();
  for (const name of ['config', 'genesis', 'journal', 'member-key', 'wg-key']) {
    await disk.write(name, new Uint8Array(1));
  }
  const removed: string[] = [];
  const remove: Disk['remove'] = async (name) => {
    assert.ok(await isLeaving(disk), name);
    await disk.remove(name);
    removed.push(name);
  };
  await eraseState(erasing({ ...disk, remove }, () => false));
  assert.equal(removed[1], 'genesis'); // After the ledger, which is gone when all is undone.
  assert.equal(removed.at(-1), 'leaving');
  assert.ok(!(await isLeaving(disk)));
});

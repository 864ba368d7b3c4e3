import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Disk } from '../ports.ts';
import { announceLeave, isLeaving } from './leave.ts';
import type { Replica } from './replica.ts';
import type { Sync } from './sync.ts';

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
  await announceLeave(ports, replica, sync, []);
  assert.ok(wasMarked);
  assert.ok(await isLeaving(disk));
});

test('leave: what could not be said leaves the member as it was', async () => {
  // Goal: a refused leave changes nothing. Method: a store that takes nothing.
  const { ports, disk, sync } = stage();
  const replica = replicaThat(async () => {
    throw new Error('full');
  });
  await assert.rejects(announceLeave(ports, replica, sync, []));
  assert.ok(!(await isLeaving(disk)));
});

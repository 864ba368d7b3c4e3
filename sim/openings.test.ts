import assert from 'node:assert/strict';
import { test } from 'node:test';
import { underBan } from './ban.ts';
import { openEdition } from './edition.ts';
import type { Editions } from './room.ts';
import { ALL, BACKENDS, openWeb, PORT, without } from './web.ts';
import { ask, machineOf, pauseRun } from './world.ts';

const DRAIN_MS = 10_000;
/** From then on it may be shut, for longer than it takes to hear of anything. Unit: ms. */
const SHUT_MS = 20_000;
/** Until all have heard of a change. Unit: ms. */
const HEARD_MS = 15_000;
/** Between two looks at a kernel. Unit: ms. */
const LOOK_MS = 20;

/** Whether a VM's firewall lets members in at the port of backends, where it denies the rest. */
const isOpen = (web: ReturnType<typeof openWeb>, vm: string): boolean => {
  const objects = machineOf(web.room, vm).kernel.tables.get('inet cnsmo') ?? [];
  return objects.some((object) => {
    const { set } = object as { readonly set?: { readonly name: string; readonly elem?: unknown } };
    return set?.name.endsWith('mesh-in/open/tcp') && JSON.stringify(set.elem).includes(`${PORT}`);
  });
};

/** vm2 is no backend any more where the firewall denies; the ms for which it stayed open. */
async function leave(web: ReturnType<typeof openWeb>, how: 'label' | 'delete'): Promise<number> {
  const { room, world, set, sends, tell } = web;
  await set({ drain: DRAIN_MS });
  await sends('all serve', ALL, BACKENDS, HEARD_MS);
  const denied = { direction: 'in', action: 'deny', zone: 'mesh' };
  const path = '/v1/services/firewall/default';
  await ask(room, 'vm1', { method: 'POST', path, body: { arguments: denied } });
  await world.eventually('it is open', async () => isOpen(web, 'vm2'), HEARD_MS);
  assert.equal(isOpen(web, 'vm1'), false);
  const startMs = room.scheduler.nowMs();
  if (how === 'label') await world.label('vm1', 'vm2', ['role-']);
  else await tell('delete', { names: ['web'] });
  while (isOpen(web, 'vm2') && room.scheduler.nowMs() - startMs < SHUT_MS) {
    await pauseRun(room, LOOK_MS);
  }
  const openMs = room.scheduler.nowMs() - startMs;
  if (how === 'label') await sends('without vm2', ['vm1'], without('vm2'), HEARD_MS);
  return openMs;
}

const stay = async (seed: number, how: 'label' | 'delete', editions?: Editions) => {
  const web = openWeb(seed, null, editions);
  let openMs = 0;
  const story = async (): Promise<void> => {
    openMs = await leave(web, how);
  };
  await underBan(() => web.room.scheduler.drive(story(), 600_000));
  return openMs;
};

test('openings: where the firewall denies, who is a backend no more keeps its time', async () => {
  // Goal: no running connection is cut before the time of `--drain`, nor is anything open for long
  // after it. Method: a label goes, a balancer is deleted, in the weather of seeds; what is open in
  // the kernel is looked at all the time. Twin: a product whose firewall knows the view alone.
  for (const [seed, how] of [
    [2, 'label'],
    [3, 'delete'],
    [4, 'label'],
  ] as const) {
    const openMs = await stay(seed, how);
    assert.ok(openMs >= DRAIN_MS && openMs < SHUT_MS, `seed ${seed}, ${how}: ${openMs} ms`);
  }
  const find = 'each.openings(seen, { ...node, sights: sights(each.name) })';
  const patch = { file: 'src/node/openings.ts', find, put: 'each.openings(seen, node)' };
  const ours = await openEdition([patch]);
  const openMs = await stay(2, 'label', { ours, next: ours, foreign: ours });
  assert.ok(openMs < DRAIN_MS, `${openMs} ms`);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { underBan } from './ban.ts';
import { BUGS } from './bugs.table.ts';
import { type Clients, openClients, REQUEST_MS_MAX } from './clients.ts';
import { openEdition } from './edition.ts';
import { ALL, BACKENDS, openWeb, without } from './web.ts';
import { pauseRun } from './world.ts';

type Web = ReturnType<typeof openWeb>;

/** What `--drain` gives: until all members have heard, and requests have ended. Unit: ms. */
const DRAIN_MS = 10_000;
/** A program is started again. Unit: ms. */
const RESTART_MS = 3_000;
/** Until all have heard that one drains, or serves again. Unit: ms. */
const HEARD_MS = 5_000;
const UP_MS = 15_000;
const STORY_MS = 1_800_000;

const restart = async ({ room, serve }: Web, clients: Clients, vm: string): Promise<void> => {
  serve(vm, null);
  clients.cut(vm);
  await pauseRun(room, RESTART_MS);
  serve(vm, 'well');
};

/** All backends are restarted, one after the other, each drained before; what its turn shows. */
async function roll(web: Web, clients: Clients, wholeVm: boolean): Promise<void> {
  const { room, world, tell, sends } = web;
  const turn = async (vm: string, isDrained: boolean): Promise<unknown> =>
    wholeVm
      ? world.drain(vm, isDrained)
      : tell(isDrained ? 'drain' : 'undrain', { name: 'web', members: [vm] });
  for (const vm of BACKENDS) {
    await turn(vm, true);
    await sends(`${vm} drains`, ALL, without(vm), HEARD_MS);
    const before = clients.sent.get(vm);
    assert.notEqual(clients.running(vm), 0, `${vm} may end what it has`);
    await pauseRun(room, DRAIN_MS - HEARD_MS);
    await restart(web, clients, vm);
    assert.equal(clients.sent.get(vm), before, `${vm} gets nothing new`);
    await turn(vm, false);
    await sends(`${vm} is back`, ALL, BACKENDS, UP_MS);
  }
}

test('drain: a rolling restart of all backends under load loses no request', async () => {
  // Goal: drain and roll. Method: programs on five VMs open connections all the time; each backend
  // is drained, by an operator or by its whole VM, restarted, and undrained; also where a client
  // stays with its backend.
  assert.ok(DRAIN_MS - HEARD_MS >= REQUEST_MS_MAX);
  for (const [seed, wish, wholeVm] of [
    [1, {}, false],
    [2, { mode: 'random' }, true],
    [3, { sticky: 600_000 }, false],
  ] as const) {
    const web = openWeb(seed);
    const story = async (): Promise<void> => {
      await web.set(wish);
      await web.sends('all serve', ALL, BACKENDS, UP_MS);
      const clients = openClients(web);
      await pauseRun(web.room, 5_000);
      await roll(web, clients, wholeVm);
      await clients.end();
      assert.deepEqual(clients.lost, [], `seed ${seed}`);
      assert.ok([...clients.sent.values()].every((count) => count > 100));
    };
    await underBan(() => web.room.scheduler.drive(story(), STORY_MS));
  }
});

test('drain: without it the same restarts lose requests', async () => {
  // Goal: the negative twin. Method: the same load, and no drain before a restart.
  const web = openWeb(1);
  const story = async (): Promise<void> => {
    await web.set();
    await web.sends('all serve', ALL, BACKENDS, UP_MS);
    const clients = openClients(web);
    await pauseRun(web.room, 5_000);
    for (const vm of BACKENDS) {
      await restart(web, clients, vm);
      await web.sends(`${vm} is back`, ALL, BACKENDS, UP_MS);
    }
    await clients.end();
    const amid = clients.lost.filter((words) => words.endsWith('ended amid a request'));
    const late = clients.lost.filter((words) => words.endsWith('does not serve'));
    assert.ok(amid.length > 20 && late.length > 5, `${amid.length}, ${late.length}`);
  };
  await underBan(() => web.room.scheduler.drive(story(), STORY_MS));
});

test('drain: the checks of this file see one that is ignored', async () => {
  // Goal: the negative twin. Method: a product that goes on as if nobody drained.
  const ours = await openEdition(BUGS['drain-ignored']?.patches ?? []);
  const web = openWeb(1, null, { ours, next: ours, foreign: ours });
  const story = async (): Promise<void> => {
    await web.set();
    await web.sends('all serve', ALL, BACKENDS, UP_MS);
    await web.tell('drain', { name: 'web', members: ['vm2'] });
    await assert.rejects(web.sends('drains', ALL, without('vm2'), 30_000), /not within/);
  };
  await underBan(() => web.room.scheduler.drive(story(), STORY_MS));
});

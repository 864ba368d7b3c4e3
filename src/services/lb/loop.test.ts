import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, memberOf } from '../test-view.ts';
import { LEFT } from './endings.ts';
import { healthOf } from './health.ts';
import { readWord } from './health-word.ts';
import type { BalancerRecord } from './schemas.table.ts';
import { WEB } from './test-balancers.ts';
import { MEMBERS, openLoops } from './test-loops.ts';

const AT = { 2: '10.10.0.2 8080', 3: '10.10.0.3 8080', 4: '10.10.0.4 8080' } as const;

/** All three backends serve, and have for a while. */
async function openWeb(change: Partial<BalancerRecord> = {}) {
  const web = { ...WEB, ...change };
  const stage = openLoops({ 'balancer/web': web });
  for (const at of Object.values(AT)) stage.world.serves.set(at, 'answered');
  await stage.go(5_000);
  const state = (by: number, of: number) => healthOf(stage.sights(by), idOf(of), web).state;
  /** As all four see a backend. */
  const all = (of: number) => [1, 2, 3, 4].map((by) => state(by, of)).join(' ');
  return { ...stage, state, all };
}

test('health loop: where nothing is balanced nothing is done', async () => {
  // Goal: idle. Method: four members without a balancer for a minute: no look, no word, one wait
  // without end each. Twin: with one there are looks.
  const { world, go } = openLoops({});
  await go(60_000);
  assert.deepEqual([world.looks, world.said, world.waits], [[], 0, [null, null, null, null]]);
  const { world: other } = await openWeb();
  assert.ok(other.looks.length > 0 && other.said === 3);
});

test('health loop: each backend looks at itself once a second, and others need not', async () => {
  // Goal: cost. Method: 20 s in which all serve: who looked at what, how often; who said what.
  const { world, all, go, word } = await openWeb();
  assert.deepEqual([all(2), all(3), all(4)], Array(3).fill('up up up up'));
  world.looks.length = 0;
  const before = world.said;
  await go(20_000);
  for (const { by, at } of world.looks) assert.equal(at, AT[by as 2 | 3 | 4]);
  assert.ok(world.looks.length >= 54 && world.looks.length <= 66, `${world.looks.length} looks`);
  assert.equal(world.said, before);
  assert.equal(word(2), '1\n8080 tcp up');
});

test('health loop: a process that is killed is out everywhere at once, by own probes', async () => {
  // Goal: 2 s to the last failure. Method: one refuses; all see it within 1.3 s, and each has
  // looked for itself; then it serves again, and is up within 3.5 s.
  const { world, all, go } = await openWeb();
  world.looks.length = 0;
  world.serves.set(AT[2], 'refused');
  await go(1_300);
  assert.equal(all(2), 'down down down down');
  assert.deepEqual([all(3), all(4)], ['up up up up', 'up up up up']);
  const lookers = world.looks.filter(({ at }) => at === AT[2]).map(({ by }) => by);
  assert.deepEqual(new Set(lookers), new Set([1, 2, 3, 4]));
  world.serves.set(AT[2], 'answered');
  await go(3_500);
  assert.equal(all(2), 'up up up up');
});

test('health loop: one that hangs is out within four seconds, not by one lost look', async () => {
  // Goal: 5 s to the last failure. Method: it says nothing; twin: it is silent for one look only.
  for (const check of [{ kind: 'tcp' }, { kind: 'http', path: '/health' }] as const) {
    const { world, all, go } = await openWeb({ check });
    world.serves.set(AT[3], 'silent');
    await go(4_700);
    assert.equal(all(3), 'down down down down', check.kind);
    const again = await openWeb({ check });
    again.world.serves.set(AT[3], 'silent');
    await again.go(900);
    again.world.serves.set(AT[3], 'answered');
    await again.go(10_000);
    assert.equal(again.all(3), 'up up up up', check.kind);
  }
});

test('health loop: a VM that is gone is out, one whose daemon is gone is not', async () => {
  // Goal: only one's own failed probe counts. Method: the failure detector says dead of two; one of
  // them serves. Twin: what it says when it is back.
  const { world, all, go, stop, nudge } = await openWeb();
  for (const n of [2, 3]) {
    stop(n);
    world.lives.set(idOf(n), 'dead');
  }
  world.serves.set(AT[2], 'silent');
  nudge();
  await go(4_000);
  assert.match(all(2), /^down .* down$/);
  assert.match(all(3), /^up .* up$/);
  world.serves.set(AT[2], 'answered');
  world.lives.clear();
  nudge();
  await go(3_000);
  assert.match(all(2), /^up .* up$/);
});

test('health loop: who lies of itself is used while it serves, and costs little', async () => {
  // Goal: hearsay. Method: one says for a minute that it is down, and serves; then says that it is
  // up, and does not; looks at it are counted.
  const { world, all, go, lie } = await openWeb();
  lie(4, '1\n8080 tcp down refused');
  world.looks.length = 0;
  await go(60_000);
  assert.match(all(4), /^up up up/);
  const looks = world.looks.filter(({ at, by }) => at === AT[4] && by === 1).length;
  assert.ok(looks >= 10 && looks <= 25, `${looks} looks in a minute`);
  world.serves.set(AT[4], 'refused');
  await go(6_000);
  assert.match(all(4), /^down down down/);
  lie(4, '1\n8080 tcp up');
  await go(60_000);
  assert.match(all(4), /^down down down/);
});

test('health loop: who lets clients in looks at the way each second', async () => {
  // Goal: a cut path. Method: number 1 is a frontend, and its way to one backend is cut, which
  // nobody else sees; twin: the others keep it. Then it heals.
  const { world, state, go } = await openWeb({ on: [{ kind: 'member', id: idOf(1) }] });
  world.serves.set(`1 ${AT[2]}`, 'silent');
  await go(4_000);
  assert.deepEqual([state(1, 2), state(3, 2), state(1, 3)], ['down', 'up', 'up']);
  world.serves.delete(`1 ${AT[2]}`);
  await go(3_500);
  assert.equal(state(1, 2), 'up');
});

test('health loop: a program is run only with consent, one at a time, and ended', async () => {
  // Goal: exec. Method: without consent; with it, good, bad, hanging; and taken back.
  const { world, all, go, nudge, word } = await openWeb({ check: { kind: 'exec', argv: ['ok'] } });
  assert.equal(all(2), 'up up up up');
  world.program = 1;
  await go(3_500);
  assert.equal(all(2), 'down down down down');
  world.program = 0;
  await go(2_500);
  assert.equal(all(2), 'up up up up');
  world.program = null;
  world.runningMost = 0;
  await go(8_000);
  assert.equal(all(2), 'down down down down');
  assert.equal(world.runningMost, 3); // One on each VM.
  world.mayRun = false;
  nudge();
  await go(3_000);
  world.runs.length = 0;
  await go(10_000);
  assert.deepEqual(world.runs, []);
  assert.match(word(2), /barred$/);
  assert.equal(all(2), 'unknown unknown unknown unknown');
});

test('health loop: no more than fifty probes a second, whatever is wanted', async () => {
  // Goal: the bound, and that nobody starves. Method: 200 ports for each backend, 8 s.
  const many = Array.from({ length: 200 }, (_, n) => [
    `balancer/web${n}`,
    { ...WEB, port: 8_000 + n },
  ]);
  const { world, go, word } = openLoops(Object.fromEntries(many));
  await go(8_000);
  const byOne = world.looks.filter(({ by }) => by === 2);
  assert.ok(byOne.length <= 401, `${byOne.length} looks in 8 s`);
  const own = byOne.filter(({ at }) => at.startsWith('10.10.0.2 '));
  assert.equal(new Set(own.map(({ at }) => at)).size, 200);
  assert.equal(readWord(word(2)).size, 200);
});

test('health loop: who joins or leaves the backends is probed, or not any more', async () => {
  // Goal: the view moves it. Method: a label goes, and comes back.
  const { world, go, nudge, sights, word } = await openWeb();
  const with3 = world.view;
  const members = MEMBERS.map((member) => (member.name === 'vm3' ? memberOf(3) : member));
  world.view = { ...with3, members };
  nudge();
  await go(100);
  assert.equal([...sights(1).keys()].filter((name) => name !== LEFT).length, 2);
  assert.equal(word(3), '');
  world.looks.length = 0;
  await go(5_000);
  assert.ok(world.looks.every(({ at }) => at !== AT[3]));
  world.view = with3;
  nudge();
  await go(3_000);
  assert.equal(sights(1).get(`${idOf(3)} 8080 tcp`), 'up');
});

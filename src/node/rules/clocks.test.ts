import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import { clockAlarms, commonSkewMs } from './clocks.ts';

test('clocks: this one is wrong when most others say so, by table', () => {
  // Goal: one liar raises no alarm, a majority does. Method: skews of members, in seconds.
  const cases: readonly (readonly [skewsS: readonly number[], commonS: number | null])[] = [
    [[], null],
    [[0.2], null],
    [[73], 73],
    [[-73], -73],
    [[73, 0], null],
    [[73, 74, 0], 73],
    [[73, 74, 75], 74],
    [[73, -73], null],
    [[-80, -70, -60, 0], -60],
    [[4.9, 4.9], null],
    [[5.1, 5.2], 5],
  ];
  for (const [skewsS, commonS] of cases) {
    const skewsMs = new Map(skewsS.map((s, index) => [idOf(`vm${index}`), s * 1_000]));
    const alarms = clockAlarms(world().view(), { ahead: [], skewsMs });
    const own = alarms.find((line) => line.startsWith("this VM's clock is"))?.split(' ');
    const amount = own === undefined ? null : Number(own[4]) * (own[6] === 'behind' ? 1 : -1);
    assert.equal(amount, commonS, skewsS.join());
  }
});

test('clocks: the time is that of most, and all name the same', () => {
  // Goal: members agree on it, whoever is wrong. Method: clocks, and by what each of them corrects
  // its own; of as many right as wrong ones it is the earlier time, whichever those are.
  const cases: readonly (readonly [clocksMs: readonly number[], timeMs: number])[] = [
    [[7], 7],
    [[0, 3_600], 0],
    [[0, -3_600], -3_600],
    [[0, 0, 3_600], 0],
    [[-9_000, 1, 2], 1],
    [[0, 0, 3_600, 3_600], 0],
    [[0, -50, 70, 2, 1], 1],
  ];
  for (const [clocksMs, timeMs] of cases) {
    for (const [at, ownMs] of clocksMs.entries()) {
      const skewsMs = clocksMs.filter((_, other) => other !== at).map((ms) => ms - ownMs);
      assert.equal(ownMs + commonSkewMs(skewsMs), timeMs, clocksMs.join());
    }
  }
});

const HERE = 'set the clock right, with chrony or timedatectl';
const THERE = 'set that clock right, with chrony or timedatectl';
const EITHER = 'set the wrong one right, with chrony or timedatectl';

test('clocks: the alarms name the VM whose clock it is, by how much, and what helps', () => {
  // Goal: whoever reads it knows where to go. Method: members ahead and behind; then this VM.
  const view = world()
    .invites('door')
    .admits('vm3', 'door', { name: 'vm3', ipv4: '10.10.0.3' })
    .view();
  const alarms = (
    skewsS: Readonly<Record<string, number>>,
    aheadS: Readonly<Record<string, number>> = {},
  ) =>
    clockAlarms(view, {
      ahead: Object.entries(aheadS).map(([name, s]) => ({ author: idOf(name), aheadMs: s * 1e3 })),
      skewsMs: new Map(Object.entries(skewsS).map(([name, s]) => [idOf(name), s * 1e3])),
    });
  assert.deepEqual(alarms({}), []);
  assert.deepEqual(alarms({ vm3: 4.9, vm9: 0 }), []);
  assert.deepEqual(alarms({}, { vm3: 73.2, vm9: 11 }), [
    `clock of vm3 is 73 s ahead of this VM's, so what it says waits; ${THERE}`,
    `clock of ${idOf('vm9')} is 11 s ahead of this VM's, so what it says waits; ${THERE}`,
  ]);
  assert.deepEqual(alarms({ vm3: -7_199.7, vm9: 0 }), [
    `clock of vm3 is 2 h behind this VM's; ${THERE}`,
  ]);
  // What waits was said a while ago; the clock is read anew.
  assert.deepEqual(alarms({ vm3: 10_800, vm9: 0 }, { vm3: 73 }), [
    `clock of vm3 is 3 h ahead of this VM's, so what it says waits; ${THERE}`,
  ]);
  // Then all others seem to be ahead: once is enough.
  assert.deepEqual(alarms({ vm3: 600, vm9: 600.2 }, { vm3: 600, vm9: 600 }), [
    `this VM's clock is 10 min behind most members'; ${HERE}`,
  ]);
  assert.deepEqual(alarms({ vm3: -20, vm9: -20 }), [
    `this VM's clock is 20 s ahead of most members'; ${HERE}`,
  ]);
  // Of two nobody can tell which.
  assert.deepEqual(alarms({ vm3: -400_000 }), [
    `this VM's clock is 5 days ahead of vm3's, the only one in sight; ${EITHER}`,
  ]);
});

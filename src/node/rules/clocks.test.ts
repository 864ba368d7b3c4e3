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
    [[5.1, 5.2], 5.1],
  ];
  for (const [skewsS, commonS] of cases) {
    const common = commonSkewMs(skewsS.map((seconds) => seconds * 1_000));
    assert.equal(common, commonS === null ? null : commonS * 1_000, skewsS.join());
  }
});

test('clocks: the alarms name the VM whose clock it is', () => {
  // Goal: whoever reads it knows where to go. Method: a member ahead; then this VM itself.
  const view = world()
    .invites('door')
    .admits('vm3', 'door', { name: 'vm3', ipv4: '10.10.0.3' })
    .view();
  const ahead = [
    { author: idOf('vm3'), aheadMs: 73_200 },
    { author: idOf('vm9'), aheadMs: 11_000 },
  ];
  assert.deepEqual(clockAlarms(view, { ahead: [], skewMs: null }), []);
  assert.deepEqual(clockAlarms(view, { ahead, skewMs: null }), [
    "clock of vm3 is 73 s ahead of this VM's",
    `clock of ${idOf('vm9')} is 11 s ahead of this VM's`,
  ]);
  // Then all others seem to be ahead: once is enough.
  assert.deepEqual(clockAlarms(view, { ahead, skewMs: 73_400 }), [
    "this VM's clock is 73 s behind most members'",
  ]);
  assert.deepEqual(clockAlarms(view, { ahead: [], skewMs: -20_000 }), [
    "this VM's clock is 20 s ahead of most members'",
  ]);
});

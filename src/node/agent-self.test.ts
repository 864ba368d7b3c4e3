import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { View } from '../crdt/view.ts';
import { createSelf, type SelfContext } from './agent-self.ts';

/** As much of a view as is compared here. */
const viewOf = (count: number): View => ({ members: [{ count }] }) as unknown as View;

const agentOf = (clock: { nowMs: number }) =>
  createSelf(
    { clock: { monotonicMs: () => clock.nowMs, wallMs: () => 0, sleep: async () => undefined } },
    {
      self: () => ({}) as Awaited<ReturnType<SelfContext['self']>>,
      openings: () => [],
      ledger: { ids: () => [] } as unknown as SelfContext['ledger'],
    },
  );

test('self: the age of a view is that of what it says, for each agent', async () => {
  // Goal: what one agent found of two views is no other answer for the next. Method: two agents,
  // of which one saw an earlier view; equal views, and one that differs.
  const clock = { nowMs: 0 };
  const [one, two] = [agentOf(clock), agentOf(clock)];
  const [first, same, other] = [viewOf(1), viewOf(1), viewOf(2)];
  const ages: number[] = [];
  const look = async (agent: typeof one, view: View): Promise<void> => {
    ages.push((await agent(view)).viewAgeMs);
  };
  await look(one, first);
  await look(two, other);
  clock.nowMs = 10;
  for (const agent of [one, two]) await look(agent, same);
  clock.nowMs = 20;
  for (const agent of [one, two]) await look(agent, same);
  for (const agent of [one, two]) await look(agent, other);
  assert.deepEqual(ages, [0, 0, 10, 0, 20, 10, 0, 0]);
});

test('self: views that are over are not kept', async () => {
  // Goal: a daemon does not grow with each change of the mesh. Method: two agents look at views one
  // after the other; all but the last are collected. The twin: that one is not.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const agents = [agentOf({ nowMs: 0 }), agentOf({ nowMs: 0 })];
  const refs: WeakRef<View>[] = [];
  for (let count = 0; count < 5; count += 1) {
    const view = viewOf(count);
    refs.push(new WeakRef(view));
    for (const agent of agents) await agent(view);
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.deepEqual(
    refs.map((ref) => ref.deref() !== undefined),
    [false, false, false, false, true],
  );
});

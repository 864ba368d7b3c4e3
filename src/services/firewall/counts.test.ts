import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedTable } from '../nft/observed.ts';
import { memberOf, type Objects } from '../test-view.ts';
import { countsOf, keepSteps } from './counts.ts';
import { tableOf } from './diff.ts';
import { lanesOf } from './lane.ts';
import type { FirewallDesired } from './state.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

const MEMBERS = [memberOf(1), memberOf(2, { role: 'web' })];
const exact = ruleOf({
  ...{ protocol: 'tcp', ports: [[80, 80]] },
  from: [{ kind: 'labels', labels: { role: 'web' } }],
});
const range = ruleOf({ protocol: 'tcp', ports: [[8_000, 9_000]] });
const BASE: Objects = {
  'rule/exact': exact,
  'rule/range': range,
  'rule/echo': ruleOf({ enabled: false }),
};

const TIME = { seconds: 60, leftSeconds: 60 };

const lanesWith = (objects: Objects) => lanesOf(siteOf(viewOf(MEMBERS, objects)));
const desiredOf = (now: Objects, trial: Objects | null = null): NonNullable<FirewallDesired> => ({
  ...{ interface: 'cnsmo0', now: lanesWith(now), tried: [], seed: 0 },
  withheld: new Map(),
  trial: trial === null ? null : { id: 't1', lanes: lanesWith(trial), ...TIME },
});

/** What the kernel would list, had every rule and element with a counter counted this often. */
function observedOf(desired: NonNullable<FirewallDesired>, packets: number): ObservedTable {
  const table = tableOf(desired, { now: 1, trial: 2 });
  const hasCounter = (expr: readonly object[]) => expr.some((each) => 'counter' in each);
  const counted = (isCounted: boolean) =>
    isCounted ? { packets, bytes: 10 * packets } : { packets: 0, bytes: 0 };
  return {
    counters: new Map(),
    chains: new Map(
      table.chains.map(({ name, rules }) => [
        name,
        {
          words: '',
          rules: rules.map(({ comment, expr }) => ({
            ...{ words: '', comment: comment ?? null },
            ...counted(hasCounter(expr)),
          })),
        },
      ]),
    ),
    sets: new Map(
      table.sets.map(({ name, kind, isCounted, elements }) => [
        name,
        {
          ...{ kind, words: '' },
          elements: new Map(
            [...elements].map(([text, { key }]) => [
              text,
              { ...{ key, words: '', timeout: null, expires: null }, ...counted(isCounted) },
            ]),
          ),
        },
      ]),
    ),
  };
}

const path = (name: string): string => `intent/firewall/${name}`;
const added = (steps: readonly object[]) =>
  steps.flatMap((step) => {
    const { add } = step as { add?: { counter?: { name: string; packets: number } } };
    return add?.counter === undefined ? [] : [[add.counter.name, add.counter.packets]];
  });

test('counts: by rule, of both sides while a change is on trial', () => {
  // Goal: what decided is named. Method: each counter 5; an exact rule has two elements, a range a
  // rule for each way; the trial has as many. A rule that is called like a guard counts nothing.
  const alone = desiredOf(BASE);
  const found = countsOf(alone, observedOf(alone, 5));
  assert.deepEqual(found, {
    [path('rule/exact')]: { packets: 10, bytes: 100 },
    [path('rule/range')]: { packets: 10, bytes: 100 },
  });
  const both = desiredOf(BASE, { ...BASE, 'default/mesh-in': { action: 'deny' } });
  const tried = countsOf(both, observedOf(both, 5));
  assert.equal(tried[path('rule/exact')]?.packets, 20);
  assert.equal(tried[path('default/mesh-in')]?.packets, 10);
});

test('counts: what a transaction takes away is kept by name', () => {
  // Goal: counters go on. Method: the whole table made anew after a trial that was confirmed, and
  // one that was not; then the chain of one lane; the sum stays what it was.
  const denied = { ...BASE, 'default/mesh-in': { action: 'deny' } };
  const there = observedOf(desiredOf(BASE, denied), 5);
  const kept = added(keepSteps(desiredOf(denied), there, null));
  assert.deepEqual(Object.fromEntries(kept), {
    'kept/rule/exact': 20,
    'kept/rule/range': 20,
    'kept/default/mesh-in': 10,
  });
  const reverted = added(keepSteps(desiredOf(BASE), there, null));
  assert.deepEqual(Object.fromEntries(reverted), { 'kept/rule/exact': 20, 'kept/rule/range': 20 });

  const now = observedOf(desiredOf(BASE), 3);
  const old = { ...now, counters: new Map([['kept/rule/range', { packets: 7, bytes: 70 }]]) };
  const chain = now.chains.get('now/mesh-in');
  assert.ok(chain !== undefined);
  const gone = { chains: new Map([['now/mesh-in', chain]]), sets: new Map(), counters: new Map() };
  assert.deepEqual(keepSteps(desiredOf(BASE), old, gone), [
    { delete: { counter: { family: 'inet', table: 'cnsmo', name: 'kept/rule/range' } } },
    {
      add: {
        counter: {
          ...{ family: 'inet', table: 'cnsmo', name: 'kept/rule/range' },
          ...{ packets: 10, bytes: 100 },
        },
      },
    },
  ]);
  const nothing = { chains: new Map(), sets: new Map(), counters: new Map() };
  assert.deepEqual(keepSteps(desiredOf(BASE), old, nothing), []);
});

test('counts: a rule that is deleted takes its count with it', () => {
  // Goal: the same name later begins at 0. Method: a kept counter of a rule that is not wanted.
  const { 'rule/range': _gone, ...rest } = BASE;
  const there = {
    ...observedOf(desiredOf(rest), 0),
    counters: new Map([['kept/rule/range', { packets: 7, bytes: 70 }]]),
  };
  const nothing = { chains: new Map(), sets: new Map(), counters: new Map() };
  assert.deepEqual(keepSteps(desiredOf(rest), there, nothing), [
    { delete: { counter: { family: 'inet', table: 'cnsmo', name: 'kept/rule/range' } } },
  ]);
});

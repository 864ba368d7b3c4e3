/**
 * Rule: firewall checks — policy tests: what must pass and what must not, kept in the document; a
 * change that breaks one is refused.
 *
 * A test is tried on everybody whom its selectors mean, by all addresses of both families, and of
 * prefixes on all parts that a rule tells apart.
 */
import { finish, type Meter, UNMETERED } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
import type { Scene } from '../../verb.ts';
import type { Flow } from '../judge.ts';
import { policyOf, type Test } from '../policy.ts';
import { bordersOf } from './borders.ts';
import { type End, endName, endsOf, flowsOf, stepsOf } from './ends.ts';
import { refuse } from './refuse.ts';
import { type Court, openCourt } from './sites.ts';

/** What came of a test. `failures`: the first connections that went otherwise than expected. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** Connections that were judged. */
  readonly tried: number;
  readonly failures: readonly string[];
}

/**
 * Most connections that one test is tried on: of 250 members with each other in both families. One
 * that means more fails, by saying so.
 */
const FLOWS_MAX = 131_072;
/** Most failures that a test names. */
const FAILURES_MAX = 5;
/** Time that a connection takes to be judged on its way. Unit: ms, as measured. */
const FLOW_MS = 0.01;

/** Tries the tests of a view by its rules. */
export const runTests = (scene: Scene, view: View): readonly Outcome[] =>
  finish(runTestsInPieces(scene, view, UNMETERED));

function* runTestsInPieces(
  scene: Scene,
  view: View,
  meter: Meter,
): Generator<void, readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const court = openCourt(scene, view);
  for (const test of policyOf(view).tests) outcomes.push(yield* runTest(court, view, test, meter));
  return outcomes;
}

function* runTest(court: Court, view: View, test: Test, meter: Meter): Generator<void, Outcome> {
  const { name, zone, expect } = test;
  const failures: string[] = [];
  let tried = 0;
  for (const { from, to, flow } of waysOf(view, test)) {
    if (tried >= FLOWS_MAX) {
      failures.unshift(`it means more than ${FLOWS_MAX} connections: name fewer`);
      break;
    }
    tried += 1;
    if (meter.isDue(FLOW_MS)) yield;
    const { stop } = stepsOf(court, [from, to], zone, flow);
    if ((stop === null) === (expect === 'allow') || failures.length >= FAILURES_MAX) continue;
    const who = stop === null ? 'nothing stops it' : `stopped at ${stop.member}`;
    failures.push(`${endName(from)} to ${endName(to)}${byText(from, to, flow)}: ${who}`);
  }
  return { name, passed: failures.length === 0, tried, failures: failures.slice(0, FAILURES_MAX) };
}

/** By which addresses, where the names do not say it. */
const byText = (from: End, to: End, { source, destination }: Flow): string =>
  from.kind === 'member' || to.kind === 'member' ? ` (${source} to ${destination})` : '';

function* waysOf(view: View, { from, to, zone, protocol, value }: Test) {
  const probe = { protocol, value };
  const borders = bordersOf(view, zone, probe);
  const ends = endsOf(view, to, zone, borders);
  for (const one of endsOf(view, from, zone, borders)) {
    for (const other of ends) {
      if (endName(one) === endName(other)) continue;
      for (const flow of flowsOf(one, other, zone, probe)) yield { from: one, to: other, flow };
    }
  }
}

/** Fault 'refused' when a test fails after a change that did not fail before. In pieces. */
export function* mustPassTests(scene: Scene, after: View, meter: Meter): Generator<void, void> {
  if (policyOf(after).tests.length === 0) return;
  const outcomes = yield* runTestsInPieces(scene, after, meter);
  const failed = outcomes.filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const old = yield* runTestsInPieces(scene, scene.view, meter);
  const before = new Map(old.map((each) => [each.name, each.passed]));
  const broken = failed.find(({ name }) => before.get(name) !== false);
  if (broken === undefined) return;
  const why = `would fail: ${broken.failures[0] ?? ''}`;
  const remedy = 'change the rule, or delete the test: cnsmo firewall test delete';
  throw refuse('test', broken.name, why, remedy);
}

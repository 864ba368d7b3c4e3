/**
 * Rule: firewall checks — policy tests: what must pass and what must not, kept in the document; a
 * change that breaks one is refused.
 */
import * as z from 'zod/mini';
import { readRecord } from '../../../crdt/records.ts';
import type { View } from '../../../crdt/view.ts';
import type { Scene } from '../../verb.ts';
import { selector, ZONES } from '../schemas.table.ts';
import { endName, endsOf, flowOf, stepsOf } from './ends.ts';
import { refuse } from './refuse.ts';
import { type Court, openCourt } from './sites.ts';

const number = z.int('must be an integer').check(z.gte(0), z.lte(65_535));

/** `intent/firewall/test/<name>`. `value`: a port, or a type of ICMP. */
export const testSchema = z.strictObject({
  from: selector,
  to: selector,
  zone: z.enum(ZONES),
  protocol: z.enum(['tcp', 'udp', 'icmp', 'icmpv6']),
  value: number,
  expect: z.enum(['allow', 'deny'], 'must be allow or deny'),
});
export type TestRecord = z.infer<typeof testSchema>;

/** A test as it stands in the document. */
export interface Test extends TestRecord {
  readonly name: string;
}

/** What came of a test. `failures`: the first connections that went otherwise than expected. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  /** Connections that were judged. */
  readonly tried: number;
  readonly failures: readonly string[];
}

/** Most connections that one test is tried on, and most failures that it names. */
const PAIRS_MAX = 4_096;
const FAILURES_MAX = 5;

/** The tests of a view that can be read, by name. */
export const testsOf = ({ intent }: View): readonly Test[] =>
  intent.flatMap(({ service, kind, name, value }) => {
    if (service !== 'firewall' || kind !== 'test') return [];
    const read = readRecord(testSchema, value);
    return read.ok ? [{ ...read.value, name }] : [];
  });

/** Tries the tests of a view by its rules. */
export const runTests = (scene: Scene, view: View): readonly Outcome[] => {
  const tests = testsOf(view);
  const court = openCourt(scene, view);
  return tests.map((test) => runTest(court, view, test));
};

const runTest = (court: Court, view: View, test: Test): Outcome => {
  const { name, zone, protocol, value, expect } = test;
  const failures: string[] = [];
  let tried = 0;
  for (const from of endsOf(view, test.from)) {
    for (const to of endsOf(view, test.to)) {
      if (endName(from) === endName(to) || tried >= PAIRS_MAX) continue;
      const flow = flowOf(from, to, zone, { protocol, value });
      if (flow === null) continue;
      tried += 1;
      const { stop } = stepsOf(court, [from, to], zone, flow);
      if ((stop === null) === (expect === 'allow')) continue;
      const who = stop === null ? 'nothing stops it' : `stopped at ${stop.member}`;
      failures.push(`${endName(from)} to ${endName(to)}: ${who}`);
    }
  }
  const passed = failures.length === 0;
  return { name, passed, tried, failures: failures.slice(0, FAILURES_MAX) };
};

/** Fault 'refused' when a test fails after a change that did not fail before. */
export function mustPassTests(scene: Scene, after: View): void {
  if (testsOf(after).length === 0) return;
  const failed = runTests(scene, after).filter(({ passed }) => !passed);
  if (failed.length === 0) return;
  const before = new Map(runTests(scene, scene.view).map((each) => [each.name, each.passed]));
  const broken = failed.find(({ name }) => before.get(name) !== false);
  if (broken === undefined) return;
  const why = `would fail: ${broken.failures[0] ?? ''}`;
  const remedy = 'change the rule, or delete the test: cnsmo firewall test delete';
  throw refuse('test', broken.name, why, remedy);
}

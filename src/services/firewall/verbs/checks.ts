/**
 * Rule: firewall checks — policy tests: what must pass and what must not, kept in the document; a
 * change that breaks one is refused.
 *
 * 1. A test is tried on everybody whom its selectors mean, by all addresses of both families, and
 *    of prefixes on all parts that a rule tells apart. At a member at least: between two addresses
 *    outside nobody decides.
 * 2. Only what a change breaks is held against it: a connection that went wrong before, and that
 *    the same test meant before, may go wrong after it. All others are still guarded.
 * 3. A test that cannot be tried whole says so: one that means nobody, and one that means too many,
 *    of which the first are tried. No change may bring about either. Members that join may: then
 *    changes pass that break nothing of what is tried, and are told of it.
 */
import type { Meter } from '../../../crdt/meter.ts';
import { isSameData } from '../../../crdt/same-data.ts';
import type { View } from '../../../crdt/view.ts';
import { refuse } from '../../refuse.ts';
import type { Scene } from '../../verb.ts';
import type { Flow } from '../judge.ts';
import { policyOf, type Test } from '../policy.ts';
import { bordersOf } from './borders.ts';
import {
  countAddresses,
  type End,
  endName,
  endsOf,
  familiesOf,
  flowsOf,
  openMeaning,
  stepsOf,
} from './ends.ts';
import { type Court, openCourt } from './sites.ts';

/** What came of a test. `failures`: the first connections that went otherwise than expected. */
export interface Outcome {
  readonly name: string;
  readonly result: 'passes' | 'fails' | 'means nobody' | 'means too many';
  /** Whether it passes: no other result is that. */
  readonly passed: boolean;
  /** Connections that were judged. */
  readonly tried: number;
  readonly failures: readonly string[];
}

/** Most connections that one test is tried on: of 256 members with each other in both families. */
const FLOWS_MAX = 131_072;
/** Most failures that a test names. */
const FAILURES_MAX = 5;
/** Time that a connection takes to be judged on its way. Unit: ms, as measured. */
const FLOW_MS = 0.01;

const TOO_MANY = `it means more than ${FLOWS_MAX} connections`;
const TOO_MANY_REMEDY = 'delete it, and add some that name fewer: cnsmo firewall test delete';

/** Tries the tests of a view by its rules. In pieces. */
export function* runTests(scene: Scene, view: View, meter: Meter) {
  const court = openCourt(scene, view);
  const outcomes: Outcome[] = [];
  for (const test of policyOf(view).tests) outcomes.push(yield* runTest(court, view, test, meter));
  return outcomes;
}

function* runTest(court: Court, view: View, test: Test, meter: Meter): Generator<void, Outcome> {
  const failures: string[] = [];
  const work = failuresOf(court, view, test, meter);
  let step = work.next();
  for (; step.done !== true; step = work.next()) {
    if (step.value === null) yield;
    else if (failures.length < FAILURES_MAX) failures.push(failureText(step.value));
  }
  const { tried, isCut } = step.value;
  if (isCut) failures.push(`${TOO_MANY}, and only the first are tried; ${TOO_MANY_REMEDY}`);
  const untried = isCut ? 'means too many' : tried === 0 ? 'means nobody' : null;
  const result = untried ?? (failures.length > 0 ? 'fails' : 'passes');
  return { name: test.name, result, passed: result === 'passes', tried, failures };
}

/** A connection that a test means. */
interface Way {
  readonly from: End;
  readonly to: End;
  readonly flow: Flow;
}

/** One that goes otherwise than expected. `at`: who stops it; null: nobody. */
interface Failure extends Way {
  readonly at: string | null;
}

const failureText = ({ from, to, flow, at }: Failure): string => {
  const who = at === null ? 'nothing stops it' : `stopped at ${at}`;
  return `${endName(from)} to ${endName(to)}${byText(from, to, flow)}: ${who}`;
};

/** By which addresses, where the names do not say it. */
const byText = (from: End, to: End, { source, destination }: Flow): string =>
  from.kind === 'member' || to.kind === 'member' ? ` (${source} to ${destination})` : '';

const failureAt = (court: Court, { zone, expect }: Test, way: Way): Failure | null => {
  const { stop } = stepsOf(court, [way.from, way.to], zone, way.flow);
  return (stop === null) === (expect === 'allow') ? null : { ...way, at: stop?.member ?? null };
};

/**
 * The failures of a test one by one, null where a pause is due. `isCut`: it means too many, and no
 * more than the first were tried.
 */
function* failuresOf(
  court: Court,
  view: View,
  test: Test,
  meter: Meter,
): Generator<Failure | null, { readonly tried: number; readonly isCut: boolean }> {
  let tried = 0;
  for (const way of waysOf(view, test)) {
    if (tried === FLOWS_MAX) break;
    tried += 1;
    if (meter.isDue(FLOW_MS)) yield null;
    const failure = failureAt(court, test, way);
    if (failure !== null) yield failure;
  }
  return { tried, isCut: meansTooMany(view, test) };
}

const meansTooMany = (view: View, test: Test): boolean => countWays(view, test) > FLOWS_MAX;

function* waysOf(view: View, test: Test): Generator<Way> {
  const { sources, targets, probe } = endsIn(view, test);
  const members = targets.filter(isMember);
  for (const from of sources) {
    for (const to of isMember(from) ? targets : members) {
      if (endName(from) === endName(to)) continue;
      for (const flow of flowsOf(from, to, test.zone, probe)) yield { from, to, flow };
    }
  }
}

/** How many there are; who stands at both ends is counted with itself. */
const countWays = (view: View, test: Test): number => {
  const { sources, targets, probe } = endsIn(view, test);
  const count = (from: readonly End[], to: readonly End[]): number =>
    familiesOf(probe)
      .map((each) => [from, to].map((ends) => countAddresses(ends, test.zone, each)))
      .reduce((sum, [some = 0, others = 0]) => sum + some * others, 0);
  const [outside, beyond] = [sources, targets].map((ends) => ends.filter((end) => !isMember(end)));
  return count(sources, targets) - count(outside ?? [], beyond ?? []);
};

const isMember = ({ kind }: End): boolean => kind === 'member';

const endsIn = (view: View, { from, to, zone, protocol, value }: Test) => {
  const probe = { protocol, value };
  const borders = bordersOf(view, zone, probe);
  const sources = endsOf(view, from, zone, borders);
  return { sources, targets: endsOf(view, to, zone, borders), probe };
};

/** Whether a test means no connection at which a member decides. */
export const meansNobody = (view: View, test: Test): boolean =>
  waysOf(view, test).next().done === true;

/** Whether each end of a test is somebody: then it never means anybody, or the same alone. */
const areEndsThere = (view: View, { from, to, zone }: Test): boolean =>
  [from, to].every((selector) => endsOf(view, selector, zone, []).length > 0);

const REMEDY = 'change the rule, or delete the test: cnsmo firewall test delete';

/**
 * Fault 'refused' when a change breaks a test: see the invariants. In pieces. What a person should
 * know of tests that could not be tried whole, a line for each.
 */
export function* mustPassTests(
  scene: Scene,
  after: View,
  meter: Meter,
): Generator<void, readonly string[]> {
  const { tests } = policyOf(after);
  if (tests.length === 0) return [];
  const untried: string[] = [];
  const court = openCourt(scene, after);
  const past = openPast(scene);
  for (const test of tests) {
    if (meansTooMany(after, test) && !past.meantTooMany(test)) {
      throw refuse('test', test.name, `could not be tried whole: ${TOO_MANY}`, TOO_MANY_REMEDY);
    }
    const work = failuresOf(court, after, test, meter);
    let step = work.next();
    for (; step.done !== true; step = work.next()) {
      if (step.value === null || meter.isDue(FLOW_MS)) yield;
      if (step.value === null || past.hadFailure(test, step.value)) continue;
      throw refuse('test', test.name, `would fail: ${failureText(step.value)}`, REMEDY);
    }
    const { tried, isCut } = step.value;
    if (isCut) {
      untried.push(`Test ${test.name} was tried in part: ${TOO_MANY}; ${TOO_MANY_REMEDY}.`);
    }
    if (tried === 0) mustMeanSomebody(scene.view, after, test, past.has(test));
  }
  return untried;
}

/** `isOld`: the test was there before. One for members that are yet to come may be added. */
const mustMeanSomebody = (before: View, after: View, test: Test, isOld: boolean): void => {
  if (isOld && !meansNobody(before, test)) {
    throw refuse('test', test.name, 'would mean nobody any more, and guard nothing', REMEDY);
  }
  if (isOld || !areEndsThere(after, test)) return;
  const why = 'means no connection at which a member decides';
  throw refuse('test', test.name, why, 'name a member at one end, by name or by label');
};

/** What was, as far as tests go. */
const openPast = (scene: Scene) => {
  const { view } = scene;
  const court = openCourt(scene, view);
  const tests = new Map(policyOf(view).tests.map((test) => [test.name, openPastTest(view, test)]));
  const members = new Map(view.members.map((member) => [member.id, member]));
  const endThen = (end: End): End | null => {
    if (end.kind === 'address') return end;
    const member = members.get(end.member.id);
    return member === undefined ? null : { kind: 'member', member };
  };
  const sameOf = (test: Test): PastTest | null => {
    const past = tests.get(test.name);
    return past !== undefined && isSameData(past.test, test) ? past : null;
  };
  return {
    /** Whether there was this very test. */
    has: (test: Test): boolean => sameOf(test) !== null,
    /** Whether it meant too many then. */
    meantTooMany: (test: Test): boolean => sameOf(test) !== null && meansTooMany(view, test),
    /** Whether it meant this connection, and that failed. */
    hadFailure: (test: Test, { from, to, flow }: Failure): boolean => {
      const [one, other] = [endThen(from), endThen(to)];
      if (one === null || other === null || sameOf(test)?.means(one, other) !== true) return false;
      return failureAt(court, test, { from: one, to: other, flow }) !== null;
    },
  };
};

interface PastTest {
  readonly test: Test;
  readonly means: (from: End, to: End) => boolean;
}

const openPastTest = (view: View, test: Test): PastTest => {
  const { from, to, zone } = test;
  const open = () => [openMeaning(view, from, zone), openMeaning(view, to, zone)] as const;
  let opened: ReturnType<typeof open> | null = null;
  return {
    test,
    means: (one, other) => {
      opened ??= open();
      return opened[0](one) && opened[1](other);
    },
  };
};

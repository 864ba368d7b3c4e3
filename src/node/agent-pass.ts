/**
 * Loop: agent pass — one time round for a service: observe, plan, diff, apply, verify; and on from
 * there as long as the verifying read-back asks for something that was not tried yet.
 *
 * 1. The verifying read-back is judged by the same view and self as the plan: what arrives in
 *    between is the next pass's work and not a failure of this one.
 * 2. A tool that fails, hangs or is missing is an outcome, never an exception.
 * 3. Drift is what neither the state nor time explains: the commands that the read-back of the last
 *    time in step would not ask for today.
 */
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { HostResult, Log, Ports } from '../ports.ts';
import type { Command, NodeSelf, Problem, Self, Service, Summary } from '../services/service.ts';
import { type Applied, type ApplyContext, apply, describe } from './apply.ts';
import { isInStep, type Outcome } from './rules/pace.ts';

/** What a pass needs of its node. */
export interface PassContext extends ApplyContext {
  readonly view: () => View;
  readonly self: () => NodeSelf | Promise<NodeSelf>;
}

/** What came of a pass. */
export interface PassResult extends Outcome {
  /** Commands that did not fail. */
  readonly changes: number;
  /** Null when the host could not be read. */
  readonly summary: Summary | null;
}

/** What was seen on the host, and the commands that it asks for. */
interface Look<Observed> {
  readonly failure: Problem | null;
  readonly seen: { readonly state: Observed } | null;
  readonly commands: readonly Command[];
  readonly problems: readonly Problem[];
  readonly recheckMs: number | null;
}

/** Commands of one pass after which another begins, so that rules that contradict end up here. */
const COMMANDS_MAX = 1_000;

type PassPorts = Pick<Ports, 'clock' | 'host' | 'process' | 'log'>;

/** Makes the function that goes round once. When `signal` aborts, no further command is begun. */
export function createPass<Desired, Observed>(
  ports: PassPorts,
  service: Service<Desired, Observed>,
  context: PassContext,
): (signal: AbortSignal) => Promise<PassResult> {
  const ageOf = createViewAge();
  let inStep: { readonly state: Observed } | null = null;
  const selfNow = async (view: View): Promise<Self> => {
    const self = await context.self();
    const nowMs = ports.clock.monotonicMs();
    const clocks = { nowMs, wallMs: ports.clock.wallMs(), viewAgeMs: ageOf(view, nowMs) };
    return { ...self, ...clocks, made: context.ledger.ids() };
  };
  return async (signal) => {
    const view = context.view();
    const self = await orFailure(() => selfNow(view));
    if (typeof self === 'string') return failed(self);
    const lookNow = () => look(ports, service, view, { ...self, made: context.ledger.ids() });
    const explained = explainedBy(service, view, self, inStep);
    const tried = new Set<string>();
    let found = await lookNow();
    let changes = 0;
    let failure: Problem | null = null;
    while (failure === null && isProgress(found.commands, tried) && !signal.aborted) {
      for (const command of found.commands) tried.add(textOf(command));
      const applied = await apply(ports, context, found.commands, signal);
      logApplied(ports.log, service.name, { commands: found.commands, applied }, explained);
      changes += applied.changes;
      failure = applied.failure;
      found = await lookNow();
    }
    const result: PassResult = {
      failure: failure ?? found.failure,
      problems: found.problems,
      remaining: found.commands.map(describe),
      recheckMs: found.recheckMs,
      changes,
      summary: found.seen === null ? null : service.summary(found.seen.state, view, self),
    };
    if (isInStep(result)) inStep = found.seen;
    return result;
  };
}

/** What a command makes may need another at once; what was tried in vain is for a later pass. */
const isProgress = (commands: readonly Command[], tried: ReadonlySet<string>): boolean =>
  commands.length > 0 &&
  tried.size < COMMANDS_MAX &&
  !commands.some((each) => tried.has(textOf(each)));

const failed = (failure: Problem): PassResult => ({
  failure,
  problems: [],
  remaining: [],
  recheckMs: null,
  changes: 0,
  summary: null,
});

/** How long the view is as it is. Compared by content, for a view is computed anew now and then. */
const createViewAge = (): ((view: View, nowMs: number) => number) => {
  let known: { readonly view: View; readonly text: string; readonly sinceMs: number } | null = null;
  return (view, nowMs) => {
    if (view !== known?.view) {
      const text = JSON.stringify(view);
      const sinceMs = text === known?.text ? known.sinceMs : nowMs;
      known = { view, text, sinceMs };
    }
    return nowMs - known.sinceMs;
  };
};

/** Reads the host back and asks the rules. With a problem in reading, nothing is planned. */
async function look<Desired, Observed>(
  ports: PassPorts,
  service: Service<Desired, Observed>,
  view: View,
  self: Self,
): Promise<Look<Observed>> {
  const blind = { seen: null, commands: [], problems: [], recheckMs: null };
  const results: Record<string, HostResult> = {};
  for (const { name, argv } of service.probes(self)) {
    const result = await orFailure(() => ports.host.run({ argv }));
    if (typeof result === 'string') return { ...blind, failure: result };
    results[name] = result;
  }
  const read = service.read(results, self);
  const [failure] = read.problems;
  if (failure !== undefined) {
    return { ...blind, failure, problems: read.problems.slice(1), recheckMs: read.recheckMs };
  }
  const planned = service.plan(view, self, read.state);
  return {
    failure: null,
    seen: { state: read.state },
    commands: service.diff(planned.state, read.state),
    problems: planned.problems,
    recheckMs: earlier(read.recheckMs, planned.recheckMs),
  };
}

/** The result, or in words why there is none. What is no Fault is a bug and rises. */
async function orFailure<Result extends object>(
  action: () => Promise<Result>,
): Promise<Result | Problem> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** What the read-back of the last time in step would ask for today; null before there was one. */
const explainedBy = <Desired, Observed>(
  service: Service<Desired, Observed>,
  view: View,
  self: Self,
  inStep: { readonly state: Observed } | null,
): ReadonlySet<string> | null => {
  if (inStep === null) return null;
  const desired = service.plan(view, self, inStep.state).state;
  return new Set(service.diff(desired, inStep.state).map(textOf));
};

const textOf = (command: Command): string => JSON.stringify(command);

const logApplied = (
  log: Log,
  service: string,
  done: { readonly commands: readonly Command[]; readonly applied: Applied },
  explained: ReadonlySet<string> | null,
): void => {
  const { changes, failure } = done.applied;
  const commands = done.commands.slice(0, changes);
  const facts = { service, commands: commands.map(describe) };
  if (failure === null) log.info('host-changed', facts);
  else log.warn('host-refused', { ...facts, failure });
  const drift = explained === null ? [] : commands.filter((each) => !explained.has(textOf(each)));
  if (drift.length > 0) log.warn('drift-repaired', { service, commands: drift.map(describe) });
};

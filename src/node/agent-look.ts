/**
 * Loop: agent look — reads the host back for a service, and asks its rules what that comes to.
 *
 * What rules would take long for is digested in pieces first, between which others have their turn.
 */
import { openMeter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock, HostCommand, HostResult, Ports } from '../ports.ts';
import type { Callers } from '../services/callers.ts';
import type { Command, Probe, Problem, Results, Seen, Self, Service } from '../services/service.ts';
import { inPieces } from './pieces.ts';

/** What was seen on the host, and the commands that it asks for. */
export interface Look<Desired, Observed> {
  readonly failure: Problem | null;
  readonly seen: { readonly state: Observed; readonly desired: Desired } | null;
  readonly commands: readonly Command[];
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  readonly recheckMs: number | null;
  /** It took long, and so may what is made of it. */
  readonly isLong: boolean;
}

export interface LookPorts extends Pick<Ports, 'clock' | 'host' | 'net' | 'process'> {
  /** What was read of others, by the names of probes. */
  readonly ofOthers: Map<string, HostResult>;
  /** Has others call this VM: a line for each that told what came of it. */
  readonly call: (callers: Callers) => Promise<string>;
}

/** What was read last that could be. */
export interface Last<Observed> {
  state: Observed | null;
}

/** Reads the host back and asks the rules. With a problem in reading, nothing is planned. */
export async function look<Desired, Observed>(
  ports: LookPorts & { readonly last: Last<Observed> },
  service: Service<Desired, Observed>,
  view: View,
  self: Self,
): Promise<Look<Desired, Observed>> {
  const blind = { seen: null, commands: [], problems: [], notes: [], recheckMs: null };
  const probed = await probe(ports, service, view, self);
  if (typeof probed === 'string') return { ...blind, failure: probed, isLong: false };
  const { results, isLong } = probed;
  await breathe(ports.clock, isLong);
  const read = service.read(results, self, ports.last.state);
  const [failure] = read.problems;
  if (failure !== undefined) {
    const problems = read.problems.slice(1);
    return { ...blind, failure, problems, recheckMs: read.recheckMs, isLong };
  }
  ports.last.state = read.state;
  await breathe(ports.clock, isLong);
  const planned = service.plan(view, self, read.state);
  await breathe(ports.clock, isLong);
  const commands = service.diff(planned.state, read.state);
  await breathe(ports.clock, isLong);
  return {
    failure: null,
    seen: { state: read.state, desired: planned.state },
    commands,
    problems: planned.problems,
    notes: planned.notes ?? [],
    recheckMs: earlier(read.recheckMs, planned.recheckMs),
    isLong,
  };
}

/** Runs the probes, those that are known at the same time, until none is left; or why not. */
async function probe<Desired, Observed>(
  ports: LookPorts & { readonly last: Last<Observed> },
  service: Service<Desired, Observed>,
  view: View,
  self: Self,
): Promise<{ readonly results: Results; readonly isLong: boolean } | Problem> {
  let isLong = isLarge(view);
  const results: Record<string, HostResult> = {};
  for (;;) {
    const matter = { view, self, results, before: ports.last.state };
    isLong = (await digested(ports.clock, service, matter)) || isLong;
    const next = service.probes(self, view, results).filter(({ name }) => !(name in results));
    if (next.length === 0) return { results, isLong };
    const found = await Promise.all(next.map((each) => probeOne(ports, each)));
    for (const [index, { name }] of next.entries()) {
      const result = found[index];
      if (result === undefined || typeof result === 'string') return result ?? name;
      results[name] = result;
    }
  }
}

async function probeOne(
  { host, net, process, ofOthers, call }: LookPorts,
  each: Probe,
): Promise<HostResult | Problem> {
  if ('process' in each) {
    const answer = await orFailure(async () => ({
      said: await process.ask(each.process, each.line),
    }));
    if (typeof answer === 'string') return answer;
    return { status: answer.said === null ? 1 : 0, stdout: answer.said ?? '', stderr: '' };
  }
  if ('sign' in each) return { status: 0, stdout: await net.glance(each.sign), stderr: '' };
  if ('callers' in each) return { status: 0, stdout: await call(each.callers), stderr: '' };
  const { name, argv, stdin, isOfOthers = false } = each;
  const known = ofOthers.get(name);
  if (known !== undefined) return known;
  const input = stdin === undefined ? {} : { stdin: new TextEncoder().encode(stdin) };
  const command: HostCommand = { argv, ...input };
  const result = await orFailure(() => host.run(command));
  if (isOfOthers && typeof result !== 'string') ofOthers.set(name, result);
  return result;
}

/** The result, or in words why there is none. What is no Fault is a bug and rises. */
export async function orFailure<Result extends object>(
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

/** What is looked at. */
interface Matter<Observed> extends Seen<Observed> {
  readonly view: View;
  readonly self: Self;
}

/** Has a service work out in pieces what it will be asked for; tells whether that took long. */
export async function digested<Desired, Observed>(
  clock: Clock,
  service: Service<Desired, Observed>,
  { view, self, ...seen }: Matter<Observed>,
): Promise<boolean> {
  let isLong = false;
  const work = service.digest?.(view, self, seen, openMeter(clock.monotonicMs));
  if (work === undefined) return false;
  await inPieces(clock, work, () => {
    isLong = true;
  });
  return isLong;
}

/** Objects, and members, of which rules make much even where nothing new is to be digested. */
const INTENTS_MANY = 500;
const MEMBERS_MANY = 100;

/** Whether what rules make of a view may take long. */
export const isLarge = ({ intent, members }: View): boolean =>
  intent.length >= INTENTS_MANY || members.length >= MEMBERS_MANY;

/** After long work others have their turn before more is made of it. */
export async function breathe(clock: Pick<Clock, 'sleep'>, isLong: boolean): Promise<void> {
  if (isLong) await clock.sleep(0, new AbortController().signal);
}

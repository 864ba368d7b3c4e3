/**
 * Loop: agent pass — one time round for a service: observe, plan, diff, apply, verify; and on from
 * there as long as the verifying read-back asks for something that was not tried yet.
 *
 * 1. The verifying read-back is judged by the same view and self as the plan: what arrives in
 *    between is the next pass's work and not a failure of this one.
 * 2. A tool that fails, hangs or is missing is an outcome, never an exception.
 * 3. Drift is what neither the state nor time nor a change of the underlay explains: what the plan
 *    for the host as it was last in step finds wrong now, and would not have found wrong then. Only
 *    the first look of a repair tells it: what follows until all is in step is our own doing.
 * 4. What news was foreseen to ask for and may be done blindly is done before the first look.
 */
import type { View } from '../crdt/view.ts';
import type { Ports } from '../ports.ts';
import type {
  Command,
  Found,
  Problem,
  Self,
  Service,
  Signs,
  Summary,
} from '../services/service.ts';
import { openHands } from './agent-hands.ts';
import {
  breathe,
  digested,
  type Last,
  type Look,
  type LookPorts,
  look,
  orFailure,
} from './agent-look.ts';
import { createRecall, type Recall, type Recalled } from './agent-recall.ts';
import { createSelf, type SelfContext } from './agent-self.ts';
import { type ApplyContext, describe } from './apply.ts';
import { isSettled, type Outcome } from './rules/pace.ts';

/** What a pass needs of its node. */
export interface PassContext extends ApplyContext, SelfContext, Pick<LookPorts, 'call'> {
  readonly view: () => View;
}

/** What came of a pass. */
export interface PassResult extends Outcome {
  /** Commands that did not fail. */
  readonly changes: number;
  /** What somebody had changed by hand, and was repaired. */
  readonly drift: Found;
  /** What to expect of the host as long as nobody touches it; empty when it is not in step. */
  readonly signs: Signs;
  /** Null when the host could not be read. */
  readonly summary: Summary | null;
  /** What is to be loaded at boot; undefined when the host is not in step, or nothing changed. */
  readonly boot: string | null | undefined;
}

/** Commands of one pass after which another begins, so that rules that contradict end up here. */
const COMMANDS_MAX = 1_000;
/** Rounds of one pass likewise: a transaction may differ each time and do as little. */
const ROUNDS_MAX = 10;

type PassPorts = Pick<Ports, 'clock' | 'host' | 'net' | 'process' | 'log'>;
type RunPorts<Observed> = PassPorts & LookPorts & { readonly last: Last<Observed> };

/** Waits so long, ms, or until there is more to do. */
type Lull = (durationMs: number, signal: AbortSignal) => Promise<void>;

/**
 * From what was done blindly to the look at it. Unit: ms. Long enough for the other VMs of one
 * machine to do the same first, and for our own echo of the monitor to need no look of its own.
 */
const BLIND_MS = 250;

/** What an agent does time and again. */
export interface Pass {
  /**
   * Goes round once. When `signal` aborts, no further command is begun. `lull`: news of the state
   * alone led to it, and so a look may be put off; else null.
   */
  readonly run: (signal: AbortSignal, lull: Lull | null) => Promise<PassResult>;
  /** What that would come to if it is to change nothing; null when it has to be run. */
  readonly foresee: () => Promise<Recalled | null>;
}

/** The pass of one service; nothing was read of the host yet. */
export function createPass<Desired, Observed>(
  ports: PassPorts,
  service: Service<Desired, Observed>,
  context: PassContext,
): Pass {
  const selfNow = createSelf(ports, context);
  const recall = createRecall(ports.clock, service);
  const last: Last<Observed> = { state: null };
  const runPorts = { ...ports, ofOthers: new Map(), last, call: context.call };
  return {
    run: createRun(runPorts, service, context, { selfNow, recall }),
    foresee: async () => {
      const view = context.view();
      const self = await orFailure(() => selfNow(view));
      if (typeof self === 'string') return null;
      await digested(ports.clock, service, { view, self, results: {}, before: last.state });
      return await recall.foresee(view, self);
    },
  };
}

interface Memories<Observed> {
  readonly selfNow: (view: View) => Promise<Self>;
  readonly recall: Recall<Observed>;
}

function createRun<Desired, Observed>(
  ports: RunPorts<Observed>,
  service: Service<Desired, Observed>,
  context: PassContext,
  { selfNow, recall }: Memories<Observed>,
): Pass['run'] {
  const memory = createDriftMemory(ports.clock, service);
  let isKept = false;
  return async (signal, lull) => {
    const view = context.view();
    const blindly = lull === null ? [] : recall.blindly(view);
    recall.note(null);
    if (lull === null) ports.ofOthers.clear();
    const self = await orFailure(() => selfNow(view));
    if (typeof self === 'string') return failed(self);
    const lookNow = () => look(ports, service, view, { ...self, made: context.ledger.ids() });
    const tried = new Set<string>();
    const hands = openHands(ports, service.name, context, signal);
    let failure: Problem | null = null;
    // Where that fails, the look tells what to do instead.
    if ((await hands.carryOut(blindly)) === null && blindly.length > 0)
      await lull?.(BLIND_MS, signal);
    let found = await lookNow();
    const before = hands.changes();
    const drift = await memory.driftOf(found, view, self);
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if (failure !== null || !isProgress(found.commands, tried) || signal.aborted) break;
      for (const command of found.commands) tried.add(textOf(command));
      failure = await hands.carryOut(found.commands);
      found = await lookNow();
    }
    const changes = hands.changes();
    const told = changes > before ? drift : [];
    const { seen, problems, notes, recheckMs } = found;
    const remaining = found.commands.map(describe);
    failure ??= found.failure;
    const outcome = { failure, problems, notes, remaining, recheckMs };
    const isDone = isSettled(outcome);
    if (told.length > 0) ports.log.warn('drift-repaired', { service: service.name, found: told });
    const inStep = isDone ? seen : null;
    memory.note(inStep?.state ?? null, changes);
    const signs = inStep === null ? [] : service.signs(inStep.desired, inStep.state, view, self);
    recall.note(inStep && { state: inStep.state, problems, notes, signs, wallMs: self.wallMs });
    await breathe(ports.clock, found.isLong);
    const summary = seen === null ? null : service.summary(seen.state, view, self);
    const isOther = isDone && (changes > 0 || !isKept);
    const boot = isOther ? await bootOf(ports, service, found) : undefined;
    isKept ||= isDone;
    return { ...outcome, changes, drift: told, signs, summary, boot };
  };
}

/** What is to be loaded at boot, of what was seen. */
async function bootOf<Desired, Observed>(
  { clock }: Pick<Ports, 'clock'>,
  service: Service<Desired, Observed>,
  { seen, isLong }: Look<Desired, Observed>,
): Promise<string | null | undefined> {
  await breathe(clock, isLong);
  return seen === null ? undefined : service.boot?.(seen.desired);
}

/** What a command makes may need another at once; what was tried in vain is for a later pass. */
const isProgress = (commands: readonly Command[], tried: ReadonlySet<string>): boolean =>
  commands.length > 0 &&
  tried.size < COMMANDS_MAX &&
  !commands.some((each) => tried.has(textOf(each)));

const failed = (failure: Problem): PassResult => ({
  failure,
  problems: [],
  notes: [],
  remaining: [],
  recheckMs: null,
  changes: 0,
  drift: [],
  signs: [],
  summary: null,
  boot: undefined,
});

/** What the host was like when nothing was left to do. */
const createDriftMemory = <Desired, Observed>(
  clock: Ports['clock'],
  service: Service<Desired, Observed>,
) => {
  let settled: { readonly state: Observed } | null = null;
  let isChanging = false;
  return {
    /** What is wrong now and neither was nor would have been then; nothing amid own changes. */
    driftOf: async (
      { seen, commands, isLong }: Look<Desired, Observed>,
      view: View,
      self: Self,
    ): Promise<Found> => {
      const wrong = new Set(wordsOf(commands));
      if (settled === null || isChanging || seen === null || wrong.size === 0) return [];
      const wanted = service.plan(view, self, settled.state).state;
      await breathe(clock, isLong);
      const known = new Set(wordsOf(service.diff(wanted, settled.state)));
      await breathe(clock, isLong);
      return wordsOf(service.diff(wanted, seen.state)).filter(
        (word) => wrong.has(word) && !known.has(word),
      );
    },
    /** After a pass. `state`: the host's, when nothing is left to do. */
    note: (state: Observed | null, changes: number): void => {
      if (state !== null) settled = { state };
      isChanging = state === null && (isChanging || changes > 0);
    },
  };
};

const wordsOf = (commands: readonly Command[]): Found =>
  commands.flatMap((command) =>
    command.kind === 'stop' ? [] : (command.found ?? [describe(command)]),
  );

/** What tells one command from another. Text for a tool may be long, and stands as it is. */
const textOf = (command: Command): string => {
  if (command.kind !== 'run' || command.stdin === undefined) return JSON.stringify(command);
  const { argv, stdin } = command;
  return `${JSON.stringify(argv)} ${'text' in stdin ? stdin.text : stdin.secret}`;
};

/**
 * Rule: firewall diff — the one transaction that makes the table as it should be.
 *
 * 1. What is alike stays, with its counters: elements come and go one by one, a chain is written
 *    anew only when its own rules differ. A table with anything of another make is replaced whole.
 * 2. Whatever forbids more than before begins a new generation, and every connection is judged
 *    anew. What only allows more does not.
 * 3. The time of a trial runs in the kernel from its first application: it is never set again, and
 *    where the table is replaced meanwhile, or was taken away, it goes on from what was left. One
 *    that takes the place of another has its own time: the table is made anew.
 */

import type { ObservedTable } from '../nft/observed.ts';
import { changeSteps } from '../nft/steps.ts';
import { changeOf, goneBy, isLoosening, isOfOtherMake, touchedBy } from '../nft/table-change.ts';
import { ACCEPT, elementsOf, type Table } from '../nft/tables.ts';
import { type ElementTime, type NftCommand, textOf } from '../nft/transaction.ts';
import type { Command, Found } from '../service.ts';
import { compile, type Trial } from './compile.ts';
import type { Ruleset } from './compile-side.ts';
import { keepSteps } from './counts.ts';
import { GENERATION_MAX, generationIn } from './generation.ts';
import type { Trialling } from './lane.ts';
import {
  deleteTable,
  FAMILY,
  NAME,
  OPEN_MAP,
  replaceTable,
  TABLE,
  trialMap,
  triedName,
} from './own-table.ts';
import { type FirewallDesired, type FirewallObserved, TABLE_UNDO } from './state.ts';
import { isRunning } from './trial.ts';

type Wanted = NonNullable<FirewallDesired>;

/** The command, or none when in step. */
export const diff = (desired: FirewallDesired, observed: FirewallObserved): readonly Command[] => {
  if (observed.kind === 'no-tool') return [];
  if (desired === null) {
    if (observed.kind === 'missing') return [];
    return [run(deleteTable, ['the table was there'])];
  }
  if (observed.kind === 'missing') {
    const table = tableOf(desired, generationsFor(desired, []));
    return [run(replaceTable(table, timesOf(desired, null)), ['the table was missing'])];
  }
  return change(desired, observed.table);
};

const run = (commands: readonly NftCommand[], found: Found): RunCommand => ({
  kind: 'run',
  argv: ['nft', '-j', '-f', '-'],
  stdin: { text: textOf(commands) },
  found,
  undo: { [TABLE_UNDO]: { kind: 'run', argv: ['nft', 'delete', 'table', FAMILY, NAME] } },
});

/** Sets and elements come, and nothing else; without the table it fails whole. */
const onlyAdds = (steps: readonly NftCommand[]): boolean =>
  steps.every(({ add }) => ADDED.some((kind) => Object.hasOwn(Object(add), kind)));
const ADDED = ['set', 'map', 'element'];

type RunCommand = Extract<Command, { kind: 'run' }>;

interface Generations {
  readonly now: number;
  readonly trial: number;
}

/** The table with what is wanted. */
export const tableOf = (
  { interface: own, now, trial, tried }: Wanted,
  generations: Generations,
): Table => {
  const base: Ruleset = { lanes: now, generation: generations.now };
  const over: Trial | null = trial === null ? null : { ...trial, generation: generations.trial };
  return compile(own, base, over, tried);
};

/** Generations that nobody carries. `used`: those that somebody may. */
const generationsFor = ({ seed }: Wanted, used: readonly number[]): Generations => {
  const next = (after: number): number => {
    const candidate = (after % GENERATION_MAX) + 1;
    return used.includes(candidate) ? next(candidate) : candidate;
  };
  const now = next(used.length === 0 ? seed % GENERATION_MAX : Math.max(...used));
  return { now, trial: (now % GENERATION_MAX) + 1 };
};

const change = (desired: Wanted, observed: ObservedTable): readonly Command[] => {
  const now = generationIn(observed, 'now');
  const trial = generationIn(observed, 'trial');
  const used = [now, trial].flatMap((each) => each ?? []);
  const fresh = generationsFor(desired, used);
  if (trial !== null && desired.trial === null) {
    // An element whose time is over holds its chain until the kernel has collected it.
    // That it was withdrawn is told by the plan, with why.
    const ended = desired.tried.filter(({ why }) => why === null);
    const words = ended.map(({ id }) => `trial ${id} is over, and what was before it holds`);
    return [run(replaceAll(tableOf(desired, fresh), desired, observed), words)];
  }
  const kept = { now: now ?? fresh.now, trial: trial ?? fresh.now };
  const isNew = now === null;
  const first = commandsFor(tableOf(desired, kept), observed, desired);
  if (first.steps.length === 0) return [];
  if (desired.trial !== null && isRunning(observed) && !isBegun(desired.trial, observed)) {
    return [run(replaceAll(tableOf(desired, fresh), desired, observed), first.found)];
  }
  const isThere = desired.trial === null || trial !== null;
  // The trial is a side of its own, with a generation that nobody carries.
  if (!isNew && (first.isLoosening || (first.isOfTrial && !isThere))) {
    const command = run(first.steps, first.found);
    // The time that a trial has left, and counts, are as they were seen.
    const isBlind = first.isLoosening && desired.trial === null && onlyAdds(first.steps);
    return [isBlind ? { ...command, isBlind } : command];
  }
  const { steps } = commandsFor(tableOf(desired, fresh), observed, desired);
  return [run(steps, first.found)];
};

interface Steps {
  readonly steps: readonly NftCommand[];
  readonly found: Found;
  /** It only lets more through. */
  readonly isLoosening: boolean;
  /** It touches nothing but the side on trial. */
  readonly isOfTrial: boolean;
}

const commandsFor = (table: Table, observed: ObservedTable, desired: Wanted): Steps => {
  if (isOfOtherMake(table, observed)) {
    return {
      steps: replaceAll(table, desired, observed),
      found: ['the table was of another make'],
      ...{ isLoosening: false, isOfTrial: false },
    };
  }
  const change = changeOf(table, observed);
  const touched = touchedBy(change);
  const steps = changeSteps(TABLE, change, observed, timesOf(desired, observed));
  return {
    steps:
      steps.length === 0
        ? []
        : [...steps, ...keepSteps(desired, observed, goneBy(change, observed))],
    found: foundIn(touched),
    isLoosening: isLoosening(change),
    isOfTrial: touched.every((name) => /^(?:trial|tried)[-/]/.test(name)),
  };
};

/** Makes the table anew; what somebody opened for a time stays open for the rest of it. */
const replaceAll = (
  table: Table,
  desired: Wanted,
  observed: ObservedTable,
): readonly NftCommand[] => {
  const open = [...(observed.sets.get(OPEN_MAP)?.elements.values() ?? [])];
  const left = Math.min(...open.map(({ expires }) => expires ?? 0));
  const opened = open.map(({ key }) => ({ key, verdict: ACCEPT, rule: null }));
  const times = new Map(timesOf(desired, observed));
  if (left > 0 && open.length > 0) times.set(OPEN_MAP, { timeout: left });
  const sets = table.sets.map((set) =>
    set.name === OPEN_MAP && left > 0 ? { ...set, elements: elementsOf(opened) } : set,
  );
  return [...replaceTable({ ...table, sets }, times), ...keepSteps(desired, observed, null)];
};

/** What was not as it should be, by the names of chains and sets. */
const foundIn = (names: readonly string[]): Found =>
  [...new Set(names)].map((name) => `${NAME} ${name} was not as it should be`);

/** Whether the table tells that it was begun: else the elements of a trial are another one's. */
const isBegun = ({ id }: Trialling, { chains }: ObservedTable): boolean =>
  chains.has(triedName(id));

/** How long elements of the trial live: what is left where it runs already. */
const timesOf = (
  { trial }: Wanted,
  observed: ObservedTable | null,
): ReadonlyMap<string, ElementTime> => {
  if (trial === null) return new Map();
  const its = observed !== null && isBegun(trial, observed) ? observed.sets : null;
  const names = (['prerouting', 'input', 'forward', 'output'] as const).map(trialMap);
  return new Map(
    names.map((name) => {
      const [there] = its?.get(name)?.elements.values() ?? [];
      const left = there?.expires ?? trial.leftSeconds;
      const time = { timeout: trial.seconds };
      return [name, left >= trial.seconds ? time : { ...time, expires: Math.max(1, left) }];
    }),
  );
};

/**
 * Edge: flags — how `npm run sim` was asked, and the line that asks the same again.
 */
import { parseArgs } from 'node:util';
import { BUGS, type Bug } from './bugs.table.ts';
import type { SeedOptions } from './seed.ts';

const FLAGS = {
  seeds: { type: 'string' },
  first: { type: 'string', default: '1' },
  members: { type: 'string', default: '4' },
  minutes: { type: 'string', default: '10' },
  scenario: { type: 'string' },
  bug: { type: 'string' },
  only: { type: 'string' },
  whole: { type: 'boolean', default: false },
  once: { type: 'boolean', default: false },
  trace: { type: 'boolean', default: false },
} as const;

const SEEDS_USUAL = 32;

const HELP = `npm run sim -- [--seeds N] [--first N] [--members N] [--minutes N] [--scenario NAME]
               [--only STEP,STEP…] [--whole] [--once] [--trace]
               [--bug ${Object.keys(BUGS).join('|')}]`;

/** What was asked for. */
export interface Flags extends Omit<SeedOptions, 'seed' | 'onLine'> {
  readonly seeds: number;
  readonly first: number;
  readonly bugName: string | null;
  /** Whether each seed is run once only, not twice to see that it repeats. */
  readonly once: boolean;
  readonly trace: boolean;
}

/** Reads a command line. Throws, with the usage, for what it does not know. */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  const count = (name: 'first' | 'members' | 'minutes'): number => readCount(name, values[name]);
  const { bug: bugName, scenario = null, only } = values;
  const bug = bugName === undefined ? null : BUGS[bugName];
  if (bug === undefined) throw new Error(`--bug ${bugName}: no such bug\n${HELP}`);
  const steps = only?.split(',').filter((word) => word !== '') ?? null;
  return {
    seeds: values.seeds === undefined ? seedsFor(bug) : readCount('seeds', values.seeds),
    first: count('first'),
    vms: count('members'),
    minutes: count('minutes'),
    bug,
    bugName: bugName ?? null,
    scenario,
    only: steps?.map((word) => readCount('only', word)) ?? null,
    isWhole: values.whole,
    once: values.once || bug !== null,
    trace: values.trace,
  };
}

/** A planted bug is looked for until it is found. */
const seedsFor = (bug: Bug | null): number =>
  bug === null ? SEEDS_USUAL : Number.POSITIVE_INFINITY;

function readCount(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new Error(`--${name} ${text}: not a number\n${HELP}`);
}

/** The line that runs one seed again, with these steps of its chaos; null: all. */
export function replayLine(flags: Flags, seed: number, only: readonly number[] | null): string {
  const { vms, minutes, bugName, scenario, isWhole } = flags;
  const words = [
    `npm run sim -- --first ${seed} --seeds 1 --members ${vms} --minutes ${minutes}`,
    scenario === null ? '' : `--scenario ${scenario}`,
    bugName === null ? '' : `--bug ${bugName}`,
    isWhole === true ? '--whole' : '',
    only === null ? '' : `--only ${only.length === 0 ? '0' : only.join()}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

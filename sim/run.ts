/**
 * Edge: run — `npm run sim`: many seeds, each twice, and a line for each.
 *
 * Exit status 1 when a seed fails or does not repeat, with the one line that replays it. With
 * `--bug` it is the other way round: 0 as soon as a seed finds the planted bug.
 */
import { parseArgs } from 'node:util';
import { BUGS } from './bugs.table.ts';
import { runSeed, type SeedOptions, type SeedResult } from './seed.ts';

const FLAGS = {
  seeds: { type: 'string', default: '20' },
  first: { type: 'string', default: '1' },
  members: { type: 'string', default: '4' },
  minutes: { type: 'string', default: '10' },
  scenario: { type: 'string' },
  bug: { type: 'string' },
  trace: { type: 'boolean', default: false },
} as const;

const HELP = `npm run sim -- [--seeds N] [--first N] [--members N] [--minutes N] [--scenario NAME]
               [--bug ${Object.keys(BUGS).join('|')}] [--trace]`;

/** Lines of the trace shown with a failure. */
const SHOWN_LINES = 12;

type Flags = ReturnType<typeof readFlags>;

function readFlags() {
  const { values } = parseArgs({ options: FLAGS });
  const count = (name: 'seeds' | 'first' | 'members' | 'minutes'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name}: not a number\n${HELP}`);
    return value;
  };
  const { bug: bugName, scenario = null } = values;
  const bug = bugName === undefined ? null : BUGS[bugName];
  if (bug === undefined) throw new Error(`--bug ${bugName}: no such bug\n${HELP}`);
  const numbers = { seeds: count('seeds'), first: count('first') };
  const size = { vms: count('members'), minutes: count('minutes') };
  return { ...numbers, ...size, bug, bugName: bugName ?? null, scenario, trace: values.trace };
}

/** Runs a seed twice; a trace that differs is a failure like any other. */
async function runTwice(flags: Flags, seed: number): Promise<SeedResult> {
  const { vms, minutes, bug, scenario } = flags;
  const onLine = flags.trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const options: SeedOptions = { seed, vms, minutes, bug, scenario };
  const result = await runSeed(onLine === undefined ? options : { ...options, onLine });
  if (result.failure !== null) return result;
  const again = await runSeed(options);
  if (again.hash === result.hash) return result;
  return { ...result, failure: `not repeatable: ${result.hash} then ${again.hash}` };
}

function replayLine(flags: Flags, seed: number): string {
  const { vms, minutes, bugName, scenario } = flags;
  const size = `--members ${vms} --minutes ${minutes}`;
  const more = `${scenario === null ? '' : ` --scenario ${scenario}`}`;
  const bug = bugName === null ? '' : ` --bug ${bugName}`;
  return `npm run sim -- --first ${seed} --seeds 1 ${size}${more}${bug}`;
}

async function main(): Promise<number> {
  const flags = readFlags();
  const startMs = performance.now();
  let [ranMs, failed] = [0, 0];
  for (let seed = flags.first; seed < flags.first + flags.seeds; seed += 1) {
    const result = await runTwice(flags, seed);
    ranMs += result.ranMs;
    const verdict = result.failure === null ? 'ok' : 'FAILED';
    const virtualS = Math.round(result.ranMs / 1_000);
    const line = `seed ${seed} ${result.scenario} ${virtualS} s ${result.hash.slice(0, 12)}`;
    process.stdout.write(`${line} ${verdict}\n`);
    if (result.failure === null) continue;
    failed += 1;
    const tail = result.tail.slice(-SHOWN_LINES).map((one) => `  ${one.slice(0, 300)}`);
    process.stdout.write(`${result.failure}\n${tail.join('\n')}\n`);
    process.stdout.write(`replay: ${replayLine(flags, seed)}\n`);
    if (flags.bugName !== null) break;
  }
  const tookS = (performance.now() - startMs) / 1_000;
  const rate = Math.round((2 * ranMs) / 1_000 / tookS);
  process.stdout.write(`${failed} failed; ${rate} simulated seconds per second\n`);
  if (flags.bugName === null) return failed === 0 ? 0 : 1;
  process.stdout.write(`${flags.bugName}: ${failed > 0 ? 'found' : 'NOT found'}\n`);
  return failed > 0 ? 0 : 1;
}

process.exitCode = await main();

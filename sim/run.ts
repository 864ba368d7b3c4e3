/**
 * Edge: run — `npm run sim`: many seeds, each twice, and a line for each.
 *
 * Exit status 1 when a seed fails or does not repeat, with the one line that replays it and the
 * smallest chaos that still fails; where many fail, the later ones have the line that looks for
 * that. With `--bug` it is the other way round: 0 as soon as a seed finds the planted bug, 1 when
 * none has in five minutes.
 */
import './engine.ts';
import { type Flags, readFlags, replayLine } from './flags.ts';
import { loadEditions, runSeed, type SeedOptions, type SeedResult } from './seed.ts';
import { kindOf, openSmaller, shrink } from './shrink.ts';

/** Lines of the trace shown with a failure. */
const SHOWN_LINES = 12;
/** Longest search for a planted bug, on a core of its own. Unit: ms of CPU. Issue 4. */
const SEARCH_MS = 300_000;

/** What all seeds of a run have in common. */
const wishOf = ({
  vms,
  minutes,
  bug,
  scenario,
  only,
  isWhole,
}: Flags): Omit<SeedOptions, 'seed'> => ({
  ...{ vms, minutes, bug, scenario, only },
  ...(isWhole === true ? { isWhole } : {}),
});

/** Whether a seed that fails with a planted bug passes without it: only then the bug is found. */
async function isFound(flags: Flags, seed: number): Promise<boolean> {
  const { failure } = await runSeed({ ...wishOf(flags), seed, bug: null });
  if (failure !== null) process.stdout.write(`seed ${seed} fails without the bug too\n`);
  return failure === null;
}

/** Runs a seed, and mostly once more; a trace that differs is a failure like any other. */
async function runTwice(flags: Flags, seed: number): Promise<SeedResult> {
  const onLine = flags.trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  const options: SeedOptions = { ...wishOf(flags), seed };
  const result = await runSeed(onLine === undefined ? options : { ...options, onLine });
  if (result.failure !== null || flags.once) return result;
  const again = await runSeed(options);
  if (again.hash === result.hash) return result;
  return { ...result, failure: `not repeatable: ${result.hash} then ${again.hash}` };
}

function show(flags: Flags, seed: number, result: SeedResult): void {
  const { failure, steps, tail } = result;
  const shown = tail.slice(-SHOWN_LINES).map((one) => `  ${one.slice(0, 300)}`);
  process.stdout.write(`${failure}\n${shown.join('\n')}\n`);
  process.stdout.write(`replay: ${replayLine(flags, seed, flags.only)}\n`);
  const last = steps.at(-1);
  const acts = `${steps.length} steps of chaos`;
  process.stdout.write(last === undefined ? 'before any chaos\n' : `after ${acts}\n`);
}

/** Prints the smallest chaos that fails in the same way. */
async function showSmallest(flags: Flags, seed: number, result: SeedResult): Promise<void> {
  const kind = kindOf(result.failure ?? '');
  const rerun = (only: readonly number[]): Promise<SeedResult> =>
    runSeed({ ...wishOf(flags), seed, only });
  const only = await shrink(
    result.steps.map(({ number }) => number),
    async (candidate) => kindOf((await rerun(candidate)).failure ?? '') === kind,
  );
  const { failure, steps } = await rerun(only);
  const acts = steps.map(({ act, atMs }) => `${act} at ${Math.round(atMs / 1_000)} s`);
  process.stdout.write(`smallest: ${acts.length === 0 ? 'no chaos at all' : acts.join(', ')}\n`);
  process.stdout.write(`  ${failure?.split('\n')[0] ?? ''}\n`);
  process.stdout.write(`replay: ${replayLine(flags, seed, only)}\n`);
}

/** What this process has used so far, its start included. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  await loadEditions(flags.bug);
  const startMs = performance.now();
  const makeSmaller = openSmaller();
  let [ranMs, failed] = [0, 0];
  let found: { seed: number; result: SeedResult; spent: string } | null = null;
  for (let seed = flags.first; seed < flags.first + flags.seeds; seed += 1) {
    const result = await runTwice(flags, seed);
    ranMs += result.ranMs;
    const verdict = result.failure === null ? 'ok' : 'FAILED';
    const virtualS = Math.round(result.ranMs / 1_000);
    const line = `seed ${seed} ${result.scenario} ${virtualS} s ${result.hash.slice(0, 12)}`;
    process.stdout.write(`${line} ${verdict}\n`);
    const isBug = flags.bugName !== null && result.failure !== null;
    if (result.failure === null || (isBug && !(await isFound(flags, seed)))) {
      if (flags.bugName !== null && cpuMs() > SEARCH_MS) break;
      continue;
    }
    failed += 1;
    show(flags, seed, result);
    if (flags.bugName !== null) {
      found = { seed, result, spent: spentText(startMs) };
      break;
    }
    await makeSmaller({
      now: () => showSmallest(flags, seed, result),
      later: () => process.stdout.write(`smaller by: ${replayLine(flags, seed, flags.only)}\n`),
    });
  }
  const tookS = (performance.now() - startMs) / 1_000;
  const rate = Math.round(((flags.once ? 1 : 2) * ranMs) / 1_000 / tookS);
  process.stdout.write(`${failed} failed; ${rate} simulated seconds per second\n`);
  if (flags.bugName === null) return failed === 0 ? 0 : 1;
  const spent = found?.spent ?? spentText(startMs);
  process.stdout.write(`${flags.bugName}: ${found === null ? 'NOT found' : 'found'} in ${spent}\n`);
  if (found !== null) await showSmallest(flags, found.seed, found.result);
  return found === null ? 1 : 0;
}

const spentText = (startMs: number): string =>
  `${seconds(performance.now() - startMs)}, ${seconds(cpuMs())} of CPU`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

process.exitCode = await main();

/**
 * The test command: `npm test` runs all tiers, `npm test -- unit sim` those named.
 *
 * It installs what the operating system misses, runs the tiers in order, stops one that goes over
 * its budget, prints a line for each and shows what a failed one said. The whole output of each is
 * in build/test/. The last line counts; the exit status is 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTools } from './packages.ts';
import { runScript, scriptFailure, secondsSince } from './steps.ts';
import { type Tally, tallyOf } from './tally.ts';
import { TIERS, type Tier } from './tiers.table.ts';

const LOG_FOLDER = 'build/test';
/** Lines shown of a failed tier whose output was not live. */
const SHOWN_LINES_MAX = 120;
/** How long a tier that is told to stop may take to remove what it made, ms. */
const STOP_MS = 15_000;

type Outcome = 'passed' | 'failed' | 'over its budget' | 'absent' | 'not run';

/** Asks a tier and all that it started to stop, and makes them after a while. */
const stop = (pid: number): void => {
  process.kill(-pid, 'SIGTERM');
  setTimeout(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All of them have ended.
    }
  }, STOP_MS).unref();
};

const runTier = ({ argv, budgetMs, isLive, name }: Tier): Promise<Outcome> =>
  new Promise((settle) => {
    const [command, ...rest] = argv;
    const child = spawn(command, rest, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    const log = createWriteStream(join(LOG_FOLDER, `${name}.log`));
    let isOver = false;
    const budget = setTimeout(() => {
      isOver = true;
      if (child.pid !== undefined) stop(child.pid);
    }, budgetMs);
    const onInterrupt = (): void => {
      if (child.pid !== undefined) stop(child.pid);
    };
    process.once('SIGINT', onInterrupt);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log.write(chunk);
        if (isLive === true) process.stdout.write(chunk);
      });
    }
    child.on('error', (error) => log.write(`${error.message}\n`));
    child.on('close', (status) => {
      clearTimeout(budget);
      process.removeListener('SIGINT', onInterrupt);
      log.end(() => settle(isOver ? 'over its budget' : status === 0 ? 'passed' : 'failed'));
    });
  });

const outcomeOf = async (tier: Tier, passed: ReadonlySet<string>): Promise<Outcome> => {
  if (tier.absentWithout !== undefined && !existsSync(tier.absentWithout)) return 'absent';
  if (tier.after !== undefined && !passed.has(tier.after)) return 'not run';
  if (tier.isLive === true) console.log(`${tier.name}:`);
  return runTier(tier);
};

const showFailure = ({ isLive, name }: Tier, output: string): void => {
  const lines = output.trimEnd().split('\n');
  if (isLive !== true) console.log(lines.slice(-SHOWN_LINES_MAX).join('\n'));
  console.log(`the whole output of ${name} is in ${join(LOG_FOLDER, `${name}.log`)}`);
};

const chosenTiers = (names: readonly string[]): readonly Tier[] => {
  const unknown = names.find((name) => !TIERS.some((tier) => tier.name === name));
  if (unknown !== undefined) {
    const known = TIERS.map(({ name }) => name).join(' ');
    throw scriptFailure(`${unknown}: no such tier; there are: ${known}`);
  }
  return TIERS.filter(({ name }) => names.length === 0 || names.includes(name));
};

/** Runs one tier to its line, and gives its counts. */
const report = async (tier: Tier, passed: Set<string>): Promise<Tally> => {
  const startMs = performance.now();
  const outcome = await outcomeOf(tier, passed);
  console.log(`${tier.name.padEnd(7)} ${outcome} (${secondsSince(startMs)})`);
  if (outcome === 'absent') return { passed: 0, failed: 0 };
  if (outcome === 'not run') return { passed: 0, failed: 1 };
  const output = readFileSync(join(LOG_FOLDER, `${tier.name}.log`), 'utf8');
  if (outcome === 'passed') passed.add(tier.name);
  else showFailure(tier, output);
  return tallyOf(output, outcome === 'passed');
};

const main = async (): Promise<void> => {
  if (Number(process.versions.node.split('.')[0]) < 24) {
    throw scriptFailure(`node ${process.version} is too old; run this as: npm test`);
  }
  const tiers = chosenTiers(process.argv.slice(2));
  await ensureTools(
    tiers
      .filter(({ absentWithout }) => absentWithout === undefined || existsSync(absentWithout))
      .flatMap(({ needs }) => needs),
  );
  mkdirSync(LOG_FOLDER, { recursive: true });
  const passed = new Set(tiers.some(({ name }) => name === 'build') ? [] : ['build']);
  const total = { passed: 0, failed: 0 };
  for (const tier of tiers) {
    const tally = await report(tier, passed);
    total.passed += tally.passed;
    total.failed += tally.failed;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
};

await runScript(main);

/**
 * Edge: run — the built binary in the real world: `npm run netns -- [FILTER]…` runs the tests of
 * every day, or all whose name contains a filter, each in a world of its own: some at a time, and
 * then those that measure time or fill the machine, one after the other.
 *
 * What a failed one saw is dumped, and the dump's path printed. The last line counts; the exit
 * status is 1 when anything failed or the whole took longer than its budget.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure, secondsSince } from '../scripts/steps.ts';
import { RARE } from './rare.table.ts';
import { indented, runTest } from './run-test.ts';
import { DAILY } from './tests.table.ts';

/** Longest time of all tests together. Unit: ms. */
const BUDGET_MS = 25 * 60_000;

/** Tests at a time: most wait most of the time, and the machines of our CI have two cores. */
const LANES = 2;

const ROOT = resolve(import.meta.dirname, '..');
const startMs = performance.now();

/** Files of node:test in this directory: they bring their own worlds. */
const testFiles = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.test.ts'));

async function runFile(file: string): Promise<boolean> {
  const beganMs = performance.now();
  const argv = ['--test', '--test-reporter=spec', `${import.meta.dirname}/${file}`];
  try {
    await promisify(execFile)(process.execPath, argv, { cwd: ROOT });
    console.log(`ok    ${file} (${secondsSince(beganMs)})`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${file} (${secondsSince(beganMs)})`);
    console.log(indented((error as { stdout?: string }).stdout ?? String(error)));
    return false;
  }
}

interface Job {
  readonly name: string;
  readonly isAlone: boolean;
  readonly run: () => Promise<boolean>;
}

/** Jobs of which somebody has begun; several that run the same list share them. */
const begun = new Set<Job>();

async function runJobs(
  jobs: readonly Job[],
  counts: { passed: number; failed: number },
): Promise<void> {
  for (const job of jobs) {
    if (begun.has(job)) continue;
    begun.add(job);
    const isOver = performance.now() - startMs > BUDGET_MS;
    if (isOver) console.log(`FAIL  ${job.name}: the budget is used up`);
    if (!isOver && (await job.run())) counts.passed += 1;
    else counts.failed += 1;
  }
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw scriptFailure('namespaces need root; run this as root');
  if (!existsSync(`${ROOT}/dist/cnsmo`)) throw scriptFailure('no binary; first: npm run build');
  await ensureTools(['ip', 'wg', 'ping', 'nft', 'tcpdump', 'unshare', 'faketime']);
  const filters = process.argv.slice(2);
  const isChosen = (name: string): boolean =>
    filters.length === 0 || filters.some((filter) => name.includes(filter));
  const jobs: readonly Job[] = [
    ...testFiles.map((file) => ({ name: file, isAlone: true, run: () => runFile(file) })),
    ...[...DAILY, ...(filters.length === 0 ? [] : RARE)].map((test) => ({
      name: test.name,
      isAlone: test.isAlone === true,
      run: () => runTest(test),
    })),
  ].filter(({ name }) => isChosen(name));
  const shared = jobs.filter(({ isAlone }) => !isAlone);
  const alone = jobs.filter(({ isAlone }) => isAlone);
  const counts = { passed: 0, failed: 0 };
  await Promise.all(Array.from({ length: LANES }, () => runJobs(shared, counts)));
  await runJobs(alone, counts);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  // A test that ran out of time may still be waiting for something.
  process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130)); // On exit, all that runs is ended and removed.
}
await runScript(main);

/**
 * Edge: soak — what takes too long for every day: `npm run soak -- [NAME]… [--seeds 0-199]`.
 *
 * `twenty-at-once`: 20 VMs join at once and are left alone for 10 minutes. `loss-hour`:
 * twenty lose 5 % of their packets. `firewall-crowd`: changes on trial in a mesh of eleven. `far`:
 * round trips of 240 ms. `pauses`: daemons stand still for up to a minute. `interleavings`: 200
 * seeds of steps in random order; `--seeds 17` does one again. `rare`: tests of the tier netns that
 * have their like in every day's, or in the simulator. `--verbose` tells what each did.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure, secondsSince } from '../scripts/steps.ts';
import { runTest } from './run-test.ts';
import { SOAKS } from './soaks.table.ts';

/** What the issue asked for. */
const SEEDS = '0-199';
const BINARY = resolve(import.meta.dirname, '../dist/cnsmo');

const readSeeds = (text: string): readonly number[] => {
  const found = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text);
  if (found === null) throw scriptFailure(`--seeds: ${text}: use a number or two, as 0-199`);
  const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seeds: { type: 'string', default: SEEDS }, verbose: { type: 'boolean' } },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(SOAKS, name));
  const known = Object.keys(SOAKS);
  if (unknown !== undefined) {
    throw scriptFailure(`${unknown}: no such soak; there are: ${known.join(' ')}`);
  }
  if (process.getuid?.() !== 0) throw scriptFailure('namespaces need root; run this as root');
  if (!existsSync(BINARY)) throw scriptFailure('no binary; first: npm run build');
  await ensureTools(['ip', 'wg', 'ping', 'nft', 'tcpdump', 'unshare']);
  const startMs = performance.now();
  const seeds = readSeeds(values.seeds);
  const tests = (positionals.length === 0 ? known : positionals).flatMap(
    (name) => SOAKS[name]?.(seeds) ?? [],
  );
  const counts = { passed: 0, failed: 0 };
  for (const test of tests) {
    if (await runTest(test, values.verbose === true)) counts.passed += 1;
    else counts.failed += 1;
  }
  const { passed, failed } = counts;
  console.log(`${passed} passed, ${failed} failed, in ${secondsSince(startMs)}`);
  process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130)); // On exit, all that runs is ended and removed.
}
await runScript(main);

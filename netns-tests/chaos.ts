/**
 * Edge: chaos — `npm run chaos -- [--minutes 10] [--seed N] [--daily]`: five real daemons in
 * namespaces, and everything that happens to members, mixed; then the invariants. Without a seed
 * one is drawn; `--daily`: only what happens in the tests. Exit 1 and one line to repeat it when
 * something does not hold.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure } from '../scripts/steps.ts';
import { chaosByHand, dailyChaos } from './checks/chaos.ts';
import { runTest } from './run-test.ts';

const BINARY = resolve(import.meta.dirname, '../dist/cnsmo');

function readNumber(flag: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw scriptFailure(`--${flag}: ${text}: give a number`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string' },
      daily: { type: 'boolean' },
      verbose: { type: 'boolean' },
    },
  });
  const minutes = readNumber('minutes', values.minutes);
  const seed = values.seed === undefined ? undefined : readNumber('seed', values.seed);
  if (process.getuid?.() !== 0) throw scriptFailure('namespaces need root; run this as root');
  if (!existsSync(BINARY)) throw scriptFailure('no binary; first: npm run build');
  await ensureTools(['ip', 'wg', 'ping', 'nft', 'unshare', 'faketime']);
  const chaosOf = values.daily === true ? dailyChaos : chaosByHand;
  const hasPassed = await runTest(chaosOf(minutes, seed), values.verbose === true);
  process.exit(hasPassed ? 0 : 1);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(130)); // On exit, all that runs is ended and removed.
}
await runScript(main);

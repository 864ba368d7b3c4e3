/**
 * Edge: run — the bench command: `npm run bench` runs all benches, `npm run bench -- binary` those
 * named, `state` with `state-…`, on the binary that was built. Status 1 when a limit is missed.
 *
 * `--rounds N`: that many rounds of each. `--json FILE`: all samples, for other programs. `--docs`:
 * puts the tables into docs/BENCHMARKS.md.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { binaryName, DIST } from '../scripts/binary.ts';
import { machineArch } from '../scripts/node-package.ts';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure } from '../scripts/steps.ts';
import { BENCHES } from './benches.table.ts';
import type { Figure } from './figure.ts';
import { lookAgain, lookAtMachine, type Machine, machineLine } from './machine.ts';
import { isAllKept, tableMarkdown, tableText, verdictLines, withSection } from './report.ts';

const DOCUMENT = 'docs/BENCHMARKS.md';

/** What one bench gave, and where. */
interface Report {
  readonly name: string;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
}

/** One line that is written over again, on a terminal; nothing elsewhere. */
const tell = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
};

const runBench = async (name: string, rounds: number | null): Promise<Report> => {
  const before = lookAtMachine(join(DIST, binaryName(machineArch())));
  const figures = (await BENCHES[name]?.({ rounds, tell })) ?? [];
  tell('');
  const machine = lookAgain(before);
  console.log(`${name}: ${machineLine(machine)}\n`);
  console.log(`${tableText(figures)}\n\n${verdictLines(figures).join('\n')}\n`);
  return { name, machine, figures };
};

const writeDocument = (reports: readonly Report[]): void => {
  const text = reports.reduce(
    (document, { name, machine, figures }) => {
      const section = `${machineLine(machine)}\n\n${tableMarkdown(figures)}`;
      return withSection(document, name, section);
    },
    readFileSync(DOCUMENT, 'utf8'),
  );
  writeFileSync(DOCUMENT, text);
};

/** The benches of these names, each with its parts; all when none is named. */
const chosen = (names: readonly string[]): readonly string[] => {
  const known = Object.keys(BENCHES);
  const isOf = (name: string) => (each: string) => each === name || each.startsWith(`${name}-`);
  const unknown = names.find((name) => !known.some(isOf(name)));
  if (unknown !== undefined) {
    throw scriptFailure(`${unknown}: no such bench; there are: ${known.join(' ')}`);
  }
  return names.length === 0 ? known : known.filter((each) => names.some((one) => isOf(one)(each)));
};

const readRounds = (text: string | undefined): number | null => {
  if (text === undefined) return null;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw scriptFailure(`--rounds: ${text}: use a number from 1 to 9999`);
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      json: { type: 'string' },
      docs: { type: 'boolean' },
    },
  });
  const names = chosen(positionals);
  const rounds = readRounds(values.rounds);
  if (process.getuid?.() !== 0) throw scriptFailure('benches need root, for namespaces');
  if (!existsSync(join(DIST, binaryName(machineArch())))) {
    throw scriptFailure('there is no binary; run: npm run build');
  }
  await ensureTools(['ip', 'wg', 'unshare', 'nft']);
  const reports: Report[] = [];
  for (const name of names) reports.push(await runBench(name, rounds));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify(reports, null, 2)}\n`);
  }
  if (values.docs === true) writeDocument(reports);
  process.exitCode = reports.every(({ figures }) => isAllKept(figures)) ? 0 : 1;
};

await runScript(main);

/**
 * Edge: bench of the binary — its size, and how long it takes to start, beside the same program run
 * by a plain Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { binaryName, DIST } from '../scripts/binary.ts';
import { ARCHES, type Arch, machineArch } from '../scripts/node-package.ts';
import { SEA_SETTINGS } from '../scripts/pack.ts';
import type { Bench } from './bench.ts';
import { endedChildrenCpuMs } from './cpu.ts';
import { prepareState, startOnce } from './daemon-start.ts';
import type { Figure, Sample, Series } from './figure.ts';
import { takeRounds } from './rounds.ts';

/** Rounds of each figure when nothing else is said. */
const ROUNDS = 20;

/** The limits, from the issue that set them. */
const SIZE_MB_MAX = 115;
const VERSION_MS_MAX = 40;
const READY_MS_MAX = 400;

const OURS = 'binary';
const PLAIN = 'node + bundle';

/** The two contenders, as the words that run them. Node gets the flags that the binary has. */
const programs = (): Readonly<Record<string, readonly string[]>> => ({
  [OURS]: [resolve(DIST, binaryName(machineArch()))],
  [PLAIN]: [
    resolve(`node_modules/node-linux-${machineArch()}/bin/node`),
    ...SEA_SETTINGS.execArgv,
    resolve(`build/cnsmo-${machineArch()}/cnsmo.cjs`),
  ],
});

const megabytes = (paths: readonly string[]): Sample => ({
  value: paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6,
});

/** A plain Node is there for this machine's architecture only. */
const size = (arch: Arch): Figure => {
  const plain = (programs()[PLAIN] ?? []).filter((word) => word.startsWith('/'));
  const ours: Series = { name: OURS, samples: [megabytes([join(DIST, binaryName(arch))])] };
  const theirs: Series = { name: PLAIN, samples: [megabytes(plain)] };
  return {
    name: `size, ${arch}`,
    unit: 'MB',
    series: arch === machineArch() ? [ours, theirs] : [ours],
    limits: [{ of: 'worst', series: OURS, atMost: SIZE_MB_MAX }],
  };
};

/** Runs `--version` once: ms until it has ended. */
const sayVersion = (words: readonly string[]): Sample => {
  const [command, ...argv] = [...words, '--version'];
  const cpuMs = endedChildrenCpuMs();
  const startMs = performance.now();
  const { status, stderr } = spawnSync(command, argv, { cwd: '/', env: {}, encoding: 'utf8' });
  const value = performance.now() - startMs;
  if (status !== 0) throw new Error(`${words.join(' ')} --version ended with ${status}: ${stderr}`);
  return { value, cpuMs: endedChildrenCpuMs() - cpuMs };
};

const contenders = (measure: (words: readonly string[]) => Promise<Sample> | Sample) =>
  Object.fromEntries(
    Object.entries(programs()).map(([name, words]) => [name, () => measure(words)]),
  );

/** The bench. */
export const benchBinary: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const folder = mkdtempSync(join(tmpdir(), 'cnsmo-bench-'));
  try {
    const version = await takeRounds(contenders(sayVersion), count, (round) =>
      tell(`--version, round ${round} of ${count}`),
    );
    const prepared = join(folder, 'prepared');
    await prepareState(programs()[OURS] ?? [], prepared);
    const ready = await takeRounds(
      contenders((words) => startOnce(words, prepared)),
      count,
      (round) => tell(`daemon, round ${round} of ${count}`),
    );
    const limit = (atMost: number) => [{ of: 'median', series: OURS, atMost } as const];
    return [
      ...ARCHES.filter((arch) => existsSync(join(DIST, binaryName(arch)))).map(size),
      { name: '--version', unit: 'ms', series: version, limits: limit(VERSION_MS_MAX) },
      { name: 'daemon to API', unit: 'ms', series: ready, limits: limit(READY_MS_MAX) },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/**
 * Edge: kernel worlds — boots Debian's cloud kernel, twice: with the binary in its initramfs, where
 * two VMs form a mesh on kernel WireGuard, the engine that real VMs use and that containers often
 * lack; and with Debian's systemd, which is what keeps a member alive (`system/run.ts`).
 *
 * `npm run kernel` runs both, `npm run kernel -- namespaces` or `systemd` one; `--long` adds
 * what the tier's time does not allow: a plain restart, and a power cut. What the first
 * machine checks is in guest/checks.sh; here it is built, booted, watched and judged. The last line
 * counts; the exit status is 1 when anything failed.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { buildBinary } from '../scripts/build-binary.ts';
import { machineArch } from '../scripts/node-package.ts';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure, secondsSince, step } from '../scripts/steps.ts';
import { ensureKernel } from './debian-kernel.ts';
import { makeInitramfs } from './initramfs.ts';
import { type Machine, startMachine } from './machine.ts';
import { outcomeOf, type ReportLine, readLine } from './report.ts';
import { type Count, runSystemWorld } from './system/run.ts';

/** Longest run of the machine. Unit: ms. Two idle processors take 2 min. */
const RUN_MS = 7 * 60_000;
const TOOLS_NEEDED = [
  ...(['qemu', 'busybox', 'cpio', 'depmod', 'mmdebstrap', 'mke2fs', 'debian-keyring'] as const),
  ...(['ip', 'wg', 'ping', 'nft', 'unshare'] as const),
];
const CONSOLE = 'build/kernel/console.log';
/** Most lines of the console that are shown when something failed. */
const CONSOLE_LINES_MAX = 250;

/** Prints the report as it comes, and gives it. */
const watch = async (machine: Machine): Promise<readonly ReportLine[]> => {
  const lines: ReportLine[] = [];
  let startMs = performance.now();
  for await (const text of machine.report) {
    const line = readLine(text);
    lines.push(line);
    if (line.kind === 'noise' && line.text.trim() !== '') console.log(`  ? ${line.text}`);
    if (line.kind !== 'check') continue;
    console.log(`  ${line.isPassed ? 'ok' : 'FAILED'}  ${line.name} (${secondsSince(startMs)})`);
    startMs = performance.now();
  }
  return lines;
};

/** Shows the console from the last check on. */
const showConsole = (): void => {
  if (!existsSync(CONSOLE)) return; // qemu did not start.
  const lines = readFileSync(CONSOLE, 'utf8').trimEnd().split(/\r?\n/);
  const start = lines.findLastIndex((line) => /^--- \d+: /.test(line));
  console.log(`the end of the console, all of it in ${CONSOLE}:`);
  const shown = lines.slice(Math.max(start, lines.length - CONSOLE_LINES_MAX));
  for (const line of shown) console.log(`  | ${line}`);
};

/** Runs the machine to its end; a signal or the deadline ends it before. */
const supervise = async (machine: Machine): Promise<Count> => {
  let why: string | null = null;
  const end = (reason: string): void => {
    why ??= reason;
    machine.kill();
  };
  const onSignal = (signal: NodeJS.Signals): void => end(`ended by ${signal}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const deadline = setTimeout(() => end(`not done after ${RUN_MS / 1000} s`), RUN_MS);
  const startMs = performance.now();
  const lines = await watch(machine);
  const { status, stderr } = await machine.ended;
  clearTimeout(deadline);
  const outcome = outcomeOf(lines);
  const wrong = why ?? (status === 0 ? outcome.why : `qemu ended with ${status}: ${stderr}`);
  const failed = wrong === null ? outcome.failed : Math.max(1, outcome.failed);
  if (failed > 0) showConsole();
  if (wrong !== null) console.log(wrong);
  console.log(`the machine ran for ${secondsSince(startMs)}`);
  return { passed: outcome.passed, failed };
};

const runNamespaces = async (binary: string): Promise<Count> => {
  const kernel = await ensureKernel();
  const initramfs = await step('initramfs', () => makeInitramfs(kernel, binary));
  rmSync(CONSOLE, { force: true });
  console.log(`linux ${kernel.release} by software emulation:`);
  return await supervise(startMachine({ image: kernel.image, initramfs, console: CONSOLE }));
};

/** The worlds, by the name that chooses one. */
const WORLDS = { namespaces: runNamespaces, systemd: runSystemWorld };

const chosenWorlds = (names: readonly string[]): readonly (keyof typeof WORLDS)[] => {
  const all = Object.keys(WORLDS) as (keyof typeof WORLDS)[];
  const unknown = names.find((name) => !all.some((world) => world === name));
  if (unknown === undefined)
    return all.filter((name) => names.length === 0 || names.includes(name));
  throw scriptFailure(`${unknown}: no such world; there are: ${all.join(' ')}`);
};

const main = async (): Promise<void> => {
  const arch = machineArch();
  if (arch !== 'x64') {
    throw scriptFailure(
      `processor: ${arch}: the kernel world runs this machine's programs on a kernel for x64; ` +
        'run it on such a machine',
    );
  }
  const words = process.argv.slice(2);
  const isLong = words.includes('--long');
  const worlds = chosenWorlds(words.filter((word) => word !== '--long'));
  await ensureTools(TOOLS_NEEDED);
  const binary = await buildBinary(arch);
  const total = { passed: 0, failed: 0 };
  for (const name of worlds) {
    const { passed, failed } = await WORLDS[name](binary, isLong);
    total.passed += passed;
    total.failed += failed;
  }
  console.log(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed === 0 ? 0 : 1;
};

await runScript(main);

/**
 * Edge: kernel world — boots Debian's cloud kernel with the binary in its initramfs and has two VMs
 * form a mesh on kernel WireGuard: the engine that real VMs use and that containers often lack.
 *
 * `npm run kernel`. What the machine checks is in guest/checks.sh; here it is built, booted,
 * watched and judged. The last line counts; the exit status is 1 when anything failed.
 */
import { readFileSync, rmSync } from 'node:fs';
import { buildBinary } from '../scripts/build-binary.ts';
import { machineArch } from '../scripts/node-package.ts';
import { ensureTools } from '../scripts/packages.ts';
import { runScript, scriptFailure, secondsSince, step } from '../scripts/steps.ts';
import { ensureKernel } from './debian-kernel.ts';
import { makeInitramfs } from './initramfs.ts';
import { type Machine, startMachine } from './machine.ts';
import { outcomeOf, type ReportLine, readLine } from './report.ts';

/** Longest run of the machine. Unit: ms. Two idle processors take 2 min. */
const RUN_MS = 6 * 60_000;
const CONSOLE = 'build/kernel/console.log';
/** Lines of the console that are shown when something failed. */
const CONSOLE_LINES = 120;

/** Prints the report as it comes, and gives it. */
const watch = async (machine: Machine): Promise<readonly ReportLine[]> => {
  const lines: ReportLine[] = [];
  let startMs = performance.now();
  for await (const text of machine.report) {
    const line = readLine(text);
    lines.push(line);
    if (line.kind === 'noise' && line.text.trim() !== '') console.log(`  ? ${line.text}`);
    if (line.kind === 'note') console.log(`  ${line.text}`);
    if (line.kind !== 'check') continue;
    console.log(`  ${line.isPassed ? 'ok' : 'FAILED'}  ${line.name} (${secondsSince(startMs)})`);
    startMs = performance.now();
  }
  return lines;
};

const showConsole = (): void => {
  const lines = readFileSync(CONSOLE, 'utf8').trimEnd().split(/\r?\n/);
  console.log(`the end of the console, all of it in ${CONSOLE}:`);
  for (const line of lines.slice(-CONSOLE_LINES)) console.log(`  | ${line}`);
};

/** Runs the machine to its end; a signal or the deadline ends it before. */
const supervise = async (machine: Machine): Promise<void> => {
  let why: string | null = null;
  const end = (reason: string): void => {
    why ??= reason;
    machine.kill();
  };
  const onSignal = (signal: NodeJS.Signals): void => end(`ended by ${signal}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const deadline = setTimeout(() => end(`not done after ${RUN_MS / 1000} s`), RUN_MS);
  const lines = await watch(machine);
  const { status, stderr } = await machine.ended;
  clearTimeout(deadline);
  const outcome = outcomeOf(lines);
  const wrong = why ?? (status === 0 ? outcome.why : `qemu ended with ${status}: ${stderr}`);
  const failed = wrong === null ? outcome.failed : Math.max(1, outcome.failed);
  if (failed > 0) showConsole();
  if (wrong !== null) console.log(wrong);
  console.log(`${outcome.passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
};

const main = async (): Promise<void> => {
  const arch = machineArch();
  if (arch !== 'x64') {
    throw scriptFailure(
      `processor: ${arch}: the kernel world runs this machine's programs on a kernel for x64; ` +
        'run it on such a machine',
    );
  }
  const startMs = performance.now();
  await ensureTools(['qemu', 'busybox', 'cpio', 'depmod', 'ip', 'wg', 'ping', 'unshare']);
  const binary = await buildBinary(arch);
  const { image, ...kernel } = await ensureKernel();
  const initramfs = await step('initramfs', () => makeInitramfs({ image, ...kernel }, binary));
  rmSync(CONSOLE, { force: true });
  console.log(`linux ${kernel.release} by software emulation:`);
  await supervise(startMachine({ image, initramfs, console: CONSOLE }));
  console.log(`took ${secondsSince(startMs)}`);
};

await runScript(main);

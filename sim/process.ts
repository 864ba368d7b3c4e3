/**
 * Edge: process — long children of a simulated VM: wireguard-go, and monitors.
 */
import type { Process, ProcessSpec } from '../src/process-port.ts';
import { unknownCommand } from './command.ts';
import { addDevice, type Device, deleteDevice, type Kernel, type MonitoredTool } from './kernel.ts';
import type { Life } from './life.ts';
import type { Dice } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** Children of one VM by name, with the interface that each made. Outlive the daemon. */
export type Children = Map<string, Device | null>;

/** Files in the directories of children, by their names. */
export type ChildFiles = Map<string, Readonly<Record<string, string>>>;

/** What the processes of a VM need of its run. */
export interface ProcessContext {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly dice: Dice;
  readonly kernel: Kernel;
  readonly children: Children;
  readonly files: ChildFiles;
  /** What a child says to a line, with the files that it has; null: it has no socket. */
  readonly answer: (line: string, files: Readonly<Record<string, string>>) => string | null;
  /** Told of a program or a monitor that the fakes do not know. */
  readonly onUnknown: (error: unknown) => void;
  /** What `lines` gives for monitors other than `ip monitor`; null goes on for ever. */
  readonly monitors: ReadonlyMap<string, readonly (string | null)[]>;
}

/** The monitors that the product runs. */
const MONITORS: ReadonlySet<string> = new Set([
  'ip monitor link address route rule',
  'nft monitor rules',
  'nft monitor',
]);
/** Longest time until wireguard-go has made its interface, and until it answers. Unit: ms. */
const INTERFACE_MS_MAX = 80;
const ANSWER_MS_MAX = 80;

/** The processes as one daemon sees them. */
export function openProcess(context: ProcessContext, life: Life): Process {
  const { dice } = context;
  const soon: Soon = (give) =>
    life.promise(({ resolve }) => {
      life.after(dice.between(0.5, 5), () => resolve(give()));
    });
  return { ...openChildren(context, life, soon), lines: openLines(context, life) };
}

/** Gives something a moment later. */
type Soon = <Result>(give: () => Result) => Promise<Result>;

function openChildren(context: ProcessContext, life: Life, soon: Soon): Omit<Process, 'lines'> {
  const { scheduler, trace, kernel, children, files } = context;
  return {
    start: (spec) =>
      soon(() => {
        if (children.has(spec.name)) return;
        trace.note(scheduler.nowMs(), life.name, `start ${spec.argv.join(' ')}`);
        children.set(spec.name, null);
        if (spec.files !== undefined) files.set(spec.name, spec.files);
        startWireguard(context, spec);
      }),
    write: (name, added) =>
      soon(() => {
        files.set(name, { ...files.get(name), ...added });
      }),
    ask: (name, line) =>
      soon(() => (children.has(name) ? context.answer(line, files.get(name) ?? {}) : null)),
    isRunning: (name) => soon(() => children.has(name)),
    stop: (name) =>
      soon(() => {
        const device = children.get(name) ?? null;
        children.delete(name);
        files.delete(name);
        trace.note(scheduler.nowMs(), life.name, `stop ${name}`);
        if (device !== null) deleteDevice(kernel, device);
      }),
  };
}

function openLines(context: ProcessContext, life: Life): Process['lines'] {
  const { dice, kernel } = context;
  return (argv, onLine, signal) =>
    life.promise(({ resolve }) => {
      const said = context.monitors.get(argv.join(' '));
      if (said === undefined && !MONITORS.has(argv.join(' '))) {
        context.onUnknown(unknownCommand(argv));
        return resolve();
      }
      const tell = (tool: MonitoredTool, lines: readonly string[]): void => {
        if (tool !== argv[0]) return;
        life.after(dice.between(0.1, 3), () => {
          if (kernel.monitors.has(tell)) for (const line of lines) onLine(line);
        });
      };
      kernel.monitors.add(tell);
      life.onEnd(() => kernel.monitors.delete(tell));
      const finish = (): void => {
        kernel.monitors.delete(tell);
        resolve();
      };
      if (signal.aborted) return finish();
      signal.addEventListener('abort', finish, { once: true });
      for (const line of said ?? [null]) if (line !== null) onLine(line);
      if (said !== undefined && !said.includes(null)) finish();
    });
}

function startWireguard(context: ProcessContext, spec: ProcessSpec): void {
  const { scheduler, dice, kernel, children } = context;
  const [program, flag, name = ''] = spec.argv;
  if (program !== 'bundled:wireguard-go' || flag !== '-f') {
    context.onUnknown(unknownCommand(spec.argv));
    return;
  }
  const cuts = kernel.cuts;
  const isGone = (): boolean => kernel.cuts !== cuts || !children.has(spec.name);
  scheduler.after(dice.between(5, INTERFACE_MS_MAX), () => {
    if (isGone()) return;
    if (kernel.devices.has(name)) {
      children.delete(spec.name);
      return;
    }
    const device = addDevice(kernel, name, 'tun');
    children.set(spec.name, device);
    scheduler.after(dice.between(5, ANSWER_MS_MAX), () => {
      device.answersWg = !device.isGone;
    });
  });
}

/**
 * Edge: knife — kills a VM's process, or its power, at one exact step: its n-th call of a port.
 *
 * Chaos draws its moments; here they are counted, so that a test can take every one of them.
 */
import type { Disk, Host, Ports } from '../src/ports.ts';
import type { Process } from '../src/process-port.ts';
import type { Bug } from './bugs.table.ts';
import { cutPower, type Machine } from './machine.ts';

/** Where the knife falls. */
export interface Cut {
  /** The call, counted from when the knife is drawn; the first is 1. */
  readonly at: number;
  /** Before the call is made, or right after, when its effect may or may not come about. */
  readonly when: 'before' | 'during';
  /** The process alone, or the whole VM. */
  readonly how: 'crash' | 'power-cut';
}

/** A knife over one VM. It does nothing until it is drawn. */
export interface Knife {
  /** To be planted in a room. */
  readonly bug: Bug;
  /** From now on calls are counted. A null cut only counts. */
  draw(cut: Cut | null): void;
  /** No more cuts. Gives the calls that were counted. */
  sheathe(): number;
  /** Whether it fell. */
  hasFallen(): boolean;
}

/** Makes a knife over the VM of that name. */
export function makeKnife(vm: string): Knife {
  let cut: Cut | null = null;
  let isDrawn = false;
  let calls = 0;
  let hasFallen = false;
  const fall = (machine: Machine, how: Cut['how']): void => {
    hasFallen = true;
    isDrawn = false;
    if (how === 'power-cut') cutPower(machine);
    else for (const life of [...machine.lives]) life.end('crash');
  };
  const under =
    <Words extends readonly unknown[], Result>(
      machine: Machine,
      call: (...words: Words) => Promise<Result>,
    ) =>
    (...words: Words): Promise<Result> => {
      if (!isDrawn) return call(...words);
      calls += 1;
      if (cut === null || calls !== cut.at) return call(...words);
      if (cut.when === 'before') {
        fall(machine, cut.how);
        return new Promise(() => {});
      }
      const answer = call(...words);
      fall(machine, cut.how);
      return answer;
    };
  return {
    bug: {
      about: `a knife over ${vm}`,
      wrap: (ports, machine) => (machine.name === vm ? underKnife(ports, machine, under) : ports),
    },
    draw: (next) => {
      [cut, calls, isDrawn] = [next, 0, true];
    },
    sheathe: () => {
      isDrawn = false;
      return calls;
    },
    hasFallen: () => hasFallen,
  };
}

type Under = <Words extends readonly unknown[], Result>(
  machine: Machine,
  call: (...words: Words) => Promise<Result>,
) => (...words: Words) => Promise<Result>;

/** Disk, host, children and swarm: all that a step may change or wait for, but time. */
function underKnife(ports: Ports, machine: Machine, under: Under): Ports {
  const disk: Disk = {
    read: under(machine, ports.disk.read),
    write: under(machine, ports.disk.write),
    append: under(machine, ports.disk.append),
    remove: under(machine, ports.disk.remove),
    list: under(machine, ports.disk.list),
  };
  const host: Host = { ...ports.host, run: under(machine, ports.host.run) };
  const process: Process = {
    ...ports.process,
    start: under(machine, ports.process.start),
    stop: under(machine, ports.process.stop),
    write: under(machine, ports.process.write),
    ask: under(machine, ports.process.ask),
    isRunning: under(machine, ports.process.isRunning),
  };
  return { ...ports, disk, host, process, swarm: { open: under(machine, ports.swarm.open) } };
}

/** Edge: remains — what is left on a VM that is no member any more: it has to be nothing. */
import { existsSync, readdirSync } from 'node:fs';
import { expect } from '../scenarios/world.ts';
import { expectSame, networkState } from './host-state.ts';
import { processesOf } from './processes.ts';
import type { Vm } from './vm.ts';
import type { RealWorld } from './world.ts';

/** How long a daemon that has let go of its state may take to end. */
const END_MS = 2_000;

/** What is in the VM's state directory, but for logs; nothing when there is none. */
export function stateFiles(vm: Vm): readonly string[] {
  const directory = `${vm.disk}/cnsmo`;
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Rejects unless a VM's network is as it was, its state is gone, and nothing of ours runs. */
export async function expectClean(world: RealWorld, vm: Vm, before: string): Promise<void> {
  expectSame(`the network of ${vm.name}`, before, await networkState(vm));
  const left = stateFiles(vm);
  expect(`no file is left on ${vm.name}, not ${left}`, left.length === 0);
  const sockets = await vm.must(['sh', '-c', 'ls -A /run/cnsmo /run/wireguard 2> /dev/null; true']);
  expect(`nothing is left in /run of ${vm.name}, not ${sockets}`, !/^[^/\n]/m.test(sockets));
  const ours = (): readonly string[] =>
    processesOf(vm.machine())
      .map(({ words }) => words.join(' '))
      .filter((line) => /^\S*(cnsmo|wireguard)/.test(line));
  const isQuiet = async (): Promise<boolean> => {
    if (ours().length > 0) throw new Error(ours().join('; '));
    return true;
  };
  await world.eventually(`no process of ours runs on ${vm.name}`, isQuiet, END_MS);
}

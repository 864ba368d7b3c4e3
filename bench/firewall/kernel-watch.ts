/** Edge: kernel watch — when a VM's kernel took a change of its rules, told by `nft monitor`. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Vm } from '../../netns-tests/vm.ts';
import { leashed } from '../leash.ts';

/** Watches one VM. */
export interface KernelWatch {
  /** When the kernel told of these words, by `performance.now()`. Rejects after `lostMs`. */
  hears(words: string, lostMs: number): Promise<number>;
  end(): void;
}

/** Starts it. */
export function watchKernel(vm: Vm): KernelWatch {
  const [command = '', ...rest] = leashed(vm.machine().enterNetwork(['nft', 'monitor']));
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  let waiting: { readonly words: string; readonly tell: (atMs: number) => void } | null = null;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (waiting !== null && line.includes(waiting.words)) waiting.tell(performance.now());
  });
  return {
    hears: (words, lostMs) =>
      new Promise((resolve, reject) => {
        const lost = (): void => reject(new Error(`${vm.name} has no ${words} in its kernel`));
        const timer = setTimeout(lost, lostMs);
        waiting = {
          words,
          tell: (atMs) => {
            clearTimeout(timer);
            waiting = null;
            resolve(atMs);
          },
        };
      }),
    end: () => void child.kill('SIGKILL'),
  };
}

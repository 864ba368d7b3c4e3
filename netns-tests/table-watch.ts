/** Edge: table watch — what happens to a VM's rules, as the kernel tells it. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Vm } from './vm.ts';

/** A running `nft monitor`. */
export interface TableWatch {
  /** What was told since it was asked last, a change a line. */
  take(): readonly string[];
  end(): void;
}

/** A table that nobody has, by which it is seen that the kernel is heard. */
const MARK = 'watched';

/** Begins to watch all tables of a VM; resolves when changes are heard. */
export async function watchTables(vm: Vm): Promise<TableWatch> {
  const [command = '', ...argv] = vm.machine().enterNetwork(['nft', 'monitor']);
  const child = spawn(command, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let lines: string[] = [];
  const isHeard = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes(`table ip ${MARK}`)) resolve();
      else if (!line.startsWith('#')) lines.push(line);
    });
  });
  let isOver = false;
  void isHeard.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await vm.must(['nft', 'add', 'table', 'ip', MARK]);
    await vm.must(['nft', 'delete', 'table', 'ip', MARK]);
  }
  lines = [];
  return {
    take: () => {
      const taken = lines;
      lines = [];
      return taken;
    },
    end: () => void child.kill('SIGKILL'),
  };
}

/**
 * Edge: machine — qemu, which boots a kernel and its initramfs by software emulation.
 *
 * 1. It has no network at all: nothing leaves it, whatever the binary does.
 * 2. Its second serial line, of which the guest's report comes, is qemu's standard output; the
 *    first, the console, goes to a file. Kernel messages cannot tear the report.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What to boot. */
export interface MachineFiles {
  readonly image: string;
  readonly initramfs: string;
  /** Where the console's text goes. */
  readonly console: string;
}

/** A running machine. */
export interface Machine {
  /** The lines of the report as they come; ends with the machine. */
  readonly report: AsyncIterable<string>;
  /**
   * Resolves when qemu has ended: its exit status, null when it was killed or could not be started,
   * and what it said.
   */
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>;
  /** Pulls the plug. Harmless when it is off. */
  kill(): void;
}

/**
 * Two processors and 2 GB, as a small VM has. Software emulation, for a hypervisor may not be there
 * or not work in a VM. An unrecoverable kernel ends it instead of rebooting.
 */
const MACHINE = [
  ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '2048'],
  ...['-nic', 'none', '-display', 'none', '-no-reboot', '-no-user-config'],
];
const KERNEL_WORDS = 'console=ttyS0 panic=-1 loglevel=5 random.trust_cpu=on rdinit=/init';

/** Switches it on. */
export const startMachine = ({ image, initramfs, console }: MachineFiles): Machine => {
  const serials = ['-serial', `file:${console}`, '-serial', 'stdio'];
  const boot = ['-kernel', image, '-initrd', initramfs, '-append', KERNEL_WORDS];
  const child = spawn('qemu-system-x86_64', [...MACHINE, ...serials, ...boot], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return {
    report: createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }),
    ended: endOf(child),
    kill: () => void child.kill('SIGKILL'),
  };
};

const endOf = (child: ChildProcess): Machine['ended'] => {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, stderr: error.message }));
    child.once('close', (status) => resolve({ status, stderr }));
  });
};

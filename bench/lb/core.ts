/** Edge: core — what the first core did, as the kernel counts it, in ticks of 10 ms. */
import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Time of a core. Unit: ms. */
interface CoreTime {
  /** In programs, not in the kernel. */
  readonly userMs: number;
  /** In programs and in the kernel. */
  readonly busyMs: number;
}

/** Reads what the first core did since now. */
export function coreMeter(): () => CoreTime {
  const start = readCore();
  return () => {
    const now = readCore();
    return { userMs: now.userMs - start.userMs, busyMs: now.busyMs - start.busyMs };
  };
}

function readCore(): CoreTime {
  const line = /^cpu0 (.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? '';
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = line
    .split(' ')
    .map(Number);
  const userMs = (user + nice) * TICK_MS;
  return { userMs, busyMs: userMs + (system + interrupts + softInterrupts) * TICK_MS };
}

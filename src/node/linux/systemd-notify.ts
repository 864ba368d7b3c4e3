/**
 * Edge: systemd notify — tells systemd that the daemon is ready, where a unit of `Type=notify`
 * runs it.
 *
 * Node has no unix datagram sockets, so systemd's own `systemd-notify` says it: that waits until
 * systemd has heard it, so its end loses no word. Once per start, hence no watchdog: its beat would
 * be a process every few seconds.
 */
import { Fault } from '../../fault.ts';
import type { Log } from '../../ports.ts';
import { runCommand } from './command.ts';
import { FIXED_ENVIRONMENT } from './environment.ts';

/** Longest wait for systemd to hear it. Unit: ms. By itself systemd-notify waits 5 s. */
const TELL_MS = 10_000;
/** It prints a line when it fails. */
const OUTPUT_BYTES_MAX = 64 * 1024;

/**
 * Says that the service is ready; `socket` is where, from NOTIFY_SOCKET. Without it nobody wants
 * to know. A failure is logged: systemd starts the daemon anew when it hears nothing.
 */
export async function announceReady(
  log: Pick<Log, 'warn'>,
  socket = process.env.NOTIFY_SOCKET,
): Promise<void> {
  if (socket === undefined || socket === '') return;
  const limits = { timeoutMs: TELL_MS, outputBytesMax: OUTPUT_BYTES_MAX };
  const environment = { ...FIXED_ENVIRONMENT, NOTIFY_SOCKET: socket };
  try {
    const told = await runCommand({ argv: ['systemd-notify', '--ready'] }, limits, { environment });
    if (told.status !== 0) log.warn('not-announced', { why: told.stderr.trim() });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.warn('not-announced', { why: error.message });
  }
}

/**
 * Edge: systemd notify — tells systemd that the daemon is ready, where a unit of `Type=notify`
 * runs it.
 *
 * Node has no unix datagram sockets, so systemd's own `systemd-notify` says it: that waits until
 * systemd has heard it, so its end loses no word. Once per start, hence no watchdog: its beat would
 * be a process every few seconds.
 */
import { execa } from 'execa';
import type { Log } from '../../ports.ts';
import { FIXED_ENVIRONMENT } from './command.ts';

/** Longest wait for systemd to hear it. Unit: ms. By itself systemd-notify waits 5 s. */
const TELL_MS = 10_000;

/**
 * Says that the service is ready; `socket` is where, from NOTIFY_SOCKET. Without it nobody wants
 * to know. A failure is logged: systemd starts the daemon anew when it hears nothing.
 */
export async function announceReady(
  log: Pick<Log, 'warn'>,
  socket = process.env.NOTIFY_SOCKET,
): Promise<void> {
  if (socket === undefined || socket === '') return;
  const { failed, shortMessage } = await execa('systemd-notify', ['--ready'], {
    reject: false,
    cwd: '/',
    env: { ...FIXED_ENVIRONMENT, NOTIFY_SOCKET: socket },
    extendEnv: false,
    timeout: TELL_MS,
    stdio: 'ignore',
  });
  if (failed) log.warn('not-announced', { why: shortMessage });
}

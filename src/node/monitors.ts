/**
 * Loop: monitors — services that follow the same monitor share one process of it.
 *
 * It runs as long as anybody follows it. When it ends, it ends for all: each decides by itself when
 * to follow it again.
 */
import type { Process } from '../process-port.ts';

/** A monitor that runs. */
interface Running {
  readonly listeners: Set<(line: string) => void>;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** `lines` of the port, with one process for equal arguments. */
export function shareMonitors(process: Pick<Process, 'lines'>): Process['lines'] {
  const running = new Map<string, Running>();
  const forget = (key: string, monitor: Running): void => {
    if (running.get(key) === monitor) running.delete(key);
  };
  const start = (key: string, argv: readonly string[]): Running => {
    const listeners: Running['listeners'] = new Set();
    const stop = new AbortController();
    const onLine = (line: string): void => {
      for (const listener of [...listeners]) listener(line);
    };
    const ended = process.lines(argv, onLine, stop.signal).finally(() => forget(key, monitor));
    const monitor: Running = { listeners, stop, ended };
    running.set(key, monitor);
    return monitor;
  };
  return async (argv, onLine, signal) => {
    if (signal.aborted) return;
    const key = JSON.stringify(argv);
    const monitor = running.get(key) ?? start(key, argv);
    const { listeners, stop, ended } = monitor;
    // An own one for each follower: two may follow with the same function.
    const listener = (line: string): void => onLine(line);
    listeners.add(listener);
    const left = Promise.withResolvers<void>();
    const leave = (): void => left.resolve();
    signal.addEventListener('abort', leave, { once: true });
    await Promise.race([ended, left.promise]);
    signal.removeEventListener('abort', leave);
    listeners.delete(listener);
    if (listeners.size > 0) return;
    forget(key, monitor);
    stop.abort();
    await ended;
  };
}

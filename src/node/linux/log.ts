/**
 * Edge: log — one line of JSON per event: to the journal by standard output, or to a file.
 *
 * 1. Written at once and by this thread: the last line before a crash is there, and pino's worker
 *    transports do not exist inside the single binary.
 * 2. No value is written as it came: `log-value.ts`.
 * 3. A log that cannot be written never stops the daemon: what fails is counted, and passed over.
 *    One that hangs does stop it, for as long: a file system that is frozen or does not answer, a
 *    reader of standard output that stands still with its buffer full. That is the price of the
 *    first: a queue would be lost when the daemon is killed, by hand or for want of memory.
 */
import { pino, stdTimeFunctions } from 'pino';
import type { Log } from '../../ports.ts';
import { type LineSink, openDescriptor } from './log-file.ts';
import { clean, cleanText } from './log-value.ts';

/** How much is written: `warn` leaves out info, `silent` everything. */
export type LogLevel = 'info' | 'warn' | 'error' | 'silent';

/** The log of this process, to standard output or elsewhere. */
export function openLog(level: LogLevel, sink: LineSink = openDescriptor(1)): Log {
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  const write =
    (label: 'info' | 'warn' | 'error') =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      // Facts keep to a record of their own, so that none can take the place of time or level.
      logger[label]({ facts: clean('', facts, 0) }, cleanText(event));
    };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

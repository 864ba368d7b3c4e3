/**
 * Edge: log — what a simulated daemon says goes into the trace; an error fails the run.
 */
import type { Log } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** The log of one process. */
export function openLog(scheduler: Scheduler, trace: Trace, life: Life): Log {
  const say =
    (level: string) =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!life.isAlive()) return;
      trace.note(scheduler.nowMs(), life.name, `${level} ${event} ${JSON.stringify(facts)}`);
      if (level === 'error') {
        scheduler.fail(new Error(`${life.name} logged ${event} ${JSON.stringify(facts)}`));
      }
    };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}

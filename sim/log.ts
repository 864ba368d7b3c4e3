/**
 * Edge: log — what a simulated daemon says goes into the trace; an error fails the run,
 * and so does a programmer's error that was caught and logged. `tolerated`: errors that the run
 * itself brings about.
 */
import type { Log } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What nobody may catch and merely log. */
const PROGRAMMER_ERROR = /\b(?:Type|Reference|Range|Syntax|Assertion)Error\b/;

/** The log of one process. */
export function openLog(
  scheduler: Scheduler,
  trace: Trace,
  life: Life,
  tolerated: ReadonlySet<string> = new Set(),
): Log {
  const say =
    (level: string) =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!life.isAlive()) return;
      trace.note(scheduler.nowMs(), life.name, `${level} ${event} ${JSON.stringify(facts)}`);
      const isError = level === 'error' && !tolerated.has(event);
      if (isError || PROGRAMMER_ERROR.test(JSON.stringify(facts))) {
        scheduler.fail(new Error(`${life.name} logged ${event} ${JSON.stringify(facts)}`));
      }
    };
  return { info: say('info'), warn: say('warn'), error: say('error') };
}

/**
 * Edge: log — what a simulated daemon says goes into the trace; an error fails the run,
 * and so does a programmer's error that was caught and logged. `tolerated`: errors that the run
 * itself brings about, by event, or by event and author or VM.
 */
import type { LogBook } from '../src/log-book.ts';
import type { Log } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What nobody may catch and merely log. */
const PROGRAMMER_ERROR = /\b(?:Type|Reference|Range|Syntax|Assertion)Error\b/;

/** Lines of a process that can be read back. */
const KEPT = 200;

/** The log of one process, and what can be read back of it. */
export function openLog(
  scheduler: Scheduler,
  trace: Trace,
  life: Life,
  tolerated: ReadonlySet<string> = new Set(),
): Log & LogBook {
  const [vm] = life.name.split('.');
  const kept: string[] = [];
  let count = 0;
  const say =
    (level: string) =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!life.isAlive()) return;
      trace.note(scheduler.nowMs(), life.name, `${level} ${event} ${JSON.stringify(facts)}`);
      const time = new Date(scheduler.nowMs()).toISOString();
      kept.push(JSON.stringify({ level, time, facts, event }));
      count += 1;
      if (kept.length > KEPT) kept.shift();
      const about = [event, `${event} ${String(facts.author)}`, `${event} ${vm}`];
      const isTolerated = about.some((each) => tolerated.has(each));
      const isError = level === 'error' && !isTolerated;
      if (isError || PROGRAMMER_ERROR.test(JSON.stringify(facts))) {
        scheduler.fail(new Error(`${life.name} logged ${event} ${JSON.stringify(facts)}`));
      }
    };
  const page: LogBook['page'] = async ({ after, lines }) => {
    const from = after === null ? count - lines : Number(after);
    const first = Math.max(0, kept.length - (count - from));
    const last = after === null ? kept.length : first + lines;
    const found = kept.slice(first, last);
    return { lines: found, cursor: String(count - kept.length + first + found.length) };
  };
  return { info: say('info'), warn: say('warn'), error: say('error'), page };
}

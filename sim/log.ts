/**
 * Edge: log — what a simulated daemon says goes into the trace; an error fails the run,
 * and so does a programmer's error that was caught and logged. `tolerated`: errors that the run
 * itself brings about, by event, or by event and author or VM. Whoever is blamed for what it sent
 * must be `hostile`.
 */
import type { LogBook } from '../src/log-book.ts';
import type { Log } from '../src/ports.ts';
import type { Life } from './life.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';

/** What nobody may catch and merely log. */
const PROGRAMMER_ERROR = /\b(?:Type|Reference|Range|Syntax|Assertion)Error\b/;

/** Lines that blame a peer for what it sent, and where they name it. */
const BLAMES: Readonly<Record<string, string>> = { 'frame-refused': 'from', 'peer-muted': 'peer' };

/** What a run brings about itself. */
interface Expected {
  readonly tolerated: ReadonlySet<string>;
  readonly hostile: ReadonlySet<string>;
}

/** Lines of a process that can be read back. */
const KEPT = 200;

/** The log of one process, and what can be read back of it. */
export function openLog(
  scheduler: Scheduler,
  trace: Trace,
  life: Life,
  { tolerated, hostile }: Expected,
): Log & LogBook {
  const [vm] = life.name.split('.');
  const kept: (() => string)[] = [];
  let count = 0;
  const say =
    (level: string) =>
    (event: string, facts: Readonly<Record<string, unknown>> = {}): void => {
      if (!life.isAlive()) return;
      const told = JSON.stringify(facts);
      const nowMs = scheduler.nowMs();
      trace.note(nowMs, life.name, `${level} ${event} ${told}`);
      kept.push(() => lineOf(level, nowMs, event, told));
      count += 1;
      if (kept.length > KEPT) kept.shift();
      const about = [event, `${event} ${String(facts.author)}`, `${event} ${vm}`];
      const blamed = BLAMES[event];
      if (blamed !== undefined && !hostile.has(String(facts[blamed]))) {
        scheduler.fail(new Error(`${life.name} blames an honest member: ${event} ${told}`));
      }
      const isError = level === 'error' && !about.some((each) => tolerated.has(each));
      if (isError || PROGRAMMER_ERROR.test(told)) {
        scheduler.fail(new Error(`${life.name} logged ${event} ${told}`));
      }
    };
  const page: LogBook['page'] = async ({ after, lines }) => {
    const from = after === null ? count - lines : Number(after);
    const first = Math.max(0, kept.length - (count - from));
    const last = after === null ? kept.length : first + lines;
    const found = kept.slice(first, last).map((line) => line());
    return { lines: found, cursor: String(count - kept.length + first + found.length) };
  };
  return { info: say('info'), warn: say('warn'), error: say('error'), page };
}

/** A line as the log on a disk has it; most are never read. `told`: the facts, JSON. */
const lineOf = (level: string, atMs: number, event: string, told: string): string => {
  const [time, what] = [new Date(atMs).toISOString(), JSON.stringify(event)];
  return `{"level":"${level}","time":"${time}","facts":${told},"event":${what}}`;
};

/**
 * Loop: events — collects what happened on this member for those who look, `cnsmo events` first.
 *
 * 1. It changes nothing and holds nobody up: others mark it, and it compares.
 * 2. The last 10,000 are kept, in memory and, once there is a log, on disk: then a daemon that
 *    starts knows what the ones before it saw, and their cursors go on.
 * 3. A daemon that ends says so; where the last event says nothing of the kind, it was killed.
 */
import type { Clock, Log } from '../ports.ts';
import type { EventLog } from './event-log.ts';
import {
  type EventDraft,
  eventOfLog,
  eventsBetween,
  isRepeat,
  type Picture,
} from './rules/events.ts';
import { createWake } from './wake.ts';

/** Events that are kept. Unit: count. At 200 bytes each, 2 MB. */
const EVENTS_MAX = 10_000;
/** How many of the last events are looked at for repeats. */
const RECENT = 100;
/** Time between two looks when nothing marks it. Unit: ms. */
const LOOK_MS = 600_000;

/** An event as clients get it. `time`: this host's clock, ISO 8601 in UTC. */
export interface MeshEvent extends EventDraft {
  readonly time: string;
}

/** What a client asks for. */
export interface EventWish {
  /** Cursor of the last answer; null: everything that is kept. */
  readonly after: string | null;
  /** Nothing that is older, ms; null: no limit. */
  readonly ageMsMax: number | null;
  /** How long to wait when there is nothing yet, ms. */
  readonly waitMs: number;
}

/** What a client gets. */
export interface EventAnswer {
  readonly events: readonly MeshEvent[];
  readonly cursor: string;
}

/** The running loop, as others use it. */
export interface Events {
  /** Something that the picture is made of may have changed. */
  mark(): void;
  /** The log with an ear on it. */
  overhear(log: Log): Log;
  /** Keeps events there from now on, and gives what stands in it. Once, before anybody asks. */
  keepIn(log: EventLog): void;
  next(wish: EventWish, signal: AbortSignal): Promise<EventAnswer>;
  run(look: () => Picture, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. `version`: of this program. */
export function createEvents(clock: Clock, version: string): Events {
  const wake = createWake(clock);
  const news = createWake(clock);
  const startedMs = clock.wallMs();
  const kept: { readonly event: MeshEvent; readonly wallMs: number }[] = [];
  let count = 0;
  let origin = String(startedMs);
  let disk: EventLog | null = null;
  const note = (draft: EventDraft): void => {
    const wallMs = clock.wallMs();
    const recent = kept.slice(-RECENT);
    if (recent.some((known) => isRepeat(known.event, wallMs - known.wallMs, draft))) return;
    const event = { time: new Date(wallMs).toISOString(), ...draft };
    kept.push({ event, wallMs });
    if (kept.length > EVENTS_MAX) kept.shift();
    count++;
    disk?.note({ number: count, ...event });
    news.mark();
  };
  const noteLine = (line: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    const draft = eventOfLog(line, facts);
    if (draft !== null) note(draft);
  };
  return {
    mark: wake.mark,
    overhear: (log) => overheard(log, noteLine),
    keepIn: (log) => {
      const early = kept.splice(0).map(({ event }) => event);
      const earlier = log.earlier.slice(-EVENTS_MAX);
      kept.push(...earlier.map(withMoment));
      count = earlier.at(-1)?.number ?? 0;
      origin = KEPT;
      disk = log;
      for (const event of early) {
        kept.push(withMoment(event));
        count++;
        log.note({ number: count, ...event });
      }
    },
    next: async ({ after, ageMsMax, waitMs }, signal) => {
      const from = numberIn(after, origin, count);
      const deadlineMs = clock.monotonicMs() + waitMs;
      while (count <= from && clock.monotonicMs() < deadlineMs && !signal.aborted) {
        await news.wait(deadlineMs - clock.monotonicMs(), signal);
      }
      const fresh = kept.slice(Math.max(0, kept.length - Math.max(0, count - from)));
      const oldestMs = ageMsMax === null ? Number.NEGATIVE_INFINITY : clock.wallMs() - ageMsMax;
      const events = fresh.filter(({ wallMs }) => wallMs >= oldestMs).map(({ event }) => event);
      return { events, cursor: `${origin}-${count}` };
    },
    run: async (look, signal) => {
      note({ kind: 'started', member: null, text: startText(version, kept.at(-1)?.event) });
      for (let before = look(); !signal.aborted; ) {
        await wake.wait(LOOK_MS, signal);
        const now = look();
        for (const draft of eventsBetween(before, now)) note(draft);
        before = now;
      }
      note({ kind: 'stopped', member: null, text: `cnsmo ${version} stopped` });
    },
  };
}

const overheard = (log: Log, hear: Log['info']): Log => ({
  info: (line, facts) => {
    log.info(line, facts);
    hear(line, facts);
  },
  warn: (line, facts) => {
    log.warn(line, facts);
    hear(line, facts);
  },
  error: (line, facts) => {
    log.error(line, facts);
    hear(line, facts);
  },
});

/** What cursors begin with where events outlive the daemon. */
const KEPT = 'kept';

const withMoment = (event: MeshEvent) => {
  const { time, kind, member, text } = event;
  return { event: { time, kind, member, text }, wallMs: Date.parse(time) };
};

function startText(version: string, last: MeshEvent | undefined): string {
  const isAfterCrash = last !== undefined && last.kind !== 'stopped';
  const before = isAfterCrash ? '; the one before it ended without a word' : '';
  return `cnsmo ${version} started${before}`;
}

/**
 * How many events a cursor has seen; none for one of another log or daemon, of nobody, or of events
 * that are lost.
 */
function numberIn(cursor: string | null, origin: string, count: number): number {
  const [start, text] = (cursor ?? '').split('-');
  const number = start === origin ? Number(text ?? 0) || 0 : 0;
  return number > count ? 0 : number;
}

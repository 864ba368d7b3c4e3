/**
 * Loop: events — collects what happened on this member for those who look, `cnsmo events` first.
 *
 * 1. It changes nothing and holds nobody up: others mark it, and it compares.
 * 2. The last 10,000 are kept in memory. A daemon that starts begins anew, and a cursor of the one
 *    before it reads from the beginning.
 */
import type { Clock, Log } from '../ports.ts';
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
  const note = (draft: EventDraft): void => {
    const wallMs = clock.wallMs();
    const recent = kept.slice(-RECENT);
    if (recent.some((known) => isRepeat(known.event, wallMs - known.wallMs, draft))) return;
    kept.push({ event: { time: new Date(wallMs).toISOString(), ...draft }, wallMs });
    if (kept.length > EVENTS_MAX) kept.shift();
    count++;
    news.mark();
  };
  const noteLine = (line: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    const draft = eventOfLog(line, facts);
    if (draft !== null) note(draft);
  };
  return {
    mark: wake.mark,
    overhear: (log) => overheard(log, noteLine),
    next: async ({ after, ageMsMax, waitMs }, signal) => {
      const from = numberIn(after, startedMs);
      const deadlineMs = clock.monotonicMs() + waitMs;
      while (count <= from && clock.monotonicMs() < deadlineMs && !signal.aborted) {
        await news.wait(deadlineMs - clock.monotonicMs(), signal);
      }
      const fresh = kept.slice(Math.max(0, kept.length - Math.max(0, count - from)));
      const oldestMs = ageMsMax === null ? Number.NEGATIVE_INFINITY : clock.wallMs() - ageMsMax;
      const events = fresh.filter(({ wallMs }) => wallMs >= oldestMs).map(({ event }) => event);
      return { events, cursor: `${startedMs}-${count}` };
    },
    run: async (look, signal) => {
      note({ kind: 'started', member: null, text: `cnsmo ${version} started` });
      for (let before = look(); !signal.aborted; ) {
        await wake.wait(LOOK_MS, signal);
        const now = look();
        for (const draft of eventsBetween(before, now)) note(draft);
        before = now;
      }
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

/** How many events a cursor has seen; none for one of another daemon, or of nobody. */
function numberIn(cursor: string | null, startedMs: number): number {
  const [start, number] = (cursor ?? '').split('-');
  return start === String(startedMs) ? Number(number ?? 0) || 0 : 0;
}

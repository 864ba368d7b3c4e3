/**
 * Loop: event shelf — the last events, numbered: in memory, and on disk once there is a log.
 */
import type { Clock } from '../ports.ts';
import type { EventLog } from './event-log.ts';
import type { EventAnswer, EventWish, MeshEvent } from './events.ts';
import { bounded, type EventDraft, isRepeat } from './rules/events.ts';

/** Events that are kept. Unit: count. At 200 bytes each, 2 MB. */
const EVENTS_MAX = 10_000;
/** How many of the last events are looked at for repeats. */
const RECENT = 100;
/** What cursors begin with where events outlive the daemon. */
const KEPT = 'kept';

/** The last events in their order, and who knows which. */
export interface Shelf {
  /** Puts an event on it, unless it only repeats one; tells whether it did. */
  put(draft: EventDraft): boolean;
  /** Keeps events there from now on, and takes what stands in it. */
  keepIn(log: EventLog): void;
  last(): MeshEvent | undefined;
  /** How many events a cursor does not know. */
  newSince(cursor: string | null): number;
  /** The oldest `countMax` of what a cursor does not know; and the cursor of who knows those. */
  since(wish: Omit<EventWish, 'waitMs'>): EventAnswer;
  flush(): Promise<void>;
}

interface Kept {
  readonly event: MeshEvent;
  readonly wallMs: number;
}

/** A shelf without events, in memory only. */
export function createShelf(clock: Clock): Shelf {
  const kept: Kept[] = [];
  let count = 0;
  let origin = String(clock.wallMs());
  /** How many of the events are of daemons before this one. */
  let inherited = 0;
  let disk: EventLog | null = null;
  const add = (one: Kept): void => {
    kept.push(one);
    if (kept.length > EVENTS_MAX) kept.shift();
    count++;
    disk?.note({ number: count, ...one.event });
  };
  const newSince = (cursor: string | null): number =>
    count - numberIn(cursor, { origin, inherited, count });
  return {
    put: (told) => {
      const draft = bounded(told);
      const wallMs = clock.wallMs();
      const recent = kept.slice(-RECENT);
      if (recent.some((one) => isRepeat(one.event, wallMs - one.wallMs, draft))) return false;
      add({ event: { time: new Date(wallMs).toISOString(), ...draft }, wallMs });
      return true;
    },
    keepIn: (log) => {
      const early = kept.splice(0);
      const earlier = log.earlier.slice(-EVENTS_MAX);
      kept.push(...earlier.map(withMoment));
      count = earlier.at(-1)?.number ?? 0;
      inherited = count;
      origin = `${KEPT}${origin}`;
      disk = log;
      for (const one of early) add(one);
    },
    last: () => kept.at(-1)?.event,
    newSince,
    since: ({ after, ageMsMax, countMax }) => {
      const oldestMs = ageMsMax === null ? Number.NEGATIVE_INFINITY : clock.wallMs() - ageMsMax;
      const first = Math.max(0, kept.length - newSince(after));
      const found = kept
        .slice(first)
        .map((one, index) => ({ ...one, number: count - kept.length + first + index + 1 }))
        .filter(({ wallMs }) => wallMs >= oldestMs);
      const page = found.slice(0, countMax ?? found.length);
      const last = page.length < found.length ? page.at(-1)?.number : count;
      return { events: page.map(({ event }) => event), cursor: `${origin}-${last ?? count}` };
    },
    flush: async () => await disk?.flush(),
  };
}

const withMoment = ({ time, kind, member, text, cause }: MeshEvent): Kept => ({
  // Of earlier releases it has none.
  event: bounded({ time, kind, member, text, cause: cause ?? null }),
  wallMs: Date.parse(time),
});

interface Counts {
  readonly origin: string;
  readonly inherited: number;
  readonly count: number;
}

/**
 * How many events a cursor has seen; none for one of another log, of nobody, or of events that are
 * lost. One of an earlier daemon may have seen more than what that had on disk when it was killed:
 * of this daemon's events it has seen none, though they have the same numbers.
 */
function numberIn(cursor: string | null, { origin, inherited, count }: Counts): number {
  const [start = '', text] = (cursor ?? '').split('-');
  const number = Number(text ?? 0) || 0;
  if (start === origin) return number > count ? 0 : number;
  return [start, origin].every((one) => one.startsWith(KEPT)) ? Math.min(number, inherited) : 0;
}

/**
 * Loop: events — collects what happened on this member for those who look, `cnsmo events` first.
 *
 * 1. It changes nothing and holds nobody up: others mark it, and it compares.
 * 2. The last 10,000 are kept, in memory and, once there is a log, on disk: then a daemon that
 *    starts knows what the ones before it saw, and their cursors go on.
 * 3. A daemon that ends says so; where the last event says nothing of the kind, it was killed.
 */
import type { Clock, Log, Ports } from '../ports.ts';
import { breathe } from './agent-look.ts';
import { openEventLog } from './event-log.ts';
import { createShelf } from './event-shelf.ts';
import type { Picture } from './rules/event-picture.ts';
import { type EventDraft, eventsBetween } from './rules/events.ts';
import { eventOfLog } from './rules/log-events.ts';
import { followReturns, NO_RETURNS } from './rules/returns.ts';
import { createWake } from './wake.ts';

/** Members of which a picture takes some ms, and so does what it differs in from the last. */
const MEMBERS_MANY = 100;

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
  /** The oldest so many, so that the rest can be asked for; null: all. */
  readonly countMax: number | null;
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
  /** Keeps events on disk from now on, and gives what is there. Once, before anybody asks. */
  keepOn(ports: Pick<Ports, 'disk' | 'log'>): Promise<void>;
  /** Resolves when everything noted so far is on disk, or given up. */
  flush(): Promise<void>;
  next(wish: EventWish, signal: AbortSignal): Promise<EventAnswer>;
  run(look: () => Picture, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. `version`: of this program. */
export function createEvents(clock: Clock, version: string): Events {
  const wake = createWake(clock);
  const news = createWake(clock);
  const shelf = createShelf(clock);
  let seen: Picture | null = null;
  const note = (draft: EventDraft): void => {
    if (shelf.put(draft)) news.mark();
  };
  const noteLine = (line: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    const draft = eventOfLog(line, facts, seen);
    if (draft !== null) note(draft);
  };
  return {
    mark: wake.mark,
    overhear: (log) => overheard(log, noteLine),
    keepOn: async (ports) => shelf.keepIn(await openEventLog(ports)),
    flush: shelf.flush,
    next: async (wish, signal) => {
      const deadlineMs = clock.monotonicMs() + wish.waitMs;
      const leftMs = (): number => deadlineMs - clock.monotonicMs();
      while (shelf.newSince(wish.after) === 0 && leftMs() > 0 && !signal.aborted) {
        await news.wait(leftMs(), signal);
      }
      return shelf.since(wish);
    },
    run: async (look, signal) => {
      note({ ...ABOUT_SELF, kind: 'started', text: startText(version, shelf.last()) });
      let returns = NO_RETURNS;
      let waitMs: number | null = null;
      for (let before = look(); !signal.aborted; ) {
        seen = before;
        await wake.wait(waitMs ?? LOOK_MS, signal);
        const isLong = before.members.size >= MEMBERS_MANY;
        await breathe(clock, isLong);
        const now = look();
        await breathe(clock, isLong);
        for (const draft of eventsBetween(before, now)) note(draft);
        const step = followReturns(returns, before, now, clock.monotonicMs());
        if (step.healed !== null) note(step.healed);
        ({ returns, waitMs } = step);
        before = now;
      }
      note({ ...ABOUT_SELF, kind: 'stopped', text: `cnsmo ${version} stopped` });
    },
  };
}

const ABOUT_SELF = { member: null, cause: null } as const;

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

function startText(version: string, last: MeshEvent | undefined): string {
  const isAfterCrash = last !== undefined && last.kind !== 'stopped';
  const before = isAfterCrash ? '; the one before it ended without a word' : '';
  return `cnsmo ${version} started${before}`;
}

/**
 * Loop: event pages — reads what one member saw, page by page, and keeps the newest of several.
 *
 * 1. Whoever is asked may be slow, older or hostile: what is read of it is bounded in time, number
 *    and length, and one event that does not read hides none of the others.
 * 2. Nothing that is missing is missing unsaid.
 */
import * as z from 'zod/mini';
import type { Value } from '../crdt/entry.ts';
import type { MemberId } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { MeshEvent } from './events.ts';
import { bounded } from './rules/events.ts';
import { cutTo } from './rules/wording.ts';

/** Events in one answer of a member, the oldest first. Unit: count. 500 are mostly under 200 KB. */
export const PAGE_EVENTS_MAX = 500;
/** Events that are read of a member at once. Unit: count. Twice what an honest one keeps. */
const MEMBER_EVENTS_MAX = 20_000;
/** Longest time and kind of an event. Unit: characters. */
const WORD_LENGTH_MAX = 30;
/** Longest cursor. Unit: characters. */
const CURSOR_LENGTH_MAX = 4_000;

/** One question to one member. */
export type AskEvents = (member: MemberId, wish: Value) => Promise<Value>;

/** From where on a member is asked. */
export interface Start {
  readonly after: string | null;
  readonly ageMsMax: number | null;
}

/** How a reading ended. `cursor`: of what was taken; `fault`: why there may be more. */
export interface Ending {
  readonly cursor: string | null;
  readonly fault: Fault | null;
}

const cursorText = z.string().check(z.maxLength(CURSOR_LENGTH_MAX));
const pageSchema = z.object({
  events: z.array(z.unknown()).check(z.maxLength(PAGE_EVENTS_MAX)),
  cursor: cursorText,
  // Earlier releases do not say: there is more behind a full page.
  isMore: z.optional(z.boolean()),
});
const eventSchema = z.object({
  ...{ time: z.string(), kind: z.string(), member: z.nullable(z.string()), text: z.string() },
  // Of earlier releases it has none.
  cause: z.optional(z.nullable(z.string())),
});

/** Where pages go to, the oldest first, and what ends the reading. */
interface Taking {
  readonly take: (events: readonly MeshEvent[]) => void;
  readonly ended: AbortSignal;
}

/** Reads all that a member saw since then, page after page. */
export async function readPages(
  ask: AskEvents,
  member: { readonly id: MemberId; readonly name: string },
  start: Start,
  { ended, take }: Taking,
): Promise<Ending> {
  let { after: cursor } = start;
  for (let [count, odd] = [0, 0]; ; ) {
    const late = (): Ending => ({ cursor, fault: lateFault(member.name, count) });
    if (ended.aborted) return late();
    const page = await within(ended, pageOf(ask, member.id, { ...start, after: cursor }));
    if (page === undefined) return late();
    if (page instanceof Fault) return { cursor, fault: page };
    const { events } = page;
    // Nobody says new things and stays where it was.
    if (events.length > 0 && page.cursor === cursor) {
      return { cursor, fault: oddFault('answer', 'its cursor is') };
    }
    const read = events.flatMap(readEvent);
    take(read);
    cursor = page.cursor;
    count += events.length;
    odd += events.length - read.length;
    const isMore = events.length > 0 && (page.isMore ?? events.length >= PAGE_EVENTS_MAX);
    if (!isMore)
      return { cursor, fault: odd === 0 ? null : oddFault('answer', `${odd} of its events are`) };
    if (count > MEMBER_EVENTS_MAX) return { cursor, fault: endlessFault(member.name, count) };
  }
}

/**
 * What comes of it, or undefined when that ended first. No `Promise.race`: what lives longer than
 * the others would hold all that they ever gave.
 */
async function within<Result>(
  ended: AbortSignal,
  asked: Promise<Result>,
): Promise<Result | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>();
  const end = (): void => resolve(undefined);
  ended.addEventListener('abort', end);
  asked.then(resolve, reject);
  try {
    return await promise;
  } finally {
    ended.removeEventListener('abort', end);
  }
}

type Page = z.infer<typeof pageSchema>;

async function pageOf(ask: AskEvents, id: MemberId, wish: Value): Promise<Page | Fault> {
  try {
    const page = z.safeParse(pageSchema, await ask(id, wish));
    return page.success ? page.data : oddFault('answer', 'it is');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** An event with no text longer than those of this version; none where it is no event. */
function readEvent(value: unknown): readonly MeshEvent[] {
  const read = z.safeParse(eventSchema, value);
  if (!read.success) return [];
  const { time, kind, cause = null, ...rest } = read.data;
  const words = { time: cutTo(time, WORD_LENGTH_MAX), kind: cutTo(kind, WORD_LENGTH_MAX) };
  return [bounded({ ...words, ...rest, cause } as MeshEvent)];
}

/** What is no question or answer about events to this version. `what`: with its verb. */
export const oddFault = (value: 'question' | 'answer', what: string): Fault =>
  new Fault('refused', {
    field: 'events',
    value,
    why: `${what} not as this version understands it`,
    remedy: 'run the same version of cnsmo on both members',
  });

const endlessFault = (member: string, count: number): Fault =>
  new Fault('refused', {
    field: 'member',
    value: member,
    why: `told ${count} events, which is more than a member keeps`,
    remedy: 'look at what runs there: whoever tells more makes them up',
  });

const lateFault = (member: string, count: number): Fault =>
  new Fault('timeout', {
    field: 'member',
    value: member,
    why: count === 0 ? 'gave no answer in time' : `too slow: after ${count} events it had more`,
    remedy: 'ask that member alone, or for less with --since',
  });

/** The newest events of several, `countMax` in all. */
export interface Pool<Item> {
  /** Adds what a member says, newer than what it said before. */
  add(member: string, events: readonly Item[]): void;
  all(): readonly Item[];
  /** How many were left out for others. */
  leftOut(): number;
}

/** An empty one. Where there are too many, who has most loses its oldest: each has its share. */
export function createPool<Item>(countMax: number): Pool<Item> {
  const kept = new Map<string, Item[]>();
  let [count, leftOut] = [0, 0];
  return {
    add: (member, events) => {
      const mine = kept.get(member) ?? [];
      kept.set(member, mine);
      mine.push(...events);
      count += events.length;
      while (count > countMax) {
        const longest = [...kept.values()].reduce((a, b) => (b.length > a.length ? b : a));
        const lost = longest.splice(0, Math.min(count - countMax, PAGE_EVENTS_MAX)).length;
        count -= lost;
        leftOut += lost;
      }
    },
    all: () => [...kept.values()].flat(),
    leftOut: () => leftOut,
  };
}

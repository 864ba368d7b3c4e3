/**
 * Loop: member events — what other members saw, beside what this one did, in one order of time.
 *
 * Each member tells what it saw by its own clock; whoever reads merges. Who cannot be asked is
 * named, and holds up nobody.
 */
import * as z from 'zod/mini';
import type { Value } from '../crdt/entry.ts';
import type { MemberId } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import type { EventAnswer, Events, EventWish, MeshEvent } from './events.ts';
import { findMember } from './rules/find.ts';

/** The topic by which members ask for them. */
export const EVENTS_TOPIC = 'events';

/** Events in one answer of a member, the oldest first. Unit: count. 500 are under 200 KB. */
const PAGE_EVENTS_MAX = 500;
/** Events in one answer of several, the last ones. Unit: count. Some 10 MB. */
const EVENTS_MAX = 50_000;
/** Pause between two rounds of questions while nothing is new. Unit: ms. */
const LOOK_MS = 1_000;

/** An event, and the member that saw it. */
export interface SeenEvent extends MeshEvent {
  readonly on: string;
}

/** What several members saw, by time. `cursor`: of all of them together. */
export interface SeenAnswer extends EventAnswer {
  readonly events: readonly SeenEvent[];
  readonly missing: readonly { readonly member: string; readonly why: string }[];
  /** How many older ones were left out. */
  readonly leftOut: number;
}

const text = z.string().check(z.maxLength(4_000));
const wishSchema = z.object({ after: z.nullable(text), ageMsMax: z.nullable(z.int()) });
const event = z.object({
  ...{ time: text, kind: text, member: z.nullable(text), text },
  // Of earlier releases it has none.
  cause: z.optional(z.nullable(text)),
});
const pageSchema = z.object({
  events: z.array(event).check(z.maxLength(PAGE_EVENTS_MAX)),
  cursor: text,
});
const cursorsSchema = z.record(z.string(), text);

/** Answers for this member. Fault 'refused' for a wish of another form. */
export const eventsTopic =
  (events: Pick<Events, 'next'>) =>
  async (wish: Value): Promise<Value> => {
    const parsed = z.safeParse(wishSchema, wish);
    if (!parsed.success) throw odd('wish');
    const never = new AbortController().signal;
    const page = { ...parsed.data, waitMs: 0, countMax: PAGE_EVENTS_MAX };
    const { events: found, cursor } = await events.next(page, never);
    const told = found.map(({ time, kind, member, text: said, cause }) => {
      return { time, kind, member, text: said, cause };
    });
    return { events: told, cursor };
  };

/** One question to one member. */
export type AskEvents = (member: MemberId, wish: Value) => Promise<Value>;

interface Asking {
  readonly view: View;
  readonly ask: AskEvents;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * What a member saw, or all of them (`all`); waits for something new as `EventWish` says. Faults of
 * `askMember` for one member; of several, who gave none is named.
 */
export async function gatherEvents(
  clock: Clock,
  { view, ask, signal }: Asking,
  on: string,
  wish: Omit<EventWish, 'countMax'>,
): Promise<SeenAnswer> {
  const isAll = on === 'all';
  const members = isAll ? view.members.filter(({ hasLeft }) => !hasLeft) : [findMember(view, on)];
  const deadlineMs = clock.monotonicMs() + wish.waitMs;
  for (let cursors = readCursors(wish.after); ; ) {
    const pages = await Promise.all(
      members.map(async ({ id, name }) => {
        const page = await allOf(ask, id, cursors[id] ?? null, wish.ageMsMax);
        if (page instanceof Fault && !isAll) throw page;
        return { id, name, page };
      }),
    );
    const answer = merge(pages, cursors);
    const isOver = signal.aborted || clock.monotonicMs() + LOOK_MS > deadlineMs;
    if (answer.events.length > 0 || isOver) return answer;
    cursors = readCursors(answer.cursor);
    await clock.sleep(LOOK_MS, signal);
  }
}

type Page = z.infer<typeof pageSchema>;

/** What a member saw since then, page by page. */
async function allOf(
  ask: AskEvents,
  id: MemberId,
  start: string | null,
  ageMsMax: number | null,
): Promise<Page | Fault> {
  const events: Page['events'] = [];
  for (let after = start; ; ) {
    const page = await pageOf(ask, id, { after, ageMsMax });
    if (page instanceof Fault) return page;
    events.push(...page.events);
    // The last page is not full; and no member keeps more than this.
    const isAll = page.events.length < PAGE_EVENTS_MAX || events.length >= EVENTS_MAX;
    if (isAll) return { events, cursor: page.cursor };
    after = page.cursor;
  }
}

async function pageOf(ask: AskEvents, id: MemberId, wish: Value): Promise<Page | Fault> {
  try {
    const page = z.safeParse(pageSchema, await ask(id, wish));
    return page.success ? page.data : odd('answer');
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function merge(
  pages: readonly { readonly id: string; readonly name: string; readonly page: Page | Fault }[],
  before: Readonly<Record<string, string>>,
): SeenAnswer {
  const cursors: Record<string, string> = { ...before };
  const events: SeenEvent[] = [];
  const missing: { member: string; why: string }[] = [];
  for (const { id, name, page } of pages) {
    if (page instanceof Fault) {
      missing.push({ member: name, why: page.facts.why });
      continue;
    }
    cursors[id] = page.cursor;
    for (const one of page.events) events.push({ ...(one as MeshEvent), on: name });
  }
  events.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -1 : 1));
  const leftOut = Math.max(0, events.length - EVENTS_MAX);
  return { events: events.slice(leftOut), cursor: JSON.stringify(cursors), missing, leftOut };
}

/** What was read of each member; nothing for what is no such record. */
function readCursors(cursor: string | null): Readonly<Record<string, string>> {
  try {
    const read = z.safeParse(cursorsSchema, JSON.parse(cursor ?? '{}'));
    return read.success ? read.data : {};
  } catch {
    return {};
  }
}

const odd = (value: string): Fault =>
  new Fault('refused', {
    field: 'events',
    value,
    why: 'not one that this version understands',
    remedy: 'run the same version of cnsmo on both members',
  });

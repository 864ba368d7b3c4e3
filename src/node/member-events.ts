/**
 * Loop: member events — what other members saw, beside what this one did, in one order of time.
 *
 * 1. Each member tells what it saw by its own clock; whoever reads merges.
 * 2. Who cannot be asked, or is slow, is named, and holds up nobody.
 * 3. What is held at once is bounded, and each member has its share of it.
 */
import * as z from 'zod/mini';
import { encode } from '../crdt/codec.ts';
import type { Value } from '../crdt/entry.ts';
import type { Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import {
  type AskEvents,
  createPool,
  oddFault,
  PAGE_EVENTS_MAX,
  readPages,
  type Start,
} from './event-pages.ts';
import type { EventAnswer, Events, EventWish, MeshEvent } from './events.ts';
import { findMember } from './rules/find.ts';

/** The topic by which members ask for them. */
export const EVENTS_TOPIC = 'events';

/** Longest page of a member. Unit: bytes. An answer of 512 KiB is the longest that is taken. */
const PAGE_BYTES_MAX = 400 * 1024;
/** Events in one answer of several, the newest of each. Unit: count. Some 20 MB of memory. */
const EVENTS_MAX = 50_000;
/** Members that are asked at once. One that is off takes 3 s: so 100 of them keep nobody out. */
const AT_ONCE_MAX = 16;
/** Longest that a round of questions lasts. Unit: ms. Less than the 30 s that the CLI waits. */
const ROUND_MS_MAX = 20_000;
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
  /** How many older ones were left out, for there were too many. */
  readonly leftOut: number;
}

const text = z.string().check(z.maxLength(4_000));
const wishSchema = z.object({ after: z.nullable(text), ageMsMax: z.nullable(z.int()) });
const cursorsSchema = z.record(z.string(), text);

/** Answers for this member. Fault 'refused' for a wish of another form. */
export const eventsTopic =
  (events: Pick<Events, 'next'>) =>
  async (wish: Value): Promise<Value> => {
    const parsed = z.safeParse(wishSchema, wish);
    if (!parsed.success) throw oddFault('question', 'it is');
    const never = new AbortController().signal;
    const page = { ...parsed.data, waitMs: 0, countMax: PAGE_EVENTS_MAX };
    const whole = await events.next(page, never);
    const countMax = countThatFits(whole.events);
    const isWhole = countMax === whole.events.length;
    const found = isWhole ? whole : await events.next({ ...page, countMax }, never);
    const isMore = !isWhole || countMax === PAGE_EVENTS_MAX;
    return { events: found.events.map(toldOf), cursor: found.cursor, isMore };
  };

const toldOf = ({ time, kind, member, text: said, cause }: MeshEvent) => {
  return { time, kind, member, text: said, cause };
};

/** How many of them are a page. */
function countThatFits(events: readonly MeshEvent[]): number {
  let bytes = 0;
  const first = events.findIndex((event) => {
    bytes += encode(toldOf(event)).length;
    return bytes > PAGE_BYTES_MAX;
  });
  return first === -1 ? events.length : first;
}

/** What is asked of members. */
export interface SeenWish extends Omit<EventWish, 'countMax'> {
  /** Whether one member that cannot be asked is named, as of several, instead of a failure. */
  readonly isPatient: boolean;
}

interface Asking {
  readonly view: () => View;
  readonly ask: AskEvents;
  /** Ends the waiting, and the asking. */
  readonly signal: AbortSignal;
}

/**
 * What a member saw, or all of them (`all`); waits for something new as `EventWish` says. Faults of
 * `askMember` for one member; of several, who gave none, or not all, is named.
 */
export async function gatherEvents(
  clock: Clock,
  { view, ask, signal }: Asking,
  on: string,
  wish: SeenWish,
): Promise<SeenAnswer> {
  const isLenient = on === 'all' || wish.isPatient;
  const deadlineMs = clock.monotonicMs() + wish.waitMs;
  for (let cursor = wish.after; ; ) {
    const start = { after: cursor, ageMsMax: wish.ageMsMax };
    const answer = await inTime(clock, signal, async (ended) => {
      const members = membersMeant(view(), on, isLenient);
      if (members instanceof Fault) return nothingOf(on, members, cursor);
      return await oneRound(ask, members, start, { ended, isLenient });
    });
    const isOver = signal.aborted || clock.monotonicMs() + LOOK_MS > deadlineMs;
    if (answer.events.length > 0 || isOver) return answer;
    ({ cursor } = answer);
    await clock.sleep(LOOK_MS, signal);
  }
}

/** Who is asked. A Fault for nobody, where that is to be told as others are. */
function membersMeant(view: View, on: string, isLenient: boolean): readonly Member[] | Fault {
  if (on === 'all') return view.members.filter(({ hasLeft }) => !hasLeft);
  try {
    return [findMember(view, on)];
  } catch (error) {
    if (isLenient && error instanceof Fault) return error;
    throw error;
  }
}

const nothingOf = (on: string, { facts }: Fault, cursor: string | null): SeenAnswer => ({
  ...{ events: [], leftOut: 0, cursor: cursor ?? '{}' },
  missing: [{ member: on, why: facts.why }],
});

/** Does it with an end: when the time is over, or the signal aborts. */
async function inTime<Result>(
  clock: Clock,
  signal: AbortSignal,
  act: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const [late, done] = [new AbortController(), new AbortController()];
  const waking = AbortSignal.any([signal, done.signal]);
  void clock.sleep(ROUND_MS_MAX, waking).then(() => late.abort());
  try {
    return await act(AbortSignal.any([signal, late.signal]));
  } finally {
    done.abort();
  }
}

/** Asks each of them once for all that is new, a few at once. */
async function oneRound(
  ask: AskEvents,
  members: readonly Member[],
  { after, ageMsMax }: Start,
  { ended, isLenient }: { readonly ended: AbortSignal; readonly isLenient: boolean },
): Promise<SeenAnswer> {
  const cursors: Record<string, string> = { ...readCursors(after) };
  const pool = createPool<SeenEvent>(EVENTS_MAX);
  const missing = new Map<Member, string>();
  const read = async (member: Member): Promise<void> => {
    const { id, name } = member;
    const before = cursors[id] ?? null;
    const take = (events: readonly MeshEvent[]): void =>
      pool.add(
        id,
        events.map((one) => ({ ...one, on: name })),
      );
    const from = { after: before, ageMsMax };
    const { cursor, fault } = await readPages(ask, member, from, { ended, take });
    if (cursor !== null) cursors[id] = cursor;
    if (fault === null) return;
    if (!isLenient && cursor === before) throw fault;
    missing.set(member, fault.facts.why);
  };
  const queue = members.values(); // Who asks takes the next one of it.
  const askNext = async (): Promise<void> => {
    for (const member of queue) await read(member);
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, askNext));
  return {
    events: pool.all().toSorted((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -1 : 1)),
    cursor: JSON.stringify(cursors),
    missing: members.flatMap((member) => {
      const why = missing.get(member);
      return why === undefined ? [] : [{ member: member.name, why }];
    }),
    leftOut: pool.leftOut(),
  };
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

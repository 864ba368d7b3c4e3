/**
 * Loop: member log — the log of this member or of another one, in pages, for those who ask.
 */
import * as z from 'zod/mini';
import type { Value } from '../crdt/entry.ts';
import { Fault } from '../fault.ts';
import { CURSOR_MAX, type LogBook, type LogPage, PAGE_LINES_MAX } from '../log-book.ts';
import type { Clock } from '../ports.ts';
import { readCount, readMs } from './api-body.ts';

/** The topic by which members ask for it. */
export const LOG_TOPIC = 'log';

/** Pause between two questions to a member whose log says nothing new. Unit: ms. */
const LOOK_MS = 1_000;

/** Longest that a request may wait. Unit: ms. */
const WAIT_MS_MAX = 60_000;

const cursor = z.string().check(z.maxLength(CURSOR_MAX));
const wishSchema = z.object({
  after: z.nullable(cursor),
  lines: z.int().check(z.gte(0), z.lte(PAGE_LINES_MAX)),
});
const pageSchema = z.object({ lines: z.array(z.string()), cursor });

/** What of a log a client asks for. */
export interface LogWish {
  /** Cursor of the last answer; null: the last lines. */
  readonly after: string | null;
  readonly lines: number;
  /** How long to wait when there is nothing yet, ms. */
  readonly waitMs: number;
}

/** What the query of a request wishes. Fault 'refused' for a number that is none or too large. */
export function readLogWish(query: Readonly<Record<string, string>>): LogWish {
  const lines = readCount('lines', query.lines ?? '50');
  if (lines > PAGE_LINES_MAX) {
    const value = String(lines);
    const remedy = `ask for at most ${PAGE_LINES_MAX}, and go on with -f`;
    throw new Fault('refused', { field: 'lines', value, why: 'more than a member sends', remedy });
  }
  const waitMs = Math.min(WAIT_MS_MAX, readMs('waitMs', query.waitMs ?? '0'));
  return { after: query.after ?? null, lines, waitMs };
}

/** Answers for this member. Fault 'refused' for a wish of another form. */
export const logTopic =
  (book: LogBook) =>
  async (wish: Value): Promise<Value> => {
    const parsed = z.safeParse(wishSchema, wish);
    if (!parsed.success) throw oddLog('wish', 'not one that this version understands');
    const { lines, cursor: end } = await book.page(parsed.data);
    return { lines: [...lines], cursor: end };
  };

/** One question to the member. */
export type AskLog = (wish: Value) => Promise<Value>;

/** Asks until there is a line or the time is over. */
export async function readLog(
  clock: Clock,
  ask: AskLog,
  { after, lines, waitMs }: LogWish,
  signal: AbortSignal,
): Promise<LogPage> {
  const deadlineMs = clock.monotonicMs() + waitMs;
  for (;;) {
    const page = z.safeParse(pageSchema, await ask({ after, lines }));
    if (!page.success) throw oddLog('answer', 'not a page of a log');
    const isOver = signal.aborted || clock.monotonicMs() + LOOK_MS > deadlineMs;
    if (page.data.lines.length > 0 || isOver) return page.data;
    await clock.sleep(LOOK_MS, signal);
  }
}

const oddLog = (value: string, why: string): Fault =>
  new Fault('refused', {
    field: 'log',
    value,
    why,
    remedy: 'run the same version of cnsmo on both members',
  });

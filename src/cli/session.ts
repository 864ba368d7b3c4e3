/**
 * Rule: session — one invocation: where the daemon is, how to call it, how to show what it says.
 */
import type { ApiRequest } from '../ports.ts';
import type { Places, Watch } from './local.ts';
import type { Page } from './table.ts';

export interface Session {
  readonly places: Places;
  /** Longest wait for an answer of the daemon. */
  readonly timeoutMs: number;
  /** How to wait for what this machine does itself. */
  readonly watch: Watch;
  /** One request; the answer's body, or a Fault. `waitMs`: other than the usual timeout. */
  call(
    method: ApiRequest['method'],
    path: string,
    body?: unknown,
    choice?: { readonly query?: ApiRequest['query']; readonly waitMs?: number },
  ): Promise<unknown>;
  /** An answer that comes in lines, as they come; `waitMs` is the longest wait for one. */
  lines(path: string, query: ApiRequest['query']): AsyncIterable<unknown>;
  /** Shows an answer in the chosen format; `render` makes the table. */
  show(body: unknown, render: (page: Page) => string): Promise<void>;
  /** Whether the output is a table: machines find everything in the object. */
  readonly isForPeople: boolean;
  /** Shows one of many answers: a line of the table, or an object on a line of its own. */
  showLine(body: unknown, line: (page: Page) => string): Promise<void>;
  /** Shows a list piece by piece: rows of a table, or one array. */
  showList(): ListShow;
  /** Whether hints and progress are not wanted. */
  readonly isQuiet: boolean;
  /** Waits for work, and says so on a terminal when that takes its time. */
  patiently<Result>(what: string, work: Promise<Result>): Promise<Result>;
  /** A line for people, on stderr; left out with -q and for machines. */
  hint(text: string): void;
}

/** A list that is being shown. */
export interface ListShow {
  add(body: unknown, row: (page: Page) => string): Promise<void>;
  /** Ends it; the text is for tables only. */
  end(text: (page: Page) => string): Promise<void>;
}

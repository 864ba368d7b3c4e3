/**
 * Rule: session — one invocation: where the daemon is, how to call it, how to show what it says.
 */
import type { ApiRequest } from '../ports.ts';
import type { Places } from './local.ts';

export interface Session {
  readonly places: Places;
  readonly timeoutMs: number;
  /** One request; the answer's body, or a Fault. `waitMs`: less than the usual timeout. */
  call(
    method: ApiRequest['method'],
    path: string,
    body?: unknown,
    waitMs?: number,
  ): Promise<unknown>;
  /** Shows an answer in the chosen format; `render` makes the table. */
  show(body: unknown, render: () => string): Promise<void>;
  /** Whether the output is a table: machines find everything in the object. */
  readonly isForPeople: boolean;
  /** A line for people, on stderr; left out with -q and for machines. */
  hint(text: string): void;
}

/**
 * Loop: follow — goes on asking for what comes after a cursor, also through a restart of whoever
 * answers.
 */
import { Fault, type FaultCode } from '../fault.ts';
import type { Local } from './local.ts';
import type { Session } from './session.ts';

/** How long the daemon holds a request back when there is nothing new. Unit: ms. */
const HOLD_MS = 20_000;
/** Pause before a daemon that is gone is asked again. Unit: ms. */
const RETRY_MS = 500;

/** What passes by itself, once whoever answers runs again; anything else is an answer. */
const PASSING: ReadonlySet<FaultCode> = new Set(['no-daemon', 'timeout', 'internal']);

/** What is followed. */
interface Followed<Answer> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly show: (answer: Answer) => Promise<void>;
}

/** Ends with a Fault only: a refusal at once, no answer when that lasts longer than the timeout. */
export async function follow<Answer extends { readonly cursor: string }>(
  local: Local,
  open: Session,
  { path, query, show }: Followed<Answer>,
  start: string,
): Promise<never> {
  const waitMs = HOLD_MS + open.timeoutMs;
  let seenMs = local.monotonicMs();
  for (let cursor = start; ; ) {
    const asked = { ...query, after: cursor, waitMs: String(HOLD_MS) };
    try {
      const answer = await open.call('GET', path, null, { query: asked, waitMs });
      await show(answer as Answer);
      ({ cursor } = answer as Answer);
      seenMs = local.monotonicMs();
    } catch (error) {
      if (!(error instanceof Fault) || !PASSING.has(error.code)) throw error;
      if (local.monotonicMs() - seenMs > waitMs) throw error;
      await local.sleep(RETRY_MS);
    }
  }
}

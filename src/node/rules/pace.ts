/**
 * Rule: pace — how soon an agent looks at the host again, and what its state is called.
 *
 * 1. In step: at the regular read-back, or when the service asks for an earlier look.
 * 2. Not in step, nothing refused: at the service's early look a few times, for something that is
 *    about to appear; then backing off.
 * 3. Refused: backing off, 1 s doubling to 30 s.
 */
import type { AgentState, Problem } from '../../services/service.ts';

/** Pause between full read-backs that nothing marks. Unit: ms. Of 10,000 rules: 0.3 s of CPU. */
const READ_BACK_MS = 300_000;

/** First and longest pause after a failure. Unit: ms. */
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 30_000;

/**
 * Passes out of step in which the service's early look is followed. wireguard-go's interface shows
 * after 0.1 to 1 s, looked for every 0.2 s.
 */
const EARLY_LOOKS_MAX = 10;

/** What a pass came to. */
export interface Outcome {
  /** Why the host could not be read or refused a command; null when it did not. */
  readonly failure: Problem | null;
  readonly problems: readonly Problem[];
  /** What people should see though the service does its part. */
  readonly notes: readonly Problem[];
  /** Commands that the read-back after applying still asks for, in words. */
  readonly remaining: readonly string[];
  readonly recheckMs: number | null;
}

/** Whether nothing is left to do on the host. */
export const isSettled = ({
  failure,
  remaining,
}: Pick<Outcome, 'failure' | 'remaining'>): boolean => failure === null && remaining.length === 0;

/** Whether the host is as it should be and nobody needs to look. */
const isInStep = (outcome: Outcome): boolean => isSettled(outcome) && outcome.problems.length === 0;

/** What a person should see of a pass that ended in `state`. */
export const problemsOf = (outcome: Outcome, state: AgentState): readonly Problem[] => {
  const { failure, problems, remaining } = outcome;
  const [next] = remaining;
  const isStuck = failure === null && next !== undefined && state !== 'starting';
  const stuck = isStuck ? [`not in step after applying; it would take: ${next}; trying on`] : [];
  return [...(failure === null ? [] : [failure]), ...problems, ...stuck, ...outcome.notes];
};

/** Pause after the `tries`-th failure in a row, ms. `fraction` in [0, 1) spreads it by a fifth. */
export const backoffMs = (tries: number, fraction: number): number => {
  const base = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(tries - 1, 10));
  return Math.round(base * (0.8 + 0.4 * fraction));
};

/** Until the next look, ms. `tries`: passes out of step in a row, this one included. */
export const nextLookMs = (outcome: Outcome, tries: number, fraction: number): number => {
  const early = outcome.recheckMs ?? READ_BACK_MS;
  if (outcome.failure !== null) return backoffMs(tries, fraction);
  if (outcome.remaining.length === 0) return Math.min(early, READ_BACK_MS);
  if (tries > EARLY_LOOKS_MAX) return backoffMs(tries - EARLY_LOOKS_MAX, fraction);
  return Math.min(early, backoffMs(tries, fraction));
};

/** The state after a pass. `wasReady`: whether this agent was ready since it started. */
export const stateAfter = (outcome: Outcome, tries: number, wasReady: boolean): AgentState => {
  if (isInStep(outcome)) return 'ready';
  if (outcome.failure !== null) return 'failed';
  const isAwaited = outcome.problems.length === 0 && outcome.recheckMs !== null;
  return isAwaited && !wasReady && tries <= EARLY_LOOKS_MAX ? 'starting' : 'degraded';
};

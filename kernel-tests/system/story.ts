/** Rule: story — what a run of checks is: each says what is true when it passed. */
import type { Answer } from './pings.ts';
import { missingOf } from './pings.ts';

/** Says what must be true, and does `act`, which rejects when it is not. */
export type Check = (name: string, act: () => Promise<unknown>) => Promise<void>;

/** Rejects unless `isTrue`; `said` is what was seen instead. */
export function expect(isTrue: boolean, said: unknown): void {
  if (isTrue) return;
  throw new Error(`seen: ${typeof said === 'string' ? said : JSON.stringify(said)}`);
}

/** Rejects unless there are that many answers, and none is missing between first and last. */
export function expectGapless(answers: readonly Answer[], countMin: number): void {
  const missing = missingOf(answers);
  expect(answers.length >= countMin, `${answers.length} answers`);
  expect(missing.length === 0, `no answer to packets ${missing.join(' ')} of ${answers.length}`);
}

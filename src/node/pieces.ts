/**
 * Loop: pieces — does long work of a rule in its pieces, between which others have their turn.
 */
import type { Clock } from '../ports.ts';

/**
 * Does all of it; `onStep` is told what each piece gives. Whatever the work rests on may change
 * between two.
 */
export async function inPieces<Step, Result>(
  clock: Pick<Clock, 'sleep'>,
  work: Generator<Step, Result>,
  onStep: (step: Step) => void = () => undefined,
): Promise<Result> {
  const first = work.next();
  if (first.done === true) return first.value; // Most work is short, and pays for nothing more.
  const rest = new AbortController().signal;
  for (let step: IteratorResult<Step, Result> = first; ; step = work.next()) {
    await clock.sleep(0, rest); // Also before anybody is told what the last piece gave.
    if (step.done === true) return step.value;
    onStep(step.value);
  }
}

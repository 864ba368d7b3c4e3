/**
 * Loop: sequence — runs tasks that share a key one after the other, in call order.
 *
 * 1. A task that fails fails only its own caller; the next one runs all the same.
 * 2. A key without a task costs no memory.
 */

/** Runs `task` after all earlier tasks of the same key, and settles as it does. */
export type Sequence = <Result>(key: string, task: () => Promise<Result>) => Promise<Result>;

/** A sequence of its own; keys of two sequences have nothing to do with each other. */
export function openSequence(): Sequence {
  const tails = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const run = (tails.get(key) ?? Promise.resolve()).then(task);
    const settled = run.then(
      () => undefined,
      () => undefined, // Invariant 1: the caller has the failure, through `run`.
    );
    const tail = settled.then(() => {
      if (tails.get(key) === tail) tails.delete(key); // Invariant 2.
    });
    tails.set(key, tail);
    return run;
  };
}

/**
 * Loop: turns — at most one run for each key at a time.
 *
 * Whoever asks while one is under way gets the next, which begins after it and so knows of
 * everything that was there when it was asked for. All who ask meanwhile share that one.
 */

/** Runs for a key, in turn. */
export type Turns<Key, Result> = (key: Key) => Promise<Result>;

interface Slot<Result> {
  readonly current: Promise<Result>;
  next: Promise<Result> | null;
}

/** Makes the turns of something that is run for a key. */
export function createTurns<Key, Result>(run: (key: Key) => Promise<Result>): Turns<Key, Result> {
  const slots = new Map<Key, Slot<Result>>();
  const start = (key: Key): Promise<Result> => {
    const slot: Slot<Result> = { current: run(key), next: null };
    slots.set(key, slot);
    const end = (): void => {
      if (slots.get(key) === slot) slots.delete(key);
    };
    slot.current.then(end, end);
    return slot.current;
  };
  return (key) => {
    const slot = slots.get(key);
    if (slot === undefined) return start(key);
    const again = (): Promise<Result> => start(key);
    slot.next ??= slot.current.then(again, again);
    return slot.next;
  };
}

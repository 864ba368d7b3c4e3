/**
 * Edge: turns — who waits goes on in the order of coming, one in each turn of the event loop, so
 * that nobody else waits for the sum of what they do.
 */

/** Calls it when it is its turn. */
export type InTurn = (goOn: () => void) => void;

/** A line in which nobody waits yet. */
export function openTurns(): InTurn {
  let waiting: (() => void)[] = [];
  let going: (() => void)[] = [];
  let isAtWork = false;
  const goOn = (): void => {
    if (going.length === 0) [going, waiting] = [waiting.reverse(), []];
    going.pop()?.();
    isAtWork = going.length + waiting.length > 0;
    // Asked for in its phase, an immediate comes after what else is ready.
    if (isAtWork) setImmediate(goOn);
  };
  return (next) => {
    waiting.push(next);
    if (isAtWork) return;
    isAtWork = true;
    setImmediate(goOn);
  };
}

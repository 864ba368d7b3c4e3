/**
 * Edge: turns — who waits goes on in the order of coming, one in each turn of the event loop, so
 * that nobody else waits for the sum of what they do.
 *
 * A process has one event loop, so it has one line, for all that takes a while: who has slept, a
 * connection that is read on, a command that starts, a part of a long answer.
 */

/** Calls it when it is its turn. */
export type InTurn = (goOn: () => void) => void;

/** The line of this process. */
export const inTurn: InTurn = openTurns();

/** Resolves when it is the caller's turn. */
export const ownTurn = (): Promise<void> => new Promise((resolve) => inTurn(resolve));

function openTurns(): InTurn {
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

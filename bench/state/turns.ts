/**
 * Edge: turns — the turn of the event loop that used the processor longest: what others would have
 * waited for, on a machine that nobody else uses.
 *
 * By CPU time of the main thread, so that it does not depend on who else uses the machine.
 */

/** Begins to watch; gives what ends it and says the most CPU time of one turn since. Unit: ms. */
export const watchTurns = (): (() => number) => {
  let longestUs = 0;
  let isOver = false;
  let before = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage();
    longestUs = Math.max(longestUs, user + system - before.user - before.system);
    before = { user, system };
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOver = true;
    look();
    return longestUs / 1000;
  };
};

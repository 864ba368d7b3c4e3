/**
 * Loop: patience — tells who watches a terminal that something takes its time.
 */
import type { Local } from './local.ts';

/** What takes less needs no word. Unit: ms. */
const PATIENCE_MS = 2_000;
/** Time between two updates of the line. Unit: ms. */
const TICK_MS = 1_000;

/** To the begin of the line, and clear it. */
const WIPE = '\r\u001b[K';

/**
 * Waits for `work`; after 2 s a line counts the seconds. It goes when the work is done, and at
 * Ctrl-C.
 */
export async function patiently<Result>(
  local: Pick<Local, 'err' | 'sleep' | 'monotonicMs' | 'onInterrupt'>,
  what: string,
  work: Promise<Result>,
): Promise<Result> {
  const end = new AbortController();
  const startMs = local.monotonicMs();
  let isShown = false;
  const tick = async (): Promise<void> => {
    await local.sleep(PATIENCE_MS, end.signal);
    while (!end.signal.aborted) {
      const seconds = Math.round((local.monotonicMs() - startMs) / 1_000);
      local.err(`${WIPE}${what} … ${seconds} s`);
      isShown = true;
      await local.sleep(TICK_MS, end.signal);
    }
  };
  const unlisten = local.onInterrupt(() => {
    if (isShown) local.err(WIPE);
  });
  const ticking = tick();
  try {
    return await work;
  } finally {
    end.abort();
    unlisten();
    await ticking;
    if (isShown) local.err(WIPE);
  }
}

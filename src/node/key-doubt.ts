/**
 * Loop: key doubt — remembers, also over restarts, that this member's key is used elsewhere too.
 */
import type { Store } from '../crdt/store.ts';
import type { Disk, Log } from '../ports.ts';

/** A file of this name says so. */
const DOUBT = 'key-doubt';

/** What is remembered. */
export interface KeyDoubt {
  /** Begins it; nothing more is written. `why`: for the log. */
  begin(why: string): void;
  /** Begins it when the store has found frames of ours that we did not write. */
  look(): void;
  /** Ends it. */
  end(): Promise<void>;
}

/** As it was left on disk. */
export async function openKeyDoubt(
  { disk, log }: { readonly disk: Disk; readonly log: Log },
  store: Store,
): Promise<KeyDoubt> {
  let isTold = (await disk.read(DOUBT)) !== null;
  if (isTold) store.distrustKey();
  let last: Promise<unknown> = Promise.resolve();
  const begin = (why: string): void => {
    store.distrustKey();
    if (isTold) return;
    isTold = true;
    log.error('key-used-elsewhere', { why });
    // Not kept: after a restart the same signs come again.
    const failed = (error: unknown) => log.warn('key-doubt-not-kept', { why: String(error) });
    last = last.then(() => disk.write(DOUBT, new Uint8Array())).catch(failed);
  };
  return {
    begin,
    look: () => {
      if (store.doubt() === 'elsewhere') begin('frames of ours that this VM did not write');
    },
    end: async () => {
      await last;
      await disk.remove(DOUBT);
      isTold = false;
      log.warn('key-recovered');
    },
  };
}

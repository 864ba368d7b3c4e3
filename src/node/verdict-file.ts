/**
 * Loop: verdict file — keeps what was found out about join requests over restarts.
 *
 * It is worth writing only when it saves time; what is lost of it is found out again.
 */
import { openVerdicts, type Verdicts } from '../crdt/verdicts.ts';
import type { Ports } from '../ports.ts';

/** The name of the file. */
const FILE = 'verdicts';

/** The verdicts of a running member. */
export interface VerdictFile {
  readonly verdicts: Verdicts;
  /** Writes them, when there is much new. Harmless at any time. */
  keep(): void;
  /** Resolves when what was to be written is. */
  flush(): Promise<void>;
}

/** Opens it as it was left. `secret`: the seed of this member. */
export async function openVerdictFile(
  { crypto, disk, log }: Pick<Ports, 'crypto' | 'disk' | 'log'>,
  secret: Uint8Array,
): Promise<VerdictFile> {
  const verdicts = openVerdicts(crypto, secret, await disk.read(FILE));
  let last: Promise<unknown> = Promise.resolve();
  return {
    verdicts,
    keep: () => {
      if (!verdicts.isWorthKeeping()) return;
      const encoded = verdicts.encode();
      last = last
        .then(() => disk.write(FILE, encoded))
        .catch((error: unknown) => log.warn('verdicts-not-kept', { why: String(error) }));
    },
    flush: async () => void (await last),
  };
}

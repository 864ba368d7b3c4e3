/**
 * Edge: appends — the files of a directory that grow, kept open while they do.
 *
 * 1. Only whole appends are in a file: one that fails is cut off again, before the next at the
 *    latest.
 * 2. What was appended is in the file of that name: one that is removed, moved or replaced while it
 *    is open is noticed.
 * 3. A name is durable before what is in its file counts as that.
 * 4. A file that nobody appends to is closed within KEPT_MS, so that its disk can be unmounted.
 */
import { dirname } from 'node:path';
import { syncDirectory } from './files.ts';
import { type GrowingFile, openGrowingFile } from './growing-file.ts';

/**
 * How long a file stays open, whatever happens: each call that may wait for a disk is handed to
 * another thread, and among 20 daemons on two cores those of opening and closing took a tenth of
 * the time in which a change spreads. Unit: ms.
 */
const KEPT_MS = 5_000;

/** The files of a directory that are appended to. Calls for one path must not overlap. */
export interface Appends {
  /** Appends, creating the file; durable when this resolves. */
  append(path: string, content: Uint8Array): Promise<void>;
  /** Forgets the file, and closes it: it is about to be replaced or removed. */
  release(path: string): Promise<void>;
}

interface Kept extends GrowingFile {
  readonly closing: NodeJS.Timeout;
}

/** None is open. `inTurn` runs a task for a path once no call for it is under way. */
export function openAppends(
  inTurn: (path: string, task: () => Promise<void>) => Promise<void>,
): Appends {
  const kept = new Map<string, Kept>();
  const named = new Set<string>();
  const torn = new Map<string, number>();

  const close = async (path: string): Promise<void> => {
    const file = kept.get(path);
    kept.delete(path);
    clearTimeout(file?.closing);
    await file?.close().catch(() => undefined); // All that it had to keep, it has kept.
  };

  const release = async (path: string): Promise<void> => {
    await close(path);
    named.delete(path);
    torn.delete(path);
  };

  const open = async (path: string): Promise<Kept> => {
    const file = await openGrowingFile(path, torn.get(path) ?? null);
    const closing = setTimeout(() => void inTurn(path, () => close(path)), KEPT_MS).unref();
    const opened = { ...file, closing };
    kept.set(path, opened);
    torn.delete(path);
    if (file.size() === 0) named.delete(path); // Perhaps it was just created.
    return opened;
  };

  const appendTo = async (path: string, content: Uint8Array, isAgain: boolean): Promise<void> => {
    const file = kept.get(path) ?? (await open(path));
    if (!named.has(path)) await syncDirectory(dirname(path));
    named.add(path);
    const finding = file.isThere();
    try {
      await file.append(content);
    } catch (error) {
      await finding;
      torn.set(path, file.size());
      await close(path);
      await open(path).catch(() => undefined); // To open it is to cut it, if the disk lets us.
      throw error;
    }
    if ((await finding) || isAgain) return; // Not all file systems tell one file from another.
    await release(path);
    await appendTo(path, content, true); // Invariant 2.
  };
  return { append: (path, content) => appendTo(path, content, false), release };
}

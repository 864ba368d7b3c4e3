/**
 * Edge: appends — files that grow, each append durable by one call to the system.
 *
 * 1. An append that fails leaves the file as long as it was, so that no torn record ends up between
 *    whole ones.
 * 2. What was appended is in a file of that name: one that is removed while it is open is noticed.
 * 3. A file stays open no longer than KEPT_MS, so that a disk can be unmounted or made read-only.
 */
import { constants, fstatSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, openFile, syncDirectory } from './files.ts';

/**
 * How long a file stays open: each call that may wait for a disk is handed to another thread, and
 * among 20 daemons on two cores those of opening and closing took a tenth of the time in which a
 * change spreads. Unit: ms.
 */
const KEPT_MS = 5_000;

/** The files of a directory that are appended to. Calls for one path must not overlap. */
export interface Appends {
  /** Appends, creating the file; durable when this resolves. */
  append(path: string, content: Uint8Array): Promise<void>;
  /** Closes the file, if it is open: it is about to be replaced or removed. */
  release(path: string): Promise<void>;
}

interface Growing {
  readonly handle: FileHandle;
  readonly closing: NodeJS.Timeout;
  size: number;
  isNew: boolean;
}

/** None is open. `inTurn` runs a task for a path once no call for it is under way. */
export function openAppends(
  inTurn: (path: string, task: () => Promise<void>) => Promise<void>,
): Appends {
  const growing = new Map<string, Growing>();

  const release = async (path: string): Promise<void> => {
    const file = growing.get(path);
    if (file === undefined) return;
    growing.delete(path);
    clearTimeout(file.closing);
    await file.handle.close().catch(() => undefined); // All that it had to keep, it has kept.
  };

  const open = async (path: string): Promise<Growing> => {
    const { handle, isNew } = await openGrowing(path);
    try {
      const { size } = await handle.stat();
      const closing = setTimeout(() => void inTurn(path, () => release(path)), KEPT_MS).unref();
      const file = { handle, closing, size, isNew };
      growing.set(path, file);
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  };

  const append = async (path: string, content: Uint8Array): Promise<void> => {
    const file = growing.get(path) ?? (await open(path));
    try {
      await writeWhole(file.handle, content);
    } catch (error) {
      await file.handle.truncate(file.size).catch(() => undefined); // If the disk still lets us.
      await release(path);
      throw error;
    }
    file.size += content.length;
    if (isGone(file)) {
      await release(path);
      await append(path, content); // Invariant 2.
    } else if (file.isNew) {
      await syncDirectory(dirname(path));
      file.isNew = false;
    }
  };
  return { append, release };
}

/** Of an open file, that is known without asking a disk. */
const isGone = ({ handle }: Growing): boolean => fstatSync(handle.fd).nlink === 0;

async function openGrowing(path: string): Promise<{ handle: FileHandle; isNew: boolean }> {
  const { O_WRONLY, O_APPEND, O_DSYNC, O_CREAT, O_EXCL } = constants;
  const flags = O_WRONLY | O_APPEND | O_DSYNC;
  try {
    return { handle: await openFile(path, flags), isNew: false };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return { handle: await openFile(path, flags | O_CREAT | O_EXCL), isNew: true };
  }
}

async function writeWhole(handle: FileHandle, content: Uint8Array): Promise<void> {
  for (let from = 0; from < content.length; ) {
    const { bytesWritten } = await handle.write(content, from);
    from += bytesWritten;
  }
}

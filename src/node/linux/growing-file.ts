/**
 * Edge: growing file — one file, open, that grows by whole appends, each durable by one call to
 * the system.
 */
import { constants } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { openFile } from './files.ts';

/** A file that is open. Its calls must not overlap, `isThere` excepted. */
export interface GrowingFile {
  /** Durable when this resolves. One that fails may leave a part of itself at the end. */
  append(content: Uint8Array): Promise<void>;
  /** What it had, and what whole appends have added. Unit: bytes. */
  size(): number;
  /** Whether its name still is that of this file: nobody has removed, moved or replaced it. */
  isThere(): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens it, creating it, and cuts it to `bytesMax` where that is no null. */
export async function openGrowingFile(path: string, bytesMax: number | null): Promise<GrowingFile> {
  const { O_WRONLY, O_APPEND, O_DSYNC, O_CREAT } = constants;
  const handle = await openFile(path, O_WRONLY | O_APPEND | O_DSYNC | O_CREAT);
  try {
    if (bytesMax !== null) await cut(handle, bytesMax);
    return await growing(path, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function growing(path: string, handle: FileHandle): Promise<GrowingFile> {
  const { dev, ino, ...opened } = await handle.stat();
  let { size } = opened;
  return {
    append: async (content) => {
      await writeWhole(handle, content);
      size += content.length;
    },
    size: () => size,
    isThere: async () => {
      const found = await lstat(path).catch(() => null); // Who opens it is told what is wrong.
      return found !== null && found.dev === dev && found.ino === ino;
    },
    close: () => handle.close(),
  };
}

async function writeWhole(handle: FileHandle, content: Uint8Array): Promise<void> {
  for (let from = 0; from < content.length; ) {
    const { bytesWritten } = await handle.write(content, from);
    from += bytesWritten;
  }
}

async function cut(handle: FileHandle, bytesMax: number): Promise<void> {
  if ((await handle.stat()).size <= bytesMax) return;
  await handle.truncate(bytesMax);
  await handle.datasync();
}

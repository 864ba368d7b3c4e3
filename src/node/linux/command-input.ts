/**
 * Edge: command input — bytes as a command's standard input, for commands that open `/dev/stdin`.
 *
 * Node's pipes to children are sockets, and the kernel opens no socket by name: `wg set …
 * /dev/stdin` fails on them. So the bytes go through a file in memory that has no name any more.
 * 1. Nobody but us could open the file while it had one, and it never touches a disk.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../fault.ts';

/** File systems in memory, in the order in which they are tried. */
const MEMORY_DIRECTORIES = ['/dev/shm', '/run'] as const;

/** A handle that reads the bytes from their beginning. Whoever asked for it closes it. */
export async function openInput(content: Uint8Array): Promise<FileHandle> {
  const path = join(await memoryDirectory(), `cnsmo-${randomUUID()}`);
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const writer = await open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600); // Invariant 1.
  try {
    const reader = await open(path, constants.O_RDONLY | O_NOFOLLOW);
    await writer.writeFile(content);
    return reader;
  } finally {
    await unlink(path);
    await writer.close();
  }
}

async function memoryDirectory(): Promise<string> {
  for (const directory of MEMORY_DIRECTORIES) {
    try {
      await access(directory, constants.W_OK | constants.X_OK);
      return directory;
    } catch {
      // The next one.
    }
  }
  throw new Fault('internal', {
    field: 'host',
    value: MEMORY_DIRECTORIES.join(' '),
    why: 'no file system in memory can be written',
    remedy: 'mount a tmpfs on /dev/shm or /run',
  });
}

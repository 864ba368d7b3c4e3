/**
 * Edge: command input — bytes as a command's standard input, for commands that open `/dev/stdin`.
 *
 * Node's pipes to children are sockets, and the kernel opens no socket by name: `wg set …
 * /dev/stdin` fails on them. So the bytes go through a file in memory that has no name.
 * 1. It never has a name, so nobody else can open it and no crash leaves it behind.
 */
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../../fault.ts';

/** File systems in memory, in the order in which they are tried. */
const MEMORY_DIRECTORIES = ['/dev/shm', '/run'] as const;

/** open(2): a file without a name. Linux's value; Node knows only its second half. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** A handle that reads the bytes from their beginning. Whoever asked for it closes it. */
export async function openInput(content: Uint8Array): Promise<FileHandle> {
  const writer = await open(await memoryDirectory(), constants.O_RDWR | O_TMPFILE, 0o600);
  try {
    await writer.writeFile(content);
    return await open(`/proc/self/fd/${writer.fd}`, constants.O_RDONLY);
  } finally {
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

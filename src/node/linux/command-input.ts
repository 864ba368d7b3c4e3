/**
 * Edge: command input — bytes as a command's standard input, for commands that open `/dev/stdin`.
 *
 * Node's pipes to children are sockets, and the kernel opens no socket by name: `wg set …
 * /dev/stdin` fails on them. So the bytes go through a file in memory that has no name.
 * 1. It never has a name, so nobody else can open it and no crash leaves it behind.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import { codeOf, diskFault } from './files.ts';

/** File systems in memory, in the order in which they are tried. */
const MEMORY_DIRECTORIES = ['/dev/shm', '/run'] as const;

/** open(2): a file without a name. Linux's value; Node knows only its second half. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * A handle that reads the bytes from their beginning. Whoever asked for it closes it. Fault where
 * none of the file systems takes them: anybody may fill the first.
 */
export async function openInput(content: Uint8Array): Promise<FileHandle> {
  let failure: unknown = null;
  for (const directory of MEMORY_DIRECTORIES) {
    try {
      return await openInputIn(directory, content);
    } catch (error) {
      failure = faultOf(error, directory);
    }
  }
  throw failure;
}

async function openInputIn(directory: string, content: Uint8Array): Promise<FileHandle> {
  const writer = await open(directory, constants.O_RDWR | O_TMPFILE, 0o600);
  try {
    await writer.writeFile(content);
    return await open(`/proc/self/fd/${writer.fd}`, constants.O_RDONLY);
  } finally {
    await writer.close();
  }
}

function faultOf(error: unknown, directory: string): unknown {
  const fault = diskFault(error, directory);
  if (fault instanceof Fault) return fault;
  const why = `takes no file in memory: ${codeOf(error)}`;
  const remedy =
    'mount a tmpfs on /dev/shm or /run, or see what this VM has too little of: descriptors or ' +
    'memory';
  return new Fault('internal', { field: 'host', value: directory, why, remedy }, error);
}

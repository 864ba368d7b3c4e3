/**
 * Edge: child directory — the files of a long-running child, and its socket.
 *
 * Nobody but us looks into it; the child may make it its root.
 */
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { diskFault, writeAtomically } from './files.ts';
import { openRunDirectory } from './run-directory.ts';

/** How long a whole answer may take. It comes from memory. */
const ANSWER_MS = 5_000;

/** Most that is read: 200 bytes for each of 100,000 backends. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** What a file in it may be called. */
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Where the files of a child are. */
export const childDirectory = (runDirectory: string, name: string): string =>
  join(resolve(runDirectory), `${name}.files`);

/** Makes the directory, and puts files there, each whole or not at all. */
export async function writeChildFiles(
  runDirectory: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const directory = childDirectory(await openRunDirectory(runDirectory), name);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700); // Also where an earlier one had another mode.
    for (const [file, content] of Object.entries(files)) {
      if (!FILE_NAME.test(file)) throw new Error(`not a name of a file: ${JSON.stringify(file)}`);
      await writeAtomically(join(directory, file), content, 0o600);
    }
    return directory;
  } catch (error) {
    throw diskFault(error, directory);
  }
}

/** Removes it with all that is in it; harmless when there is none. */
export async function removeChildFiles(runDirectory: string, name: string): Promise<void> {
  await rm(childDirectory(runDirectory, name), { recursive: true, force: true });
}

/** What comes back for one line; null when there was no whole answer. */
export function askSocket(directory: string, line: string): Promise<string | null> {
  return new Promise((answer) => {
    let text = '';
    let isWhole = false;
    const socket = createConnection({ path: join(directory, 'socket') });
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.end(`${line}\n`)); // Some answer on until we have ended.
    socket.on('data', (more: string) => {
      text += more;
      if (text.length > ANSWER_BYTES_MAX) socket.destroy();
    });
    socket.once('end', () => {
      isWhole = true;
    });
    socket.once('error', () => undefined); // It closes after one.
    socket.once('close', () => {
      clearTimeout(timer);
      answer(isWhole ? text : null);
    });
  });
}

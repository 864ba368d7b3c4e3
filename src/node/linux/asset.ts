/**
 * Edge: asset — writes a program that the binary carries to the state directory, to be run there.
 *
 * 1. Its name has its hash, so that a new binary never runs an old engine, and an engine that runs
 *    is never overwritten.
 * 2. What is on disk is run only after its content was compared with what the binary carries.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf, diskFault, openFile, writeAtomically } from './files.ts';

/** Writes a carried program out, unless it is there already, whole and unchanged. */
export async function extractAsset(
  name: string,
  content: Uint8Array,
  stateDirectory: string,
): Promise<string> {
  const hash = createHash('sha256').update(content).digest('hex');
  const directory = join(resolve(stateDirectory), 'bin');
  const path = join(directory, `${name}-${hash.slice(0, 12)}`);
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    if ((await hashOf(path)) !== hash) await writeAtomically(path, content, 0o700); // Invariant 2.
    return path;
  } catch (error) {
    throw diskFault(error, path);
  }
}

async function hashOf(path: string): Promise<string | null> {
  try {
    const handle = await openFile(path, constants.O_RDONLY);
    try {
      const isOurs = ((await handle.stat()).mode & 0o7777) === 0o700;
      const content = await handle.readFile();
      return isOurs ? createHash('sha256').update(content).digest('hex') : null;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return null; // Written anew.
    throw error;
  }
}

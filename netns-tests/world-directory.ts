/**
 * Edge: world directory — where a world has its disks and captures; it goes with the world.
 *
 * 1. A world that was killed could not remove its own; the next one does. Whose a directory is
 *    stands in it, so nothing that lives and nothing of others is ever touched.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Identity, identify, isAlive } from './identity.ts';

const PREFIX = 'cnsmo-world-';
const OWNER = 'owner';

/** Makes one, owned by this process, and removes those whose owners are dead. */
export function makeWorldDirectory(): string {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(tmpdir(), name);
    const owner = ownerOf(path);
    if (owner !== null && !isAlive(owner)) rmSync(path, { recursive: true, force: true });
  }
  const path = mkdtempSync(join(tmpdir(), PREFIX));
  setOwner(path, process.pid);
  return path;
}

/** Gives it to another process: whoever lives as long as the world does. */
export function setOwner(directory: string, pid: number): void {
  writeFileSync(join(directory, OWNER), JSON.stringify(identify(pid)));
}

function ownerOf(directory: string): Identity | null {
  try {
    return JSON.parse(readFileSync(join(directory, OWNER), 'utf8')) as Identity;
  } catch {
    return null; // Not ours, or made a moment ago.
  }
}

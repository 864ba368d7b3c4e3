/**
 * Loop: audit copy — the audit log as a backup takes it, and as a restored member finds it.
 *
 * It is the only copy of what generations replaced. Its files only grow or go as a whole, so what
 * is read is a log that the member had, at worst with a torn end, which is cut at the start.
 */
import type { Disk } from '../ports.ts';
import { isAuditFile } from './audit-keeper.ts';
import type { ArchivedFile } from './rules/archive.ts';

/** Most of it that a backup takes, the newest. Unit: bytes. As much as is kept by default. */
const COPY_BYTES_MAX = 64 * 1024 * 1024;

/** Files as they stand: of each kind the newest, which names sort last. */
export async function copyAudit(disk: Pick<Disk, 'list' | 'read'>): Promise<ArchivedFile[]> {
  const files: ArchivedFile[] = [];
  let left = COPY_BYTES_MAX;
  const names = (await disk.list()).filter(isAuditFile);
  // What counts goes first, should not all fit.
  const counted = names.filter((name) => name.startsWith('audit-')).toReversed();
  const others = names.filter((name) => !name.startsWith('audit-')).toReversed();
  for (const name of [...counted, ...others]) {
    const bytes = await disk.read(name);
    if (bytes === null || bytes.length > left) continue;
    left -= bytes.length;
    files.push({ name, bytes });
  }
  return files;
}

/** Leaves them to whoever becomes the member again. Other names in a backup are none of its. */
export async function restoreAudit(
  disk: Pick<Disk, 'write'>,
  files: readonly ArchivedFile[],
): Promise<void> {
  for (const { name, bytes } of files) if (isAuditFile(name)) await disk.write(name, bytes);
}

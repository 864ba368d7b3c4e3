/**
 * Loop: test audit — a member's replica with its log on a disk in memory, for tests only.
 */
import { UNMETERED } from '../crdt/meter.ts';
import { AUDIT_LIMITS, type Audit, changesOf, openAudit } from './audit.ts';
import type { AuditLimits } from './audit-files.ts';
import { type AuditLine, listAudit } from './audit-list.ts';
import { openCrypto } from './linux/crypto.ts';
import type { Replica } from './replica.ts';
import type { AuditFilter } from './rules/audit-answer.ts';
import { createDisk, idOf, open, testClock } from './test-replica.ts';

const crypto = openCrypto();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** All that is kept, with frames; the latest 1,000. */
export const ALL = { sinceMs: null, path: null, author: null, countMax: 1_000, withFrames: true };

/** What a list says, and how it ends. */
async function linesOf(
  audit: Pick<Audit, 'pages'>,
  { view, spokenOf }: Pick<Replica, 'view' | 'spokenOf'>,
  filter: AuditFilter,
) {
  const lines: AuditLine[] = [];
  const scene = { view: view(), founder: idOf(7), spokenOf };
  for await (const line of listAudit({ clock: testClock, crypto }, audit, scene, filter)) {
    lines.push(line);
  }
  return { lines, changes: lines.flatMap(({ changes }) => changes), end: lines.at(-1)?.end };
}

/** The changes alone. */
export const listOf = async (...of: Parameters<typeof linesOf>) => (await linesOf(...of)).changes;

/** How many changes the files say. */
export async function countOf(audit: Pick<Audit, 'pages'>): Promise<number> {
  let count = 0;
  const latest = new Map();
  for await (const { frames } of audit.pages()) {
    const all = changesOf({ clock: testClock, crypto }, frames, latest, UNMETERED);
    for await (const { changes } of all) count += changes.length;
  }
  return count;
}

/** A member's replica with its log, on one disk. */
export async function stage(limits: AuditLimits = AUDIT_LIMITS, disk = createDisk()) {
  const replica = await open(disk.disk);
  const ports = { clock: testClock, crypto, disk: disk.disk, log };
  const audit = await openAudit(ports, replica, () => limits);
  replica.onFrames(audit.note);
  const list = (filter = {}) => listOf(audit, replica, { ...ALL, ...filter });
  const set = (path: string, value: number | string | null) => replica.write([{ path, value }]);
  const whole = (filter = {}) => linesOf(audit, replica, { ...ALL, ...filter });
  return { replica, audit, list, whole, set, disk };
}

/** The files of the log, and what is in them. */
export const auditFiles = (disk: ReturnType<typeof createDisk>) =>
  [...disk.files].filter(([name]) => /^(audit|admits|voided)-/.test(name));

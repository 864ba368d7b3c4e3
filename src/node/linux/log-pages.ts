/**
 * Edge: log pages — the daemon's log read back for others: from the file in the state directory, or
 * from the journal where the unit runs the daemon.
 *
 * 1. A page is bounded, whatever the log holds: a line that is longer than a page is cut to pieces.
 * 2. A log that is turned over is followed into its successor, as when it is followed on its VM.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import { type LogBook, type LogPage, PAGE_BYTES_MAX, type PageWish } from '../../log-book.ts';
import { codeOf, diskFault, openFile } from './files.ts';
import { openHost } from './host.ts';
import { type JournalLine, journalCursor, readJournalLines } from './journal-lines.ts';
import { openLog } from './log-reader.ts';
import { UNIT } from './systemd-unit.ts';

/** The log of a daemon whose output is kept by somebody else. */
export const noBook: LogBook = {
  page: async () => {
    throw new Fault('refused', {
      field: 'log',
      value: 'standard output',
      why: 'that daemon runs in the foreground, and what it prints is not kept by it',
      remedy: 'look where its output goes, or run it with: cnsmo start',
    });
  },
};

/** The log in a file. Its cursors: inode and offset. */
export const openFileBook = (path: string): LogBook => ({
  page: async ({ after, lines }) => {
    const file = await openLog(path, 'restart that daemon with: cnsmo restart');
    try {
      const { ino, size } = await file.stat();
      if (after === null) return await lastPage(file, { ino, size }, lines);
      const [inode, offset] = after.split('-').map(Number);
      const from = inode === ino && offset !== undefined && offset >= 0 ? offset : 0;
      if (from <= size) return await pageFrom(file, { ino, from }, lines);
      const rest = await restPage(`${path}.1`, { ino, from }, lines);
      return rest ?? (await pageFrom(file, { ino, from: 0 }, lines));
    } finally {
      await file.close();
    }
  },
});

async function lastPage(
  file: FileHandle,
  { ino, size }: { readonly ino: number; readonly size: number },
  count: number,
): Promise<LogPage> {
  const start = Math.max(0, size - PAGE_BYTES_MAX);
  const content = await readAt(file, start);
  const end = content.lastIndexOf('\n') + 1;
  const lines = content.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  const whole = start === 0 ? lines : lines.slice(1);
  return { lines: count === 0 ? [] : whole.slice(-count), cursor: `${ino}-${start + end}` };
}

/** The lines from an offset on; what is not yet a whole line is left for the next page. */
async function pageFrom(
  file: FileHandle,
  { ino, from }: { readonly ino: number; readonly from: number },
  count: number,
): Promise<LogPage> {
  const content = await readAt(file, from);
  const lines: string[] = [];
  let at = 0;
  while (lines.length < count) {
    const end = content.indexOf('\n', at);
    if (end < 0) break;
    lines.push(content.subarray(at, end).toString('utf8'));
    at = end + 1;
  }
  if (at === 0 && count > 0 && content.length === PAGE_BYTES_MAX) {
    return { lines: [content.toString('utf8')], cursor: `${ino}-${from + content.length}` };
  }
  return { lines, cursor: `${ino}-${from + at}` };
}

/** What the log had beyond an offset before it was cut; null when that is nothing, or not kept. */
async function restPage(
  copy: string,
  { ino, from }: { readonly ino: number; readonly from: number },
  count: number,
): Promise<LogPage | null> {
  const file = await openFile(copy, constants.O_RDONLY).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw diskFault(error, copy);
  });
  if (file === null) return null;
  try {
    const page = await pageFrom(file, { ino, from }, count);
    if (page.lines.length === 0) return null;
    const { size } = await file.stat();
    return page.cursor === `${ino}-${size}` ? { ...page, cursor: `${ino}-0` } : page;
  } finally {
    await file.close();
  }
}

/** At most a page of bytes from an offset on. */
async function readAt(file: FileHandle, offset: number): Promise<Buffer> {
  const content = Buffer.alloc(PAGE_BYTES_MAX);
  let length = 0;
  while (length < PAGE_BYTES_MAX) {
    const left = PAGE_BYTES_MAX - length;
    const { bytesRead } = await file.read(content, length, left, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return content.subarray(0, length);
}

/** The unit's lines in the journal. Its cursors are the journal's. */
export const journalBook: LogBook = {
  page: async (wish) => {
    const after = wish.after === null ? null : journalCursor(wish.after);
    if (after !== null) {
      const page = await journalPage(wish, [`--after-cursor=${after}`]);
      if (page !== null) return page;
    }
    const page = await journalPage({ ...wish, after: null }, []);
    if (page !== null) return page;
    const [why, remedy] = ['could not be read', 'see there: journalctl --unit=cnsmo'];
    throw new Fault('refused', { field: 'log', value: 'journal', why, remedy });
  },
};

/** Null when the journal could not be read, as from a cursor that it does not know any more. */
async function journalPage(wish: PageWish, from: readonly string[]): Promise<LogPage | null> {
  const lines = `--lines=${Math.max(1, wish.lines)}`; // One at least, for its cursor.
  const how = ['--quiet', '--no-pager', '--output=json', '--output-fields=MESSAGE'];
  const argv = ['journalctl', ...how, `--unit=${UNIT}`, lines, ...from];
  const { status, stdout } = await openHost().run({ argv });
  return status === 0 ? pageOf(readJournalLines(stdout), wish) : null;
}

/** What fits into a page: of the last lines the newest, of those after a cursor the oldest. */
function pageOf(all: readonly JournalLine[], { after, lines }: PageWish): LogPage {
  if (after === null && lines === 0) return { lines: [], cursor: all.at(-1)?.cursor ?? '' };
  const order = after === null ? all.toReversed() : all;
  const kept: JournalLine[] = [];
  let bytes = 0;
  for (const line of order) {
    bytes += Buffer.byteLength(line.text);
    if (kept.length > 0 && bytes > PAGE_BYTES_MAX) break;
    kept.push({ ...line, text: cut(line.text) });
  }
  const page = after === null ? kept.toReversed() : kept;
  return { lines: page.map(({ text }) => text), cursor: page.at(-1)?.cursor ?? after ?? '' };
}

const cut = (text: string): string =>
  Buffer.byteLength(text) <= PAGE_BYTES_MAX
    ? text
    : Buffer.from(text).subarray(0, PAGE_BYTES_MAX).toString('utf8');

/**
 * Edge: log reader — the daemon's log, its last lines and what comes after them: from the file in
 * the state directory, or from the journal where the unit runs the daemon.
 *
 * 1. A log that is turned over while it is followed, by a cut after a copy or by another file in
 *    its place, is followed into its successor, and loses no line that was written before.
 */
import { constants } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import { codeOf, diskFault, openFile } from './files.ts';
import { openLineSplitter } from './line-splitter.ts';
import { followLines } from './line-stream.ts';
import { UNIT } from './systemd-unit.ts';

/** What of a log is wanted. */
export interface LogWish {
  /** How many of the last lines. */
  readonly lines: number;
  /** Whether to go on with what is written from now on. */
  readonly isFollowed: boolean;
}

/** How far back last lines are looked for: 8 MiB of the 10 MB after which a log is turned over. */
const BYTES_MAX = 8 * 1024 * 1024;
/** Time between two looks at a file that is followed. Unit: ms. */
const LOOK_MS = 200;

/** Hands on the unit's lines in the journal, until its end or until `signal` aborts. */
export const readJournal = (
  { lines, isFollowed }: LogWish,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  const argv = ['journalctl', '--quiet', '--no-pager', '--output=cat', `--unit=${UNIT}`];
  const follow = isFollowed ? ['--follow'] : [];
  return followLines([...argv, `--lines=${lines}`, ...follow], onLine, signal);
};

/** The same for a file. Fault 'refused' when there is none, 'forbidden' without the rights. */
export async function readLogFile(
  path: string,
  wish: LogWish,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let file = await openLog(path, START);
  try {
    let offset = await lastLines(file, wish.lines, onLine);
    const splitter = openLineSplitter(onLine);
    while (wish.isFollowed && !signal.aborted) {
      if ((await file.stat()).size < offset) {
        await readRest(`${path}.1`, offset, splitter.push); // Invariant 1.
        offset = 0;
      }
      offset = await readOn(file, offset, splitter.push);
      if (await isReplaced(file, path)) {
        await readOn(file, offset, splitter.push); // Invariant 1.
        await file.close();
        file = await openLog(path, START);
        offset = 0;
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await file.close();
  }
}

/** What a log had beyond an offset before it was cut; nothing where no copy was kept. */
async function readRest(
  copy: string,
  offset: number,
  onChunk: (chunk: Buffer) => void,
): Promise<void> {
  const file = await openFile(copy, constants.O_RDONLY).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw diskFault(error, copy);
  });
  if (file === null) return;
  try {
    if ((await file.stat()).size > offset) await readOn(file, offset, onChunk);
  } finally {
    await file.close();
  }
}

/** What helps where this VM has no log. */
const START = 'start the daemon with: cnsmo start';

/** A log, open for reading. Fault 'refused', with this remedy, when there is none. */
export async function openLog(path: string, remedy: string): Promise<FileHandle> {
  try {
    return await openFile(path, constants.O_RDONLY);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw diskFault(error, path);
    const why = 'no log is there';
    throw new Fault('refused', { field: 'log', value: path, why, remedy }, error);
  }
}

/** Hands on the last whole lines; gives the offset after them. */
async function lastLines(
  file: FileHandle,
  count: number,
  onLine: (line: string) => void,
): Promise<number> {
  const { size } = await file.stat();
  const start = Math.max(0, size - BYTES_MAX);
  const chunks: Buffer[] = [];
  await readOn(file, start, (chunk) => void chunks.push(chunk));
  const content = Buffer.concat(chunks);
  const end = content.lastIndexOf('\n') + 1;
  const lines = content.subarray(0, end).toString('utf8').split('\n').slice(0, -1);
  const whole = start === 0 ? lines : lines.slice(1);
  for (const line of count === 0 ? [] : whole.slice(-count)) onLine(line);
  return start + end;
}

/** The last line after an offset that is not empty; null when there is none, or no log. */
export async function lastLineFrom(path: string, offset: number): Promise<string | null> {
  const file = await openLog(path, START);
  try {
    const chunks: Buffer[] = [];
    await readOn(file, offset, (chunk) => void chunks.push(chunk));
    const lines = Buffer.concat(chunks).toString('utf8').split('\n');
    return lines.findLast((line) => line !== '') ?? null;
  } finally {
    await file.close();
  }
}

/** Reads from an offset to the end; gives the end. A file that became shorter is read anew. */
async function readOn(
  file: FileHandle,
  offset: number,
  onChunk: (chunk: Buffer) => void,
): Promise<number> {
  const { size } = await file.stat();
  let at = size < offset ? 0 : offset;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, at);
    if (bytesRead === 0) return at;
    onChunk(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** Whether another file is at the path now. Not while none is: the next one is not there yet. */
async function isReplaced(file: FileHandle, path: string): Promise<boolean> {
  const mine = await file.stat();
  const there = await stat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw diskFault(error, path);
  });
  return there !== null && (there.ino !== mine.ino || there.dev !== mine.dev);
}

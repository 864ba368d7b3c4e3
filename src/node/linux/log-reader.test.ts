import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../fault.ts';
import { openLogFile } from './log-file.ts';
import { readLogFile } from './log-reader.ts';

const never = new AbortController().signal;

async function openPlace(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'cnsmo-log-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'log');
}

/** Polls until the lines are those, for at most 15 s. */
async function until(lines: readonly string[], wanted: readonly string[]): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (lines.length < wanted.length && performance.now() < deadlineMs) await sleep(10);
  assert.deepEqual(lines, wanted);
}

test('log reader: the last lines of a file, whole ones only', async (t) => {
  // Goal: what `logs` shows. Method: more, as many, fewer and none; a line that is being written.
  const path = await openPlace(t);
  await writeFile(path, 'one\ntwo\nthrée\nfou');
  const last = async (lines: number) => {
    const seen: string[] = [];
    await readLogFile(path, { lines, isFollowed: false }, (line) => void seen.push(line), never);
    return seen;
  };
  assert.deepEqual(await last(2), ['two', 'thrée']);
  assert.deepEqual(await last(3), ['one', 'two', 'thrée']);
  assert.deepEqual(await last(100), ['one', 'two', 'thrée']);
  assert.deepEqual(await last(0), []);
  await truncate(path, 0);
  assert.deepEqual(await last(10), []);
});

test('log reader: of a huge file the end only', async (t) => {
  // Goal: bounded memory, no torn first line. Method: 9 MiB of numbered lines.
  const path = await openPlace(t);
  const line = (n: number) => `${String(n).padStart(7, '0')} ${'x'.repeat(91)}\n`;
  await writeFile(path, Array.from({ length: 95_000 }, (_, n) => line(n)).join(''));
  const seen: string[] = [];
  const wish = { lines: 1_000_000, isFollowed: false };
  await readLogFile(path, wish, (text) => void seen.push(text), never);
  assert.ok(seen.length < 90_000 && seen.length > 80_000, String(seen.length));
  assert.ok(seen.every((text) => text.length === 99));
  assert.match(seen.at(-1) ?? '', /^0094999 /);
});

test('log reader: follows what is written, through a turn of the file', async (t) => {
  // Goal: no line lost or twice. Method: torn writes, a rename with a late line, a truncation.
  const path = await openPlace(t);
  await writeFile(path, 'old\nlast\nto');
  const seen: string[] = [];
  const stop = new AbortController();
  const wish = { lines: 1, isFollowed: true };
  const reading = readLogFile(path, wish, (line) => void seen.push(line), stop.signal);
  await until(seen, ['last']);
  await appendFile(path, 'rn\nnext\n');
  await until(seen, ['last', 'torn', 'next']);
  await rename(path, `${path}.old`);
  await appendFile(`${path}.old`, 'late\n');
  await writeFile(path, 'fresh\n');
  await until(seen, ['last', 'torn', 'next', 'late', 'fresh']);
  await truncate(path, 0);
  await sleep(0);
  await appendFile(path, 'a\n');
  await until(seen, ['last', 'torn', 'next', 'late', 'fresh', 'a']);
  stop.abort();
  await reading;
});

test('log reader: no log, and a link in its place, are refused by name', async (t) => {
  // Goal: one line with the remedy. Method: both.
  const path = await openPlace(t);
  const read = () => readLogFile(path, { lines: 1, isFollowed: false }, assert.fail, never);
  const refuses = (start: string) => (error: unknown) =>
    error instanceof Fault && error.message.startsWith(start) && error.code === 'refused';
  await assert.rejects(read(), refuses(`log: ${path}: no log is there; start the daemon`));
  await symlink('/etc/hostname', path);
  await assert.rejects(read(), refuses(`disk: ${path}: is a symbolic link`));
});

test('log reader: a log that is cut after a copy is followed, and no line is lost', async (t) => {
  // Goal: invariant 1 for the daemon's own way. Method: a log that turns over many times, faster
  // than the reader looks, but never twice between two looks.
  const path = await openPlace(t);
  const log = openLogFile(path, 1_000);
  const stop = new AbortController();
  const seen: string[] = [];
  log.write('first\n');
  const wish = { lines: 10, isFollowed: true };
  const reading = readLogFile(path, wish, (line) => void seen.push(line), stop.signal);
  const wanted = ['first'];
  for (let round = 0; round < 4; round += 1) {
    for (let number = 0; number < 8; number += 1) {
      const line = `${round} ${number} ${'x'.repeat(95)}`;
      wanted.push(line);
      log.write(`${line}\n`);
    }
    await until(seen, wanted);
  }
  stop.abort();
  await reading;
});

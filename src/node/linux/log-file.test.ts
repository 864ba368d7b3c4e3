import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openDescriptor, openLogFile } from './log-file.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-logfile-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

function fresh(): string {
  count += 1;
  return join(mkdtempSync(join(root, `${count}-`)), 'log');
}

const lineOf = (number: number): string => `${String(number).padStart(9, '0')}\n`;
const read = (path: string): string => readFileSync(path, 'utf8');

test('log file: it is turned over, and three files are all there ever is', () => {
  // Goal: bounded size, nothing lost before its time, private. Method: 10 lines of 10 bytes to a
  // file, 45 of them.
  const path = fresh();
  const log = openLogFile(path, 100);
  for (let number = 0; number < 45; number += 1) log.write(lineOf(number));
  assert.deepEqual(readdirSync(join(path, '..')).sort(), ['log', 'log.1', 'log.2']);
  const all = ['.2', '.1', ''].map((suffix) => read(`${path}${suffix}`)).join('');
  assert.equal(all, Array.from({ length: 25 }, (_, index) => lineOf(index + 20)).join(''));
  for (const suffix of ['', '.1', '.2']) {
    assert.equal(statSync(`${path}${suffix}`).mode & 0o777, 0o600);
  }
});

test('log file: it goes on in the file that is there', () => {
  // Goal: a restart loses nothing, and counts what is there. Method: two daemons, one after the
  // other.
  const path = fresh();
  for (const number of [1, 2]) openLogFile(path, 15).write(lineOf(number));
  assert.deepEqual([read(`${path}.1`), read(path)], [lineOf(1), lineOf(2)]);
});

test('log file: one that cannot be opened is tried again, and what was lost is told', () => {
  // Goal: it resumes without a restart, and nothing is thrown. Method: a link in its place, which
  // is not followed; then it goes.
  const path = fresh();
  const victim = `${path}-victim`;
  writeFileSync(victim, '');
  symlinkSync(victim, path);
  const log = openLogFile(path);
  for (const number of [1, 2, 3]) log.write(lineOf(number));
  assert.equal(read(victim), '');
  rmSync(path);
  const endMs = performance.now() + 10_000;
  while (!existsSync(path) && performance.now() < endMs) log.write(lineOf(4));
  const [gap = '', ...lines] = read(path).split('\n');
  const { event, facts } = JSON.parse(gap);
  assert.equal(event, 'log-gap');
  assert.ok(facts.lines >= 3);
  assert.deepEqual(lines, [lineOf(4).trim(), '']);
});

test('log file: one that was removed is not made again', () => {
  // Goal: a VM that has left stays clean. Method: lines after the removal, over the limit.
  const path = fresh();
  const log = openLogFile(path, 30);
  log.write(lineOf(1));
  rmSync(path);
  for (let number = 0; number < 10; number += 1) log.write(lineOf(number));
  assert.deepEqual(readdirSync(join(path, '..')), []);
});

test('log file: a full disk stops nothing, and lines go on when there is room', () => {
  // Goal: invariant 2 on a real full disk. Method: a tmpfs of 64 KiB in a mount namespace of its
  // own, filled; lines while it is full, more after; none is torn, and the gap is told.
  const directory = mkdtempSync(join(root, 'full-'));
  const code = `
    import { openDescriptor, openLogFile } from '${import.meta.dirname}/log-file.ts';
    import { rmSync, writeFileSync } from 'node:fs';
    const log = openLogFile('${directory}/log');
    log.write('first\\n');
    try { writeFileSync('${directory}/ballast', Buffer.alloc(1 << 20)); } catch {}
    for (let n = 0; n < 100; n += 1) log.write('x'.repeat(200) + '\\n');
    rmSync('${directory}/ballast');
    log.write('last\\n');`;
  writeFileSync(join(root, 'full.ts'), code);
  const script = `mount -t tmpfs -o size=64k tmpfs ${directory} &&
    ${process.execPath} ${join(root, 'full.ts')} && cat ${directory}/log`;
  const argv = ['--mount', 'sh', '-c', script];
  const said = execFileSync('unshare', argv, { encoding: 'utf8', timeout: 20_000 });
  const lines = said.split('\n').filter((line) => !/^x*$/.test(line));
  assert.equal(lines.length, 3, said.slice(0, 500));
  assert.equal(lines[0], 'first');
  const lost = JSON.parse(lines[1] ?? '').facts.lines;
  assert.ok(lost > 0 && lost <= 100);
  assert.equal(lines[2], 'last');
});

test('log file: a descriptor that takes nothing for a while is told what it missed', () => {
  // Goal: invariant 2 where systemd reads. Method: a pipe that nobody reads and that does not wait;
  // lines until it is full and 100 more, then one that it takes half of; each time it is emptied.
  const path = fresh();
  execFileSync('mkfifo', [path]);
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const read = (): string => {
    const bytes = Buffer.alloc(1 << 20);
    return bytes.toString('utf8', 0, readSync(pipe, bytes));
  };
  const log = openDescriptor(pipe);
  const missed = (line: string | undefined): number => JSON.parse(line ?? '').facts.lines;
  for (let number = 0; number < 10_000; number += 1) log.write(lineOf(number));
  const taken = read().split('\n').length - 1;
  assert.ok(taken > 0 && taken < 10_000);
  log.write('next\n');
  const [gap, ...rest] = read().split('\n');
  assert.equal(missed(gap), 10_000 - taken);
  assert.deepEqual(rest, ['next', '']);
  log.write(`${'x'.repeat(100_000)}\n`);
  assert.match(read(), /^x+$/);
  log.write('last\n');
  const [end, second, ...others] = read().split('\n');
  assert.deepEqual([end, missed(second), others], ['', 1, ['last', '']]);
  closeSync(pipe);
});

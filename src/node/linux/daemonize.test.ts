import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-daemonize-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** A program that starts itself detached; the started one tells what it is, and waits. */
const program = join(root, 'program.ts');
writeFileSync(
  program,
  `import { readFileSync } from 'node:fs';
  import { startDetached } from '${import.meta.dirname}/daemonize.ts';
  const [first = '', ...rest] = process.argv.slice(2);
  if (first !== 'daemon') {
    console.log((await startDetached(['daemon', ...rest], first)).pid);
  } else {
    const session = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ')[3];
    const environment = Object.keys(process.env).sort();
    const leads = session === String(process.pid);
    console.log(JSON.stringify({ rest, environment, cwd: process.cwd(), leads }));
    setInterval(() => undefined, 1000);
  }`,
);

function start(log: string, ...argv: string[]): number {
  const env = { ...process.env, CNSMO_TOKEN: 'canary', CNSMO_STATE: '/s' };
  const call = [program, log, ...argv];
  return Number(execFileSync(process.execPath, call, { env, encoding: 'utf8', timeout: 20_000 }));
}

/** Waits until the log has `count` lines, at most 10 s, and gives them. */
async function linesOf(log: string, count: number): Promise<string[]> {
  const deadlineMs = performance.now() + 10_000;
  let lines: string[] = [];
  while (lines.length < count && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  }
  return lines;
}

test('a daemon outlives its starter, alone, with a private log and without the token', async () => {
  // Goal: invariants 1 and 2. Method: the starter has ended when we look; the daemon tells of
  // itself.
  const log = join(root, 'log');
  const pid = start(log, '--odd', '; $(x)');
  const [line = ''] = await linesOf(log, 1);
  assert.deepEqual(JSON.parse(line), {
    rest: ['--odd', '; $(x)'],
    environment: [
      'CNSMO_LOG_FILE',
      'CNSMO_STATE',
      'LANG',
      'LC_ALL',
      'MALLOC_ARENA_MAX',
      'MALLOC_MMAP_THRESHOLD_',
      'PATH',
    ],
    cwd: '/',
    leads: true,
  });
  assert.equal(statSync(log).mode & 0o777, 0o600);
  assert.ok(existsSync(`/proc/${pid}`));
  process.kill(pid, 'SIGKILL');
  process.kill(start(log), 'SIGKILL');
  assert.equal((await linesOf(log, 1))[0], line, 'the log is appended to');
});

test('a symbolic link in place of the log is refused', () => {
  // Goal: nothing is appended elsewhere. Method: a link to a file that must stay as it is.
  const victim = join(root, 'victim');
  writeFileSync(victim, 'precious');
  symlinkSync(victim, join(root, 'link'));
  assert.throws(() => start(join(root, 'link')), /is a symbolic link/);
  assert.equal(readFileSync(victim, 'utf8'), 'precious');
});

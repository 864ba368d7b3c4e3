import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../fault.ts';
import type { ProcessSpec } from '../../process-port.ts';
import { testProcessContract } from '../process-contract.ts';
import { resolveProgram } from './bundle.ts';
import { openProcess } from './process.ts';

const run = mkdtempSync(join(tmpdir(), 'cnsmo-process-'));
after(() => rmSync(run, { recursive: true, force: true }));
const open = () => openProcess(run, (program) => resolveProgram(program, run));
const child: ProcessSpec = { name: 'child', argv: ['sleep', '600'], env: {} };

/** Answers each line with the file of that name. */
const READER = `const { createServer } = require('node:net');
  const { existsSync, readFileSync } = require('node:fs');
  createServer((socket) => socket.once('data', (line) => {
    const name = String(line).trim();
    socket.end(existsSync(name) ? readFileSync(name) : '');
  })).listen('socket');`;

testProcessContract(
  { test, assert },
  {
    open,
    child,
    reader: { name: 'reader', argv: [process.execPath, '-e', READER], env: {} },
    monitor: ['printf', 'one\\ntwo\\n'],
    endlessMonitor: ['yes'],
  },
);

/** Waits until `holds`, at most 15 s; then the assertion that follows says what is wrong. */
async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!holds() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function pidOf(name: string): number {
  return JSON.parse(readFileSync(join(run, `${name}.pid`), 'utf8')).pid;
}

test('a child has a session of its own and the environment it was given', async () => {
  // Goal: invariant 2. Method: look at the running child in /proc, with a secret in our
  // environment.
  process.env.CNSMO_TOKEN = 'canary';
  await open().start({ ...child, env: { LEVEL: 'error' } });
  const pid = pidOf('child');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  assert.equal(stat?.[3], String(pid));
  const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  assert.deepEqual(environment.map((line) => line.split('=')[0]).sort(), [
    'CNSMO_CHILD',
    'LANG',
    'LC_ALL',
    'LEVEL',
    'PATH',
  ]);
  assert.equal(statSync(join(run, 'child.pid')).mode & 0o777, 0o600);
  assert.equal(statSync(join(run, 'child.log')).mode & 0o777, 0o600);
  await open().stop('child');
  assert.equal(existsSync(join(run, 'child.pid')), false);
  assert.equal(existsSync(join(run, 'child.log')), false);
  assert.equal(existsSync(`/proc/${pid}`), false);
});

test('a child outlives a daemon that is killed, and the next daemon adopts it', async () => {
  // Goal: KillMode=process works. Method: another process starts it and is killed with -9.
  const script = `
    import { openProcess } from '${import.meta.dirname}/process.ts';
    const port = openProcess(process.argv[1], async () => '/bin/sleep');
    await port.start({ name: 'orphan', argv: ['sleep', '600'], env: {} });
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', script, run]);
  await once(daemon.stdout, 'data');
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  assert.equal(await open().isRunning('orphan'), true);
  const pid = pidOf('orphan');
  await open().start({ ...child, name: 'orphan' });
  assert.equal(pidOf('orphan'), pid);
  await open().stop('orphan');
  assert.equal(await open().isRunning('orphan'), false);
});

for (const [what, damage] of [
  ['lost', (path: string) => rmSync(path)],
  ['torn', (path: string) => writeFileSync(path, '{"pid":')],
  ['of an earlier boot', (path: string) => patch(path, { boot: 'earlier' })],
] as const) {
  test(`a child whose pid file is ${what} is found again`, async () => {
    // Goal: invariant 1, never two of a name. Method: damage the file while the child runs.
    await open().start(child);
    const pid = pidOf('child');
    damage(join(run, 'child.pid'));
    await open().start(child);
    assert.equal(pidOf('child'), pid);
    await open().stop('child');
    assert.equal(existsSync(`/proc/${pid}`), false);
  });
}

function patch(path: string, change: object): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
}

test('a pid that now belongs to somebody else is neither reported nor stopped', async () => {
  // Goal: invariant 1 for strangers. Method: a pid file that names us with another start time.
  await open().start(child);
  const path = join(run, 'child.pid');
  const own = { pid: process.pid, startTime: 1 };
  await open().stop('child');
  await open().start(child);
  const identity = JSON.parse(readFileSync(path, 'utf8'));
  process.kill(identity.pid, 'SIGKILL');
  await until(() => !existsSync(`/proc/${identity.pid}`));
  patch(path, own);
  assert.equal(await open().isRunning('child'), false);
  await open().stop('child');
  assert.equal(existsSync(path), false);
});

test('what a child moved into a session of its own is stopped with it', async () => {
  // Goal: no stray survives a stop. Method: a script that starts another session.
  const pidPath = join(run, 'stray');
  const script = `setsid sleep 600 & echo $! > ${pidPath}; wait`;
  await open().start({ name: 'strays', argv: ['sh', '-c', script], env: {} });
  await until(() => existsSync(pidPath) && readFileSync(pidPath, 'utf8').endsWith('\n'));
  const stray = readFileSync(pidPath, 'utf8').trim();
  await until(() => readFileSync(`/proc/${stray}/cmdline`, 'utf8').startsWith('sleep'));
  await open().stop('strays');
  await until(() => !existsSync(`/proc/${stray}`));
  assert.equal(existsSync(`/proc/${stray}`), false);
});

test('a program that is missing or not executable is refused', async () => {
  // Goal: a clear Fault. Method: no such tool; a script whose interpreter is not there.
  const missing = open().start({ ...child, argv: ['no-such-tool-anywhere'] });
  await assert.rejects(missing, /^Fault: tool: no-such-tool-anywhere: not found; install/);
  const path = join(run, 'broken');
  writeFileSync(path, '#!/no/such/interpreter\n', { mode: 0o755 });
  await open().start(child);
  process.kill(pidOf('child'), 'SIGKILL');
  await until(() => !existsSync(`/proc/${pidOf('child')}`));
  await assert.rejects(open().start({ ...child, argv: [path] }), (error) => {
    assert.ok(error instanceof Fault);
    assert.match(error.message, /^process: child: could not be started: .*ENOENT/);
    return true;
  });
  assert.equal(await open().isRunning('child'), false);
  // A file of the earlier child would hide what a crash in the middle of a start leaves running.
  assert.equal(existsSync(join(run, 'child.pid')), false);
});

test('names that are no file names are refused', async () => {
  // Goal: no path leaves the run directory. Method: hostile names in every call.
  for (const name of ['', '..', '../x', 'a/b', '.x', 'a\0', 'daemon']) {
    await assert.rejects(open().start({ ...child, name }));
    await assert.rejects(open().isRunning(name));
    await assert.rejects(open().stop(name));
  }
});

test('a log that has grown long is emptied while the child goes on writing', async () => {
  // Goal: the run directory is memory, so bounded. Method: a child that prints 2 MB, then waits.
  const argv = ['sh', '-c', 'head -c 2000000 /dev/zero; while sleep 0.01; do echo x; done'];
  await open().start({ ...child, argv });
  const log = join(run, 'child.log');
  await until(() => statSync(log).size >= 2_000_000);
  assert.ok(statSync(log).size >= 2_000_000);
  await open().isRunning('child');
  await until(() => statSync(log).size > 0);
  assert.match(readFileSync(log, 'utf8'), /^x\n/);
  await open().stop('child');
});

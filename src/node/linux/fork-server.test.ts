import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Fault } from '../../fault.ts';
import { runCommand } from './command.ts';
import type { RunToEnd } from './command-run.ts';
import { FORK_SERVER, FRAME, type Frame, openFrames, writeFrame } from './fork-frames.ts';
import { openForkServer } from './fork-server.ts';
import { eventually } from './test-swarm-loopback.ts';

const limits = { timeoutMs: 10_000, outputBytesMax: 30_000_000 };
const [SMALL, MEDIUM, LARGE] = [40e6, 60e6, 80e6];
const main = join(import.meta.dirname, '../../main.ts');
const server = [process.execPath, main, FORK_SERVER];

/** The process that started a command: it prints its parent. */
const starter = async (run: RunToEnd, stdin?: Uint8Array): Promise<number> => {
  const command = { argv: ['sh', '-c', 'echo $PPID'], ...(stdin && { stdin }) };
  return Number((await runCommand(command, limits, { run })).stdout);
};

/** What would be logged, and a fork server's way to log it. */
function openTold() {
  const told: string[] = [];
  return { told, log: { warn: (event: string) => void told.push(event) } };
}

test('a small daemon starts its commands itself, a large one has them started', async () => {
  // Goal: invariant 1. Method: who is a command's parent while the heap grows and shrinks, twice;
  // one that runs as the server is dismissed ends as it would have.
  let heapBytes = MEDIUM;
  const { told, log } = openTold();
  const run = openForkServer(server, log, () => heapBytes);
  assert.equal(await starter(run), process.pid);
  heapBytes = LARGE;
  const [first, second] = await Promise.all([starter(run), starter(run)]);
  assert.notEqual(first, process.pid);
  assert.equal(second, first);
  heapBytes = MEDIUM;
  assert.equal(await starter(run), first);
  const slow = runCommand({ argv: ['sh', '-c', 'sleep 0.3; echo $PPID'] }, limits, { run });
  heapBytes = SMALL;
  assert.equal(await starter(run), process.pid);
  assert.equal(Number((await slow).stdout), first);
  await eventually('the server ends', () => !existsSync(`/proc/${first}`));
  heapBytes = LARGE;
  assert.ok(![process.pid, first].includes(await starter(run)));
  assert.deepEqual(told, []);
});

test('a server that ends leaves a run unknown, and the next ones to the daemon', async () => {
  // Goal: invariant 2. Method: a run kills who started it and prints on; then two more.
  const { told, log } = openTold();
  const run = openForkServer(server, log, () => LARGE);
  const killed = runCommand({ argv: ['sh', '-c', 'kill -9 $PPID; echo on'] }, limits, { run });
  await assert.rejects(killed, (error) => {
    assert.ok(error instanceof Fault);
    assert.match(error.message, /^command: sh: the process that ran it is gone/);
    return true;
  });
  assert.deepEqual([await starter(run), await starter(run)], [process.pid, process.pid]);
  assert.deepEqual(told, ['fork-server-lost']);
});

test('where no server can be started, the daemon starts its commands itself', async () => {
  // Goal: invariant 2. Method: a program that is not there, and one that ends at once.
  const absent = openTold();
  const none = openForkServer(['/nowhere/cnsmo'], absent.log, () => LARGE);
  assert.deepEqual([await starter(none), await starter(none)], [process.pid, process.pid]);
  assert.deepEqual(absent.told, ['fork-server-lost']);
  const short = openTold();
  const ended = openForkServer(['true'], short.log, () => LARGE);
  assert.deepEqual([await starter(ended), await starter(ended)], [process.pid, process.pid]);
  assert.deepEqual(short.told, ['fork-server-lost']);
});

test('a command whose input the server cannot open is started by the daemon', async (t) => {
  // Goal: nothing is lost where a kernel shows no descriptors of others. Method: a server that has
  // a /proc of its own, and is in it the first process.
  if (process.getuid?.() !== 0) return t.skip('needs root for namespaces');
  const { told, log } = openTold();
  const apart = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', ...server];
  const run = openForkServer(apart, log, () => LARGE);
  assert.equal(await starter(run), 1);
  assert.equal(await starter(run, Uint8Array.of(1)), process.pid);
  assert.deepEqual(told, []);
});

test('a server that hangs is killed, and the next runs are the daemon’s', async () => {
  // Goal: invariant 4. Method: a server ends a run at its deadline, and is kept; it opens an input
  // itself; then it is stopped.
  const { told, log } = openTold();
  const run = openForkServer(server, log, () => LARGE, 4_000);
  const pid = await starter(run);
  const late = runCommand({ argv: ['sleep', '77'] }, { ...limits, timeoutMs: 100 }, { run });
  await assert.rejects(late, /still running after 100 ms/);
  assert.equal(await starter(run, Uint8Array.of(1)), pid);
  assert.deepEqual(told, []);
  process.kill(pid, 'SIGSTOP');
  const hung = runCommand({ argv: ['true'] }, { ...limits, timeoutMs: 100 }, { run });
  await assert.rejects(hung, /the process that ran it is gone/);
  assert.equal(await starter(run), process.pid);
  assert.deepEqual(told, ['fork-server-lost']);
  await eventually('it is gone', () => !existsSync(`/proc/${pid}`));
});

test('a server that is late with one run and ends others is waited for', async () => {
  // Goal: many runs at once on a slow machine cost no server. Method: one that ends its second run
  // after four times the silence that it may keep, and all others at once; all the while it is
  // asked.
  const silenceMs = 1_000;
  const script = `
    import { Socket } from 'node:net';
    import { FRAME, openFrames, writeFrame } from '${import.meta.dirname}/fork-frames.ts';
    const socket = new Socket({ fd: 3 });
    const content = Buffer.from('{"kind":"ended","status":7}');
    socket.write(writeFrame({ run: 0, kind: FRAME.ready, content: Buffer.alloc(0) }));
    const end = (run) => socket.write(writeFrame({ run, kind: FRAME.end, content }));
    const delayMs = (run) => (run === 2 ? ${4 * silenceMs} : 0);
    socket.on('data', openFrames(({ run }) => setTimeout(end, delayMs(run), run)));
    socket.on('close', () => process.exit());`;
  const { told, log } = openTold();
  const argv = [process.execPath, '--input-type=module', '-e', script];
  const run = openForkServer(argv, log, () => LARGE, silenceMs);
  await runCommand({ argv: ['true'] }, limits, { run });
  let isEnded = false;
  const first = runCommand({ argv: ['true'] }, { ...limits, timeoutMs: 10 }, { run });
  const ended = first.finally(() => {
    isEnded = true;
  });
  while (!isEnded) await runCommand({ argv: ['true'] }, limits, { run });
  assert.equal((await ended).status, 7);
  assert.deepEqual(told, []);
});

test('a long output arrives whole', async () => {
  // Goal: pieces are no borders. Method: 9 MB of characters of two bytes with one byte before them,
  // and as much on the other stream.
  const { log } = openTold();
  const run = openForkServer(server, log, () => LARGE);
  const script = 'printf x; yes ää | head -c 9000000; yes ö | head -c 3000 >&2';
  const { stdout, stderr } = await runCommand({ argv: ['sh', '-c', script] }, limits, { run });
  assert.equal(stdout, `x${'ää\n'.repeat(1_800_000)}`);
  assert.equal(stderr, 'ö\n'.repeat(1_000));
});

test('a server ends with its daemon, however that ends', async () => {
  // Goal: invariant 3. Method: a daemon of one command is killed.
  const script = `
    import { openForkServer } from '${import.meta.dirname}/fork-server.ts';
    import { runCommand } from '${import.meta.dirname}/command.ts';
    const run = openForkServer(${JSON.stringify(server)}, console, () => 1e9);
    const limits = ${JSON.stringify(limits)};
    console.log((await runCommand({ argv: ['sh', '-c', 'echo $PPID'] }, limits, { run })).stdout);
    setInterval(() => undefined, 1000);`;
  const argv = ['--input-type=module', '-e', script];
  const daemon = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(daemon.stdout, 'data');
  const pid = Number(String(said));
  assert.ok(pid > 1 && existsSync(`/proc/${pid}`));
  daemon.kill('SIGKILL');
  await eventually('the server ends', () => !existsSync(`/proc/${pid}`));
});

test('it deafens itself to signals that are for the daemon', async () => {
  // Goal: who ends all of a name still gets an orderly end. Method: TERM, INT and HUP, then a run.
  const { told, log } = openTold();
  const run = openForkServer(server, log, () => LARGE);
  const pid = await starter(run);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.kill(pid, signal);
  assert.equal(await starter(run), pid);
  assert.deepEqual(told, []);
});

test('as a word of a person it is no command', () => {
  // Goal: nobody starts one by hand. Method: our main with that word and no socket, then a pipe.
  for (const more of ['', '3<&0']) {
    const argv = ['-c', `exec "$@" ${more}`, 'sh', process.execPath, main, FORK_SERVER];
    const shell = `: | sh "$@"`;
    const { status, stderr } = spawnSync('sh', ['-c', shell, 'sh', ...argv], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /fork-server: unknown command/);
  }
  execFileSync(process.execPath, [main, '--version']);
});

test('frames are whole wherever the stream is cut', () => {
  // Goal: a socket keeps no borders. Method: three frames, one of them empty, cut in chunks of each
  // length.
  const frames: readonly Frame[] = [
    { run: 1, kind: FRAME.stdout, content: Buffer.from('some') },
    { run: 2 ** 32 - 1, kind: FRAME.stderr, content: Buffer.alloc(0) },
    { run: 1, kind: FRAME.end, content: Buffer.from('{}') },
  ];
  const bytes = Buffer.concat(frames.map(writeFrame));
  for (let length = 1; length <= bytes.length; length += 1) {
    const heard: Frame[] = [];
    const hear = openFrames((frame) => heard.push(frame));
    for (let at = 0; at < bytes.length; at += length) hear(bytes.subarray(at, at + length));
    assert.deepEqual(heard, frames);
  }
});

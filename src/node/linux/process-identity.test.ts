import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  endProcess,
  findByEnvironment,
  identifyProcess,
  isAlive,
  isOfThisBoot,
  type ProcessIdentity,
  parseIdentity,
} from './process-identity.ts';

/** Starts a shell script that says when it is ready; detached, in a session of its own. */
async function startScript(script: string, env = {}): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

async function identityOf(child: ChildProcess): Promise<ProcessIdentity> {
  const identity = await identifyProcess(child.pid ?? 0);
  assert.ok(identity);
  return identity;
}

/** Whether the process goes within 10 s: of a group that was killed some end after their leader. */
async function isGone(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + 10_000;
  while ((await identifyProcess(pid)) !== null) {
    if (performance.now() > deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}

test('an identity survives JSON; rubbish and dangerous pids do not', async () => {
  // Goal: a damaged file is no identity. Method: round trip, then texts that are none.
  const self = await identifyProcess(process.pid);
  assert.ok(self);
  assert.deepEqual(parseIdentity(JSON.stringify(self)), self);
  const rubbish = ['', '{', 'null', '7', '{"pid":7}'];
  for (const pid of ['-1', '0', '1', '1.5', '"7"']) {
    rubbish.push(`{"pid":${pid},"startTime":1,"boot":"b"}`);
  }
  for (const text of rubbish) assert.equal(parseIdentity(text), null, text);
});

test('a reused pid is not taken for the process that had it', async () => {
  // Goal: invariant 1. Method: our own pid with another start time, and with another boot.
  const self = await identifyProcess(process.pid);
  assert.ok(self);
  assert.equal(await isAlive(self), true);
  assert.equal(await isAlive({ ...self, startTime: self.startTime - 1 }), false);
  assert.equal(await isAlive({ ...self, boot: 'other' }), false);
  assert.equal(await isOfThisBoot(self), true);
  assert.equal(await isOfThisBoot({ ...self, boot: 'other' }), false);
  assert.equal(await identifyProcess(2 ** 30), null);
});

test('ending a reused pid leaves its new owner alone', async () => {
  // Goal: never kill a stranger. Method: a live child under a false start time, then the true one.
  const child = await startScript('echo ready; exec sleep 60');
  const identity = await identityOf(child);
  const stranger = { ...identity, startTime: identity.startTime - 1 };
  assert.equal(await endProcess(stranger, 0), true);
  assert.equal(await isAlive(identity), true);
  assert.equal(await endProcess(identity, 1000), true);
  assert.equal(child.signalCode ?? (await once(child, 'exit'))[1], 'SIGTERM');
});

test('a child deaf to TERM is killed after the grace, with its whole group', async () => {
  // Goal: stop always works. Method: a deaf parent with a deaf child; time it and look for both.
  const script = `trap '' TERM; sh -c 'trap "" TERM; echo $$; sleep 60; :' & wait; sleep 60; :`;
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [printed] = await once(child.stdout, 'data');
  const grandchild = await identifyProcess(Number(String(printed)));
  assert.ok(grandchild);
  const startMs = performance.now();
  assert.equal(await endProcess(await identityOf(child), 300), true);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 300 && tookMs < 10_000, `${tookMs} ms`);
  assert.equal(await isGone(grandchild.pid), true);
});

test('what a child leaves in its group when it ends politely is ended too', async () => {
  // Goal: no stray keeps a port. Method: a parent that obeys TERM, its child that does not.
  const script = `sh -c 'trap "" TERM; echo $$; sleep 60; :' & trap 'exit 0' TERM; wait; :`;
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [printed] = await once(child.stdout, 'data');
  const pid = Number(String(printed));
  assert.ok(await identifyProcess(pid));
  assert.equal(await endProcess(await identityOf(child), 3000), true);
  assert.equal(await isGone(pid), true);
});

test('a zombie has ended', async () => {
  // Goal: invariant 2. Method: a shell becomes a program that never waits for its child.
  const child = await startScript('sleep 0.05 & echo $!; exec sleep 60');
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  assert.ok(existsSync(children));
  const pid = Number(readFileSync(children, 'utf8'));
  assert.equal(await isGone(pid), true);
  assert.ok(existsSync(`/proc/${pid}`), 'the zombie is still listed');
  await endProcess(await identityOf(child), 1000);
});

test('a process is found by a whole line of its environment, if it is ours', async (t) => {
  // Goal: a lost child is found, a forged one is not. Method: a leader of ours, one of user nobody,
  // and one whose line only begins the same.
  const line = `CNSMO_TEST=${process.pid}`;
  const [key = '', value] = line.split('=');
  assert.equal(await findByEnvironment(line), null);
  const similar = await startScript('echo ready; exec sleep 60', { [key]: `${value}1` });
  assert.equal(await findByEnvironment(line), null);
  const left = await startScript('sleep 60 & echo ready', { [key]: value });
  await once(left, 'exit');
  assert.equal(await findByEnvironment(line), null, 'one that leads no session');
  process.kill(-(left.pid ?? 0), 'SIGKILL');
  const ours = await startScript('echo ready; exec sleep 60', { [key]: value });
  assert.deepEqual(await findByEnvironment(line), await identityOf(ours));
  await endProcess(await identityOf(ours), 1000);
  await endProcess(await identityOf(similar), 1000);
  if (process.getuid?.() !== 0) return t.skip('needs root to become somebody else');
  const forged = spawn('sh', ['-c', 'echo ready; exec sleep 60'], {
    ...{ detached: true, uid: 65534, gid: 65534, env: { ...process.env, [key]: value } },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(forged.stdout, 'data');
  assert.equal(await findByEnvironment(line), null);
  await endProcess(await identityOf(forged), 1000);
});

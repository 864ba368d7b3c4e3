import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../fault.ts';
import {
  isDaemonRunning,
  lockState,
  removeEmptyState,
  removeUnused,
  runningDaemon,
} from './daemon-lock.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-lock-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A state and a run directory that do not exist yet. */
function fresh(): { state: string; run: string } {
  count += 1;
  return { state: join(root, `state-${count}`), run: join(root, `run-${count}`) };
}

function isInUse(who: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, 'refused');
    assert.match(error.message, new RegExp(`^state: .*: in use by ${who}; stop the daemon with`));
    return true;
  };
}

const code = `
  import { lockState } from '${import.meta.dirname}/daemon-lock.ts';
  const [state, run] = process.argv.slice(1);
  await lockState(state, run).then(() => console.log('held'), (e) => console.log(e.message));
  setInterval(() => undefined, 1000);`;

/** Another process that takes the lock and keeps it. Gives what it printed. */
async function startHolder(state: string, run: string): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, state, run]);
  const [printed] = await once(child.stdout, 'data');
  return [child, String(printed).trim()];
}

test('a lock is taken, seen, given back and taken again', async () => {
  // Goal: the life of a lock. Method: both states, the pid file beside it, giving back twice.
  const { state, run } = fresh();
  assert.equal(await isDaemonRunning(state), false);
  const unlock = await lockState(state, run);
  assert.equal(await isDaemonRunning(state), true);
  assert.equal(JSON.parse(readFileSync(join(run, 'daemon.pid'), 'utf8')).pid, process.pid);
  await assert.rejects(lockState(state, run), isInUse(`process ${process.pid}`));
  await unlock();
  await unlock();
  assert.equal(await isDaemonRunning(state), false);
  assert.equal(existsSync(join(run, 'daemon.pid')), false);
  await (await lockState(state, run))();
});

test('the running daemon is the process that wrote itself down as one', async () => {
  // Goal: a command or a reused pid is never taken for the daemon. Method: one of each.
  const { state, run } = fresh();
  assert.equal(await runningDaemon(run), null);
  const unlock = await lockState(state, run, 'daemon');
  const identity = await runningDaemon(run);
  assert.equal(identity?.pid, process.pid);
  const pidFile = join(run, 'daemon.pid');
  const stale = { ...identity, startTime: 1, holder: 'daemon' };
  for (const text of [JSON.stringify(stale), JSON.stringify(identity), '{}', '7', '']) {
    writeFileSync(pidFile, text);
    assert.equal(await runningDaemon(run), null, text);
  }
  await unlock();
  const release = await lockState(state, run);
  assert.equal(await runningDaemon(run), null);
  await release();
});

test('another process has it until kill -9, and then the kernel frees it', async () => {
  // Goal: invariant 1, no stale lock. Method: a holder elsewhere; refusal; kill; success at once.
  const { state, run } = fresh();
  const [holder, printed] = await startHolder(state, run);
  assert.equal(printed, 'held');
  assert.equal(await isDaemonRunning(state), true);
  await assert.rejects(lockState(state, run), isInUse(`process ${holder.pid}`));
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  assert.equal(await isDaemonRunning(state), false);
  await (await lockState(state, run))();
});

test('another spelling of the path and a symbolic link are the same lock', async () => {
  // Goal: the directory is locked, not its name. Method: lock one way, try the others.
  const { state, run } = fresh();
  const unlock = await lockState(state, run);
  const link = `${state}-link`;
  symlinkSync(state, link);
  for (const path of [`${state}/`, `${state}/../${state.split('/').at(-1)}`, link]) {
    assert.equal(await isDaemonRunning(path), true, path);
    await assert.rejects(lockState(path, run), isInUse(`process ${process.pid}`));
  }
  await unlock();
});

test('two state directories are two locks', async () => {
  // Goal: no false refusal. Method: both at once, in two run directories.
  const [one, two] = [fresh(), fresh()];
  const unlock = await lockState(one.state, one.run);
  await (await lockState(two.state, two.run))();
  await unlock();
});

test('of eight that start at once exactly one gets it', async () => {
  // Goal: taking it is one step. Method: eight calls at once, ten times over.
  for (let round = 0; round < 10; round += 1) {
    const { state, run } = fresh();
    const tries = Array.from({ length: 8 }, () => lockState(state, run));
    const results = await Promise.allSettled(tries);
    const won = results.filter((result) => result.status === 'fulfilled');
    assert.equal(won.length, 1);
    await won[0]?.value();
  }
});

test('a holder in another network namespace is seen by its pid file', async (t) => {
  // Goal: abstract names do not cross namespaces, the lock does. Method: try from another one.
  if (process.getuid?.() !== 0) return t.skip('needs root for a network namespace');
  const { state, run } = fresh();
  const unlock = await lockState(state, run);
  const quick = code.replace('setInterval', 'void ');
  const argv = ['-n', process.execPath, '--input-type=module', '-e', quick, state, run];
  const printed = execFileSync('unshare', argv, { encoding: 'utf8' });
  assert.match(printed, new RegExp(`in use by process ${process.pid};`));
  await unlock();
  assert.match(execFileSync('unshare', argv, { encoding: 'utf8' }), /^held/);
});

test('the lock alone does not keep a process running', async () => {
  // Goal: a finished command ends. Method: a process that takes it and has nothing else to do.
  const { state, run } = fresh();
  const quick = code.replace('setInterval', 'void ');
  const argv = ['--input-type=module', '-e', quick, state, run];
  const printed = execFileSync(process.execPath, argv, { encoding: 'utf8', timeout: 20_000 });
  assert.equal(printed, 'held\n');
});

test('an empty state directory is removed, unless it is in use or holds something', async () => {
  // Goal: of two commands at once, the one that is refused takes nothing from under the other.
  // Method: remove it while it is locked, with a file in it, free and empty, and when it is gone.
  const { state, run } = fresh();
  const unlock = await lockState(state, run);
  await removeEmptyState(state, run);
  assert.equal(existsSync(state), true);
  await unlock();
  writeFileSync(join(state, 'kept'), '');
  await removeEmptyState(state, run);
  assert.equal(existsSync(join(state, 'kept')), true);
  rmSync(join(state, 'kept'));
  await removeEmptyState(state, run);
  await removeEmptyState(state, run);
  assert.equal(existsSync(state), false);
});

test('what a process that was killed left unfinished in the run directory goes', async () => {
  // Goal: whoever leaves leaves a clean VM, whatever was killed before. Method: the unfinished pid
  // file of a process that has ended, and that of one that runs.
  const { state, run } = fresh();
  await (await lockState(state, run))();
  const of = (pid: number): string => join(run, `.daemon.pid.${pid}-0123456789ab.tmp`);
  const ended = spawnSync('true').pid;
  for (const pid of [ended, process.ppid]) writeFileSync(of(pid), '');
  await removeUnused(state, run, []);
  assert.deepEqual([existsSync(of(ended)), existsSync(of(process.ppid))], [false, true]);
});

test('whoever has the lock has that of the directory that is there', async () => {
  // Goal: one holder, also while commands make and remove the directory. Method: many of both at
  // once; each that gets the lock must see the directory stay until it gives it back.
  const { state, run } = fresh();
  let held = 0;
  const hold = async (): Promise<void> => {
    const unlock = await lockState(state, run).catch((error) => isInUse('.*')(error));
    if (typeof unlock !== 'function') return;
    held += 1;
    writeFileSync(join(state, 'mine'), '', { flag: 'wx' });
    await new Promise(setImmediate);
    rmSync(join(state, 'mine'));
    await unlock();
  };
  const leave = () => rmdir(run).catch(() => undefined); // As whoever leaves does.
  for (let round = 0; round < 50; round += 1) {
    await Promise.all([hold(), removeEmptyState(state, run), leave(), hold(), leave()]);
  }
  assert.ok(held > 0, String(held));
});

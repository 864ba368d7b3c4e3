import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Fault, type FaultCode } from '../../fault.ts';
import { testDiskContract } from '../disk-contract.ts';
import { openDisk } from './disk.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-disk-'));
after(() => rmSync(root, { recursive: true, force: true }));
const isRoot = process.geteuid?.() === 0;
let count = 0;

/** A path below the test's own directory that does not exist yet. */
function fresh(): string {
  count += 1;
  return join(root, `state-${count}`);
}

function isFault(code: FaultCode, ...parts: string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    for (const part of parts) assert.ok(error.message.includes(part), error.message);
    return true;
  };
}

testDiskContract({ test, assert }, () => openDisk(fresh()));

test('a missing directory is created private, and so are its files', async () => {
  // Goal: modes by creation, not by luck. Method: the loosest umask, then stat.
  const parent = fresh();
  const directory = join(parent, 'deep', 'state');
  const before = process.umask(0);
  try {
    const disk = await openDisk(directory);
    await disk.write('key', Buffer.from('k'));
    await disk.append('journal', Buffer.from('j'));
  } finally {
    process.umask(before);
  }
  for (const path of [parent, join(parent, 'deep'), directory]) {
    assert.equal(statSync(path).mode & 0o7777, 0o700, path);
  }
  for (const name of ['key', 'journal']) {
    assert.equal(statSync(join(directory, name)).mode & 0o7777, 0o600, name);
  }
});

for (const [mode, isFine] of [
  [0o700, true],
  [0o750, false],
  [0o701, false],
  [0o770, false],
  [0o755, false],
  [0o1700, false],
] as const) {
  test(`a directory of mode ${mode.toString(8)} is ${isFine ? 'opened' : 'refused'}`, async () => {
    // Goal: invariant 1 for the directory. Method: each mode; a refusal names path, mode and
    // remedy.
    const directory = fresh();
    mkdirSync(directory);
    chmodSync(directory, mode);
    if (isFine) {
      await openDisk(directory);
      return;
    }
    const shown = `${directory} (${mode.toString(8).padStart(4, '0')})`;
    const check = isFault('refused', 'state:', shown, `chmod 0700 ${directory}`);
    await assert.rejects(openDisk(directory), check);
  });
}

for (const [mode, isFine] of [
  [0o600, true],
  [0o400, true],
  [0o640, false],
  [0o604, false],
  [0o620, false],
  [0o700, false],
  [0o644, false],
] as const) {
  test(`a file of mode ${mode.toString(8)} is ${isFine ? 'accepted' : 'refused'}`, async () => {
    // Goal: invariant 1 for files. Method: each mode; a refusal names file, mode and remedy.
    const directory = fresh();
    mkdirSync(directory, { mode: 0o700 });
    const path = join(directory, 'key');
    writeFileSync(path, 'k');
    chmodSync(path, mode);
    if (isFine) {
      assert.deepEqual(await (await openDisk(directory)).list(), ['key']);
      return;
    }
    const shown = `${path} (0${mode.toString(8)})`;
    await assert.rejects(openDisk(directory), isFault('refused', shown, `chmod 0600 ${path}`));
  });
}

test('a directory that another process removes meanwhile is made again, or is empty', async () => {
  // Goal: an init beside a leave is no failure nobody thought of. Method: a loop that removes it
  // again and again while it is opened; and a list of one that is gone.
  const place = fresh();
  let isOver = false;
  const removing = (async () => {
    while (!isOver) {
      await rmdir(place).catch(() => undefined);
      await pause(Math.random() * 3);
    }
  })();
  try {
    for (let n = 0; n < 300; n += 1) assert.deepEqual(await (await openDisk(place)).list(), []);
  } finally {
    isOver = true;
    await removing;
  }
});

test('a symbolic link is refused as directory, as file, and when put there later', async () => {
  // Goal: no link is followed. Method: a link in all three places; the target stays as it was.
  const target = fresh();
  mkdirSync(target, { mode: 0o700 });
  const link = fresh();
  symlinkSync(target, link);
  await assert.rejects(openDisk(link), isFault('refused', link, 'not a directory'));
  await assert.rejects(openDisk(`${link}/`), isFault('refused', link));

  const directory = fresh();
  const disk = await openDisk(directory);
  const victim = join(target, 'victim');
  writeFileSync(victim, 'old', { mode: 0o600 });
  symlinkSync(victim, join(directory, 'key'));
  await assert.rejects(openDisk(directory), isFault('refused', join(directory, 'key'), 'rm '));
  await assert.rejects(disk.read('key'), isFault('refused', 'symbolic link'));
  await assert.rejects(disk.append('key', Buffer.from('x')), isFault('refused', 'symbolic link'));
  await disk.write('key', Buffer.from('new'));
  assert.equal(readFileSync(victim, 'utf8'), 'old');
  assert.equal(readFileSync(join(directory, 'key'), 'utf8'), 'new');
});

test('a foreign owner, a pipe and a file in place of the directory are refused', async (t) => {
  // Goal: invariant 1. Method: each on its own; the pipe must not make the opening hang.
  if (!isRoot) return t.skip('needs root to change owners');
  const foreign = fresh();
  mkdirSync(foreign, { mode: 0o700 });
  chownSync(foreign, 65534, 65534);
  await assert.rejects(openDisk(foreign), isFault('refused', 'user 65534', 'chown 0'));
  const file = fresh();
  writeFileSync(file, '');
  await assert.rejects(openDisk(file));
  const piped = fresh();
  mkdirSync(piped, { mode: 0o700 });
  execFileSync('mkfifo', ['-m', '600', join(piped, 'pipe')]);
  await assert.rejects(openDisk(piped), isFault('refused', 'not a regular file'));
});

test('sub-directories are left alone, but a loose bin is refused', async () => {
  // Goal: invariant 3. Method: a loose directory of another name, then bin tight and loose.
  const directory = fresh();
  mkdirSync(join(directory, 'run'), { recursive: true });
  chmodSync(directory, 0o700);
  mkdirSync(join(directory, 'bin'), { mode: 0o700 });
  assert.deepEqual(await (await openDisk(directory)).list(), []);
  chmodSync(join(directory, 'bin'), 0o755);
  await assert.rejects(openDisk(directory), isFault('refused', 'bin (0755)', 'chmod 0700'));
});

test('what a crash left of an atomic write is removed at opening, and nothing else', async () => {
  // Goal: no rubbish grows. Method: files of a dead writer, an earlier one of our own pid, a live
  // one (our parent), and one whose name only resembles them.
  const directory = fresh();
  const disk = await openDisk(directory);
  await disk.write('key.tmp', Buffer.from('mine'));
  const left = (pid: number): string => `.key.${pid}-0123456789ab.tmp`;
  for (const pid of [2 ** 30, process.pid, process.ppid]) {
    writeFileSync(join(directory, left(pid)), 'half', { mode: 0o600 });
  }
  assert.deepEqual(await (await openDisk(directory)).list(), ['key.tmp']);
  assert.deepEqual(readdirSync(directory).sort(), [left(process.ppid), 'key.tmp']);
});

/** Runs a script on a file system of its own of 64 KiB, and returns what it prints. */
function onSmallDisk(setUp: string, script: string): string {
  const place = fresh();
  mkdirSync(place);
  const mount = 'mount -t tmpfs -o size=64k,mode=0700 none "$1" && cd /';
  const shell = `${mount} && ${setUp} && exec "$0" --input-type=module -e "$2" "$1"`;
  const argv = ['-m', 'sh', '-c', shell, process.execPath, place, script];
  return execFileSync('unshare', argv, { encoding: 'utf8' });
}

test('a full disk is a clear Fault, keeps the old content and cuts torn appends', async (t) => {
  // Goal: ENOSPC by contract, whole appends. Method: 200 kB onto a real file system of 64 KiB.
  if (!isRoot) return t.skip('needs root to mount');
  const script = `
    import { openDisk } from '${import.meta.dirname}/disk.ts';
    const disk = await openDisk(process.argv[1]);
    await disk.write('a', Buffer.from('old'));
    await disk.append('j', Buffer.from('first'));
    const tell = (error) => console.log(error.code, error.message);
    await disk.write('a', Buffer.alloc(200000)).catch(tell);
    await disk.append('j', Buffer.alloc(200000)).catch(tell);
    await disk.append('j', Buffer.from('+second'));
    console.log(Buffer.from(await disk.read('a')) + ' ' + Buffer.from(await disk.read('j')));
    console.log(await disk.list());`;
  const lines = onSmallDisk('true', script).trim().split('\n');
  assert.match(lines[0] ?? '', /^refused disk: .*\/a: no space left on the file system; free/);
  assert.match(lines[1] ?? '', /^refused disk: .*\/j: no space left on the file system; free/);
  assert.equal(lines[2], 'old first+second');
  assert.equal(lines[3], "[ 'a', 'j' ]");
});

test('a read-only disk is a clear Fault', async (t) => {
  // Goal: EROFS by contract. Method: a real read-only mount.
  if (!isRoot) return t.skip('needs root to mount');
  const script = `
    import { openDisk } from '${import.meta.dirname}/disk.ts';
    const disk = await openDisk(process.argv[1]);
    const tell = (error) => console.log(error.code, error.message);
    await disk.write('a', Buffer.from('x')).catch(tell);`;
  const printed = onSmallDisk('mount -o remount,ro "$1"', script);
  assert.match(printed, /^refused disk: .*\/a: the file system is read-only; mount it writable/);
});

test('a directory that may not be created is forbidden, and nothing is left behind', async (t) => {
  // Goal: a user without rights gets a remedy. Method: the same call by a process that becomes
  // user nobody once it has read its modules, below a private directory.
  if (!isRoot) return t.skip('needs root to become somebody else');
  const script = `
    import { openDisk } from '${import.meta.dirname}/disk.ts';
    process.setgid(65534); process.setuid(65534);
    const tell = (error) => console.log(error.code, error.message);
    await openDisk(process.argv[1] + '/x').catch(tell);`;
  const place = fresh();
  mkdirSync(place, { mode: 0o755 });
  chmodSync(root, 0o755);
  const argv = ['--input-type=module', '-e', script, place];
  const printed = execFileSync(process.execPath, argv, { encoding: 'utf8' });
  assert.match(printed, /^forbidden disk: .*\/x: not permitted; run it as root/);
  assert.equal(existsSync(join(place, 'x')), false);
});

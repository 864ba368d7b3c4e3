import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  constants,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { openSequence } from '../sequence.ts';
import { openAppends } from './appends.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-appends-'));
after(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A file's path in the test's own directory, where none is yet. */
function fresh(): string {
  count += 1;
  return join(root, `file-${count}`);
}

/** Under which descriptors this process has the file open. */
function descriptorsOf(path: string): readonly string[] {
  const target = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // Closed meanwhile; that of the listing itself, for one.
    }
  };
  return readdirSync('/proc/self/fd').filter((fd) => target(fd) === path);
}

test('what grows is opened once, and closed when it may be replaced', async () => {
  // Goal: a burst of appends pays for one opening. Method: two appends, release; what /proc tells.
  const path = fresh();
  const appends = openAppends(openSequence());
  await appends.append(path, Buffer.from('a'));
  await appends.append(path, Buffer.from('b'));
  assert.equal(descriptorsOf(path).length, 1);
  await appends.release(path);
  assert.equal(descriptorsOf(path).length, 0);
  await appends.append(path, Buffer.from('c'));
  await appends.release(path);
  assert.equal(readFileSync(path, 'utf8'), 'abc');
});

test('each append is durable when it resolves', async () => {
  // Goal: no append that a power cut takes. Method: the flags under which the file is open.
  const path = fresh();
  const appends = openAppends(openSequence());
  await appends.append(path, Buffer.from('a'));
  const [fd = ''] = descriptorsOf(path);
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
  const wanted = constants.O_DSYNC | constants.O_APPEND;
  assert.equal(Number.parseInt(flags ?? '', 8) & wanted, wanted);
  await appends.release(path);
});

test('it is closed by itself after five seconds, once no append is under way', async (t) => {
  // Goal: invariant 4. Method: the timer by hand, amid an append that is held up; the file is open
  // until that is through, and closed then.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const path = fresh();
  const inTurn = openSequence();
  const appends = openAppends(inTurn);
  const append = (word: string): Promise<void> => appends.append(path, Buffer.from(word));
  await inTurn(path, () => append('a'));
  t.mock.timers.tick(4_999);
  const held = Promise.withResolvers<void>();
  const second = inTurn(path, async () => {
    await held.promise;
    await append('b');
  });
  t.mock.timers.tick(1);
  await turn();
  assert.equal(descriptorsOf(path).length, 1);
  held.resolve();
  await second;
  await inTurn(path, () => turn());
  assert.equal(descriptorsOf(path).length, 0);
  await append('c');
  await appends.release(path);
  assert.equal(readFileSync(path, 'utf8'), 'abc');
});

for (const [what, meddle, left] of [
  ['removed', (path: string) => rmSync(path), 'more'],
  ['moved', (path: string) => renameSync(path, `${path}.old`), 'more'],
  [
    'replaced',
    (path: string) => {
      writeFileSync(`${path}.new`, 'new+');
      renameSync(`${path}.new`, path);
    },
    'new+more',
  ],
] as const) {
  test(`a file ${what} while it is open: what comes next is in that of its name`, async () => {
    // Goal: invariant 2. Method: somebody else's hand between two appends.
    const path = fresh();
    const appends = openAppends(openSequence());
    await appends.append(path, Buffer.from('old+'));
    meddle(path);
    await appends.append(path, Buffer.from('more'));
    assert.equal(readFileSync(path, 'utf8'), left);
    await appends.release(path);
  });
}

/** Appends 60 bytes, 600 where 512 is all there may be, and one; gives the second's error code. */
function appendTooMuch(path: string, before: string, after: string): string {
  const script = `
    import { execSync } from 'node:child_process';
    import { openSequence } from '${import.meta.dirname}/../sequence.ts';
    import { openAppends } from '${import.meta.dirname}/appends.ts';
    process.on('SIGXFSZ', () => undefined);
    const path = process.argv[1];
    const appends = openAppends(openSequence());
    await appends.append(path, Buffer.alloc(60, 'a'));
    execSync('${before}');
    const code = await appends.append(path, Buffer.alloc(600, 'b')).catch((error) => error.code);
    execSync('${after}');
    await appends.append(path, Buffer.from('c'));
    console.log(code);`;
  const shell = 'ulimit -f 1 && exec "$0" --input-type=module -e "$1" "$2"';
  const argv = ['-c', shell, process.execPath, script, path];
  return execFileSync('sh', argv, { encoding: 'utf8' }).trim();
}

test('what failed midway is cut off', () => {
  // Goal: invariant 1. Method: a file that may not grow as long as what is appended.
  const path = fresh();
  assert.equal(appendTooMuch(path, 'true', 'true'), 'EFBIG');
  assert.equal(readFileSync(path, 'utf8'), `${'a'.repeat(60)}c`);
});

test('what failed midway is cut off before the next append, where it could not be at once', (t) => {
  // Goal: invariant 1. Method: the same with a file of which nothing can be cut meanwhile.
  const path = fresh();
  writeFileSync(path, '');
  const [forbid, allow] = [`chattr +a ${path}`, `chattr -a ${path}`];
  const canForbid = spawnSync('sh', ['-c', `${forbid} && ${allow}`]).status === 0;
  if (!canForbid) return t.skip('needs root, and a file system that knows append-only files');
  assert.equal(appendTooMuch(path, forbid, allow), 'EFBIG');
  assert.equal(readFileSync(path, 'utf8'), `${'a'.repeat(60)}c`);
});

import assert from 'node:assert/strict';
import {
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

/** How often this process has the file open. */
function timesOpen(path: string): number {
  const target = (fd: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // Closed meanwhile; that of the listing itself, for one.
    }
  };
  return readdirSync('/proc/self/fd').filter((fd) => target(fd) === path).length;
}

test('what grows is opened once, and closed when it may be replaced', async () => {
  // Goal: a burst of appends pays for one opening. Method: two appends, release; what /proc tells.
  const path = fresh();
  const appends = openAppends(openSequence());
  await appends.append(path, Buffer.from('a'));
  await appends.append(path, Buffer.from('b'));
  assert.equal(timesOpen(path), 1);
  await appends.release(path);
  assert.equal(timesOpen(path), 0);
  await appends.append(path, Buffer.from('c'));
  await appends.release(path);
  assert.equal(readFileSync(path, 'utf8'), 'abc');
});

test('it is closed by itself after five seconds, also amid appends', async (t) => {
  // Goal: invariant 3. Method: the timer by hand; the file open before it fires, and closed after.
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const path = fresh();
  const inTurn = openSequence();
  const appends = openAppends(inTurn);
  await appends.append(path, Buffer.from('a'));
  t.mock.timers.tick(4_999);
  await appends.append(path, Buffer.from('b'));
  assert.equal(timesOpen(path), 1);
  t.mock.timers.tick(1);
  await inTurn(path, () => turn());
  assert.equal(timesOpen(path), 0);
  await appends.append(path, Buffer.from('c'));
  await appends.release(path);
  assert.equal(readFileSync(path, 'utf8'), 'abc');
});

test('a file that somebody removes or replaces while it is open loses nothing', async () => {
  // Goal: invariant 2. Method: both between two appends; the second is in the file of that name.
  const appends = openAppends(openSequence());
  for (const meddle of [
    (path: string) => rmSync(path),
    (path: string) => {
      writeFileSync(`${path}.new`, 'new+');
      renameSync(`${path}.new`, path);
    },
  ]) {
    const path = fresh();
    await appends.append(path, Buffer.from('old+'));
    meddle(path);
    await appends.append(path, Buffer.from('more'));
    assert.match(readFileSync(path, 'utf8'), /^(new\+)?more$/);
    await appends.release(path);
  }
});

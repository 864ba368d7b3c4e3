import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openRunDirectory, socketPath } from './run-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-run-'));
after(() => rmSync(root, { recursive: true, force: true }));

test('a missing run directory is created for all to look into, whatever the umask is', async () => {
  // Goal: group members reach the socket. Method: the tightest umask, then stat; twice is harmless.
  const path = join(root, 'new');
  const before = process.umask(0o077);
  try {
    assert.equal(await openRunDirectory(path), path);
  } finally {
    process.umask(before);
  }
  assert.equal(statSync(path).mode & 0o7777, 0o755);
  assert.equal(await openRunDirectory(`${path}/`), path);
});

for (const [mode, isFine] of [
  [0o755, true],
  [0o700, true],
  [0o750, true],
  [0o775, false],
  [0o757, false],
  [0o1777, false],
] as const) {
  test(`a directory of mode ${mode.toString(8)} is ${isFine ? 'taken' : 'refused'}`, async () => {
    // Goal: nobody else may put a socket there. Method: each mode.
    const path = join(root, mode.toString(8));
    mkdirSync(path);
    chmodSync(path, mode);
    if (isFine) assert.equal(await openRunDirectory(path), path);
    else await assert.rejects(openRunDirectory(path), /others may change it; chmod 0755 /);
  });
}

test('a symbolic link is refused', async () => {
  // Goal: no link is followed. Method: a link to a directory that would do.
  mkdirSync(join(root, 'target'));
  symlinkSync(join(root, 'target'), join(root, 'link'));
  await assert.rejects(openRunDirectory(join(root, 'link')), /is not a directory; move it away/);
});

test('a path too long for a socket is refused before it fails', () => {
  // Goal: a remedy in place of EINVAL. Method: the longest that fits, then one byte more.
  const directory = `/${'x'.repeat(107 - '//api.sock'.length)}`;
  assert.equal(socketPath(directory).length, 107);
  assert.throws(() => socketPath(`${directory}x`), /longer than 107 bytes.*--run/);
});

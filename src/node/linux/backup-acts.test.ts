/** Backup and restore on a real disk: files that cannot be written or read. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../fault.ts';
import { backupHere, restoreHere } from './backup-acts.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-backup-'));
after(() => rmSync(root, { recursive: true, force: true }));
const here = { state: join(root, 'state'), run: join(root, 'run') };
const passphrase = 'four words';

const lineOf = async (work: Promise<unknown>): Promise<string> => {
  const error: unknown = await work.then(
    () => null,
    (why: unknown) => why,
  );
  assert.ok(error instanceof Fault, String(error));
  return `${error.code} ${error.message}`.replaceAll(root, '');
};

test('backup acts: a file that does not do is named before any work', async () => {
  // Goal: one clear line, and nothing changed. Method: by table; the state directory is not made.
  mkdirSync(join(root, 'inside'), { mode: 0o700 });
  symlinkSync(join(root, 'inside'), join(root, 'link'));
  writeFileSync(join(root, 'there'), 'precious');
  const backups: readonly [string, string, RegExp][] = [
    ['there', 'state', /^refused backup: \/there: exists; /],
    ['none/b.age', 'state', /^refused backup: \/none\/b\.age: no such file or directory; /],
    [
      'there/b.age',
      'state',
      /^refused backup: \/there\/b\.age: part of the path is no directory; /,
    ],
    ['link/b.age', 'inside', /^refused backup: \/link\/b\.age: is in the state directory/],
    ['b.age', 'state', /^refused state: empty: /],
  ];
  for (const [name, state, line] of backups) {
    const directories = { ...here, state: join(root, state) };
    const file = { path: join(root, name), passphrase };
    assert.match(await lineOf(backupHere(directories, file, true)), line);
  }
  const restores: readonly [string, RegExp][] = [
    ['none.age', /^refused backup: \/none\.age: no such file or directory; /],
    ['inside', /^refused backup: \/inside: is a directory; /],
    ['there', /^refused backup: \/there: is no backup; /],
  ];
  for (const [name, line] of restores) {
    const watch = { onStep: () => undefined, keepCode: async () => undefined };
    const file = { path: join(root, name), passphrase };
    assert.match(await lineOf(restoreHere(here, file, {}, watch)), line);
  }
  assert.deepEqual(readdirSync(root).toSorted(), ['inside', 'link', 'there']);
});

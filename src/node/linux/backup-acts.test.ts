/** Backup and restore on a real disk: files that cannot be written or read. */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
  symlinkSync('nowhere', join(root, 'dangling'));
  symlinkSync('/dev/zero', join(root, 'endless'));
  for (const [name, start] of [
    ['image', ''],
    ['header', 'age-encryption.org/v1\n-> scrypt '],
  ] as const) {
    writeFileSync(join(root, name), start);
    truncateSync(join(root, name), 3e9);
  }
  const backups: readonly [string, string, RegExp][] = [
    ['there', 'state', /^refused backup: \/there: exists; /],
    ['dangling', 'state', /^refused backup: \/dangling: exists; /],
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
  for (const path of ['', '-']) {
    const work = backupHere(here, { path, passphrase }, true);
    assert.match(await lineOf(work), /^refused backup: -?: is no name of a file; /);
  }
  const restores: readonly (readonly [string, RegExp])[] = [
    ['none.age', /^refused backup: \/none\.age: no such file or directory; /],
    ['inside', /^refused backup: \/inside: is a directory; /],
    ...['there', 'endless', 'image', 'header'].map(
      (name) => [name, new RegExp(`^refused backup: /${name}: is no backup; `)] as const,
    ),
  ];
  for (const [name, line] of restores) {
    const watch = { onStep: () => undefined, keepCode: async () => undefined };
    const file = { path: join(root, name), passphrase };
    assert.match(await lineOf(restoreHere(here, file, {}, watch)), line);
  }
  const made = ['dangling', 'endless', 'header', 'image', 'inside', 'link', 'there'];
  assert.deepEqual(readdirSync(root).toSorted(), made);
});

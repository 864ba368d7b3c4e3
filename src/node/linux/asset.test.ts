import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { extractAsset } from './asset.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-asset-'));
after(() => rmSync(root, { recursive: true, force: true }));
const script = Buffer.from('#!/bin/sh\necho engine\n');
let count = 0;

function fresh(): string {
  count += 1;
  return join(root, `state-${count}`);
}

test('a carried program is written once, private, under its hash, and runs', async () => {
  // Goal: the life of an asset. Method: extract, run, extract again; another content beside it.
  const state = fresh();
  const path = await extractAsset('engine', script, state);
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 12);
  assert.equal(path, join(state, 'bin', `engine-${hash}`));
  assert.equal(execFileSync(path, { encoding: 'utf8' }), 'engine\n');
  assert.equal(statSync(path).mode & 0o7777, 0o700);
  assert.equal(statSync(join(state, 'bin')).mode & 0o7777, 0o700);
  const { ino } = statSync(path);
  assert.equal(await extractAsset('engine', script, state), path);
  assert.equal(statSync(path).ino, ino);
  assert.notEqual(await extractAsset('engine', Buffer.from('other'), state), path);
  assert.equal(readdirSync(join(state, 'bin')).length, 2);
});

for (const [what, damage] of [
  ['other content', (path: string) => writeFileSync(path, 'evil')],
  ['a loose mode', (path: string) => chmodSync(path, 0o777)],
  [
    'a symbolic link',
    (path: string) => {
      rmSync(path);
      symlinkSync('/bin/true', path);
    },
  ],
] as const) {
  test(`a written program with ${what} is written anew`, async () => {
    // Goal: invariant 2. Method: damage it, resolve it again.
    const state = fresh();
    const path = await extractAsset('engine', script, state);
    damage(path);
    assert.equal(await extractAsset('engine', script, state), path);
    assert.deepEqual(readFileSync(path), script);
    assert.equal(statSync(path).mode & 0o7777, 0o700);
  });
}

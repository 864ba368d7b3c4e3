import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabel, parseMemberName, parseName } from './names.ts';

test('names: what a member may be called', () => {
  // Goal: names are DNS labels. By table, at both ends of the length.
  for (const text of ['a', '0', 'web-1', 'a--b', 'x'.repeat(63)]) {
    assert.deepEqual(parseName(text), { ok: true, value: text });
  }
  const bad = ['', '-a', 'a-', 'A', 'a.b', 'a_b', 'ä', 'a\n', ' a', 'x'.repeat(64)];
  for (const text of bad) assert.equal(parseName(text).ok, false, text);
});

test('names: a member is not called by a word that means several', () => {
  // Goal: no selector is taken for a member. Method: each word, as a mesh's name, and near misses.
  for (const text of ['any', 'all', 'mesh']) {
    assert.equal(parseMemberName(text).ok, false, text);
    assert.equal(parseName(text).ok, true, text);
  }
  for (const text of ['any-1', 'mesh2', 'vm1']) assert.ok(parseMemberName(text).ok);
  assert.equal(parseMemberName('-x').ok, false);
});

test('names: labels', () => {
  // Goal: key and value are split at the first =, and each has its own characters. By table.
  const good: readonly (readonly [text: string, key: string, value: string])[] = [
    ['role=web', 'role', 'web'],
    ['example.org/zone=eu_1.A-b', 'example.org/zone', 'eu_1.A-b'],
    ['empty=', 'empty', ''],
    [`k=${'v'.repeat(63)}`, 'k', 'v'.repeat(63)],
  ];
  for (const [text, key, value] of good) {
    assert.deepEqual(parseLabel(text), { ok: true, value: [key, value] });
  }
  const bad = [
    '',
    'role',
    '=web',
    'Role=web',
    '-a=b',
    'a.=b',
    'a=b=c',
    'a=b c',
    'a=b\n',
    'constructor=a',
    'prototype=a',
    `${'k'.repeat(64)}=v`,
    `k=${'v'.repeat(64)}`,
  ];
  for (const text of bad) assert.equal(parseLabel(text).ok, false, text);
});

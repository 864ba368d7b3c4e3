import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../crdt/entry.ts';
import { encodeStatement } from '../../crdt/entry-bytes.ts';
import type { MemberId } from '../../crdt/ids.ts';
import { finish, UNMETERED } from '../../crdt/meter.ts';
import { bodyOf, changesOf, forge, idOf, NOW } from '../../crdt/test-mesh.ts';
import type { View } from '../../crdt/view.ts';
import { openListing } from './audit-answer.ts';

const FILTER = { sinceMs: null, path: 'intent/', author: null, countMax: 100, withFrames: false };

/** What somebody says at a path, as a log has it; `replaces`: what it claims to replace. */
const saying = (
  author: string,
  value: Value,
  ms: number,
  { replaces = null, path = 'intent/x' }: { replaces?: string | null; path?: string } = {},
) => {
  const hash = replaces === null ? null : Buffer.from(replaces, 'hex');
  const entry = { path, value, hlc: [NOW + ms, 0] as const, replaces: hash };
  const content = encodeStatement({ kind: 'entry', entry });
  const frame = forge(author, { body: bodyOf(author, [content]) });
  const [change] = changesOf(frame, () => null);
  assert.ok(change !== undefined);
  return change;
};

/** What is told of a log; `b` has the role now, `founder` had it first. */
const told = (
  changes: readonly ReturnType<typeof saying>[],
  spokenOf: (author: MemberId) => readonly string[] = () => [],
) => {
  const listing = openListing(FILTER);
  for (const [index, change] of changes.entries()) {
    listing.note([change], { author: change.author, file: '', index, bytes: 1 });
  }
  const view = { members: [], operators: [{ member: idOf('b') }] } as unknown as View;
  const scene = { view, founder: idOf('founder'), spokenOf };
  const { entries, beforeOf } = finish(listing.settle(scene, UNMETERED));
  return entries.map((entry) => {
    const place = beforeOf(entry);
    const before = place === undefined ? '?' : changes[place.index]?.value;
    const { author, index } = entry.at;
    return [author, entry.replaces === null ? null : before, changes[index]?.value];
  });
};

test('audit: what a node says is never what stood before an operator’s word', () => {
  // Goal: `before` is no node's to choose. Method: b, of an older release, names the word of c, who
  // never had the role, and of founder and d, who had it, by the log or by what is said now.
  const [b, c] = [idOf('b'), idOf('c')];
  for (const [author, isBelieved] of [
    ['c', false],
    ['founder', true],
    ['b', true],
    ['d', true],
  ] as const) {
    const first = saying(author, 'first', 1);
    const second = saying('b', 2, 2, { replaces: first.name });
    const grant = `trust/role/${idOf('d')}`;
    const expected = [
      [idOf(author), null, 'first'],
      [b, isBelieved ? 'first' : '?', 2],
    ];
    const granted = saying('founder', { number: 1 }, 0, { path: grant });
    assert.deepEqual(told([granted, first, second]), expected, author);
    const spokenOf = (whose: MemberId) => (whose === b ? [grant] : []);
    assert.deepEqual(told([first, second], spokenOf), expected, author);
  }
  // Of its own words a node may say what it likes; they stand under its name.
  const [one] = [saying('c', 1, 1)];
  assert.deepEqual(told([one, saying('c', 2, 2, { replaces: one.name })]), [
    [c, null, 1],
    [c, 1, 2],
  ]);
});

test('audit: a node that says the same as an operator hides no line', () => {
  // Goal: no change is missing. Method: c says b's statement byte for byte, and is heard first;
  // then b's once more, which is no other line; what b says next is known to replace its own.
  const own = saying('b', 1, 1);
  const copy = saying('c', 1, 1);
  assert.equal(copy.name, own.name);
  const next = saying('b', 2, 2, { replaces: own.name });
  const lines = told([copy, own, own, next]);
  assert.equal(lines.length, 3);
  for (const line of [
    [idOf('b'), null, 1],
    [idOf('c'), null, 1],
    [idOf('b'), 1, 2],
  ]) {
    assert.ok(
      lines.some((each) => JSON.stringify(each) === JSON.stringify(line)),
      `${JSON.stringify(line)} in ${JSON.stringify(lines)}`,
    );
  }
});

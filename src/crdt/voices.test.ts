import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Conflict, conflictsAmong } from './conflicts.ts';
import { encodeStatement, statementHash } from './entry-bytes.ts';
import type { Hlc } from './hlc.ts';
import type { Store } from './store.ts';
import {
  admit,
  at,
  bodyOf,
  forge,
  idOf,
  NOW,
  openTestStore,
  say,
  testCrypto,
} from './test-mesh.ts';
import { openVoices } from './voices.ts';

const PATH = 'intent/x';
const OPERATORS = new Set([idOf('founder'), idOf('b')]);
const granted = (name: string) => at(`trust/role/${idOf(name)}`, { number: 1 });

/** What a node says at a path where its word does not count: whatever it likes. */
const forgedBy = (name: string, hlc: Hlc, replaces: Uint8Array | null, path = PATH) => {
  const entry = { path, value: 'evil', hlc, replaces };
  return forge(name, { body: bodyOf(name, [encodeStatement({ kind: 'entry', entry })]) });
};

const give = (from: Store, to: Store) =>
  void to.receiveAll(from.framesAfter(to.heads(), 1e9), NOW + 9_000);
const replacedBy = (store: Store, author: string, path = PATH) =>
  store.claims(path).find((claim) => claim.author === idOf(author))?.replaces;
const nameOf = (store: Store, author: string) =>
  store.claims(PATH).find((claim) => claim.author === idOf(author))?.name;
const listed = (conflicts: readonly Conflict[]) =>
  conflicts.map(({ winner, losers }) => [winner.value, losers.map(({ value }) => value)]);

/** The founder `a` and `b` are operators, `c` is a node; all in step. */
const stage = () => {
  const [a, b] = [openTestStore('founder'), openTestStore('b')];
  say(a, [admit('b'), admit('c'), granted('b')]);
  give(a, b);
  return { a, b };
};

test('voices: a node cannot hide that a change lost', () => {
  // Goal: what replaces what is no node's to say. Method: a writes 1; c alone tells b that it
  // replaced that; b writes 2 without having heard of a's. The twin: b heard of a's.
  for (const hasHeard of [false, true]) {
    const { a, b } = stage();
    say(a, [at(PATH, 1)], NOW + 1);
    const one = a.winner(PATH);
    assert.ok(one !== null);
    if (hasHeard) give(a, b);
    const forged = forgedBy('c', [NOW + 2, 0], statementHash(testCrypto, one.statement));
    assert.equal(b.receive(forged, NOW).verdict, 'taken');
    say(b, [at(PATH, 2)], NOW);
    assert.deepEqual(b.winner(PATH)?.hlc, [NOW + 2, 1], 'stamped above what does not count, too');
    give(a, b);
    give(b, a);
    for (const store of [a, b]) {
      const found = conflictsAmong(store.claims(), OPERATORS, new Map());
      assert.deepEqual(listed(found), hasHeard ? [] : [[2, [1]]]);
    }
  }
});

test('voices: a node cannot invent that a change lost', () => {
  // Goal: no false alarm at a node's will. Method: a writes 1, all hear it; c says that it replaces
  // nothing; b writes 2. Also where b runs a release that names c's word.
  for (const isOld of [false, true]) {
    const { a, b } = stage();
    say(a, [at(PATH, 1)], NOW + 1);
    give(a, b);
    const forged = forgedBy('c', [NOW + 2, 0], null);
    for (const store of [a, b]) assert.equal(store.receive(forged, NOW).verdict, 'taken');
    if (isOld) {
      const replaces = Buffer.from(nameOf(a, 'c') ?? '', 'hex');
      const worded = forgedBy('b', [NOW + 3, 0], replaces);
      assert.equal(a.receive(worded, NOW).verdict, 'taken');
    } else {
      say(b, [at(PATH, 2)], NOW + 3);
      give(b, a);
      assert.equal(replacedBy(a, 'b'), nameOf(a, 'founder'));
    }
    assert.equal(a.claims(PATH).length, 3);
    assert.deepEqual(listed(conflictsAmong(a.claims(), OPERATORS, new Map())), []);
  }
});

test('voices: what is replaced is the word of who counts at that path, by table', () => {
  // Goal: one rule for all shared paths. Method: c says something, then b; what b's names.
  const cases: readonly (readonly [path: string, isNamed: boolean])[] = [
    [PATH, false],
    [`trust/name/${idOf('c')}`, false],
    [`trust/role/${idOf('x')}`, false],
    [`trust/admission/${idOf('x')}`, false],
    ['trust/root/1', false],
    [`core/absent/${idOf('x')}`, true],
  ];
  for (const [path, isNamed] of cases) {
    const { b } = stage();
    assert.equal(b.receive(forgedBy('c', [NOW + 1, 0], null, path), NOW).verdict, 'taken', path);
    const theirs = b.winner(path);
    say(b, [at(path, 'b')], NOW + 2);
    const own = b.winner(path)?.statement;
    assert.ok(theirs !== null && own?.kind === 'entry', path);
    const expected = isNamed ? statementHash(testCrypto, theirs.statement) : null;
    assert.deepEqual(own.entry.replaces, expected, path);
    say(b, [at(path, 'again')], NOW + 3);
    const again = b.winner(path)?.statement;
    assert.ok(again?.kind === 'entry');
    assert.deepEqual(again.entry.replaces, statementHash(testCrypto, own), path);
  }
});

test('voices: what a node said counts once it has the role, and loses to what stands above', () => {
  // Goal: nothing held comes into force late by its stamp. Method: c's void word, b's above it,
  // then c has the role: b's stays, c's is told of as one that nobody saw in force.
  const { a, b } = stage();
  say(a, [at(PATH, 1)], NOW + 1);
  give(a, b);
  b.receive(forgedBy('c', [NOW + 2, 0], null), NOW);
  say(b, [at(PATH, 2)], NOW);
  say(b, [granted('c')], NOW + 3);
  const all = new Set([...OPERATORS, idOf('c')]);
  assert.equal(b.winner(PATH, all)?.value, 2);
  assert.deepEqual(listed(conflictsAmong(b.claims(), all, new Map())), [[2, ['evil']]]);
  const evil = nameOf(b, 'c');
  give(b, a);
  say(a, [at(PATH, 3)], NOW + 4);
  assert.equal(replacedBy(a, 'founder'), nameOf(a, 'b'));
  assert.notEqual(replacedBy(a, 'founder'), evil);
});

test('voices: an operator that lost the role keeps its place on the way back', () => {
  // Goal: a removal hides no loss. Method: d writes 1; b goes on from there while a writes 3 apart;
  // then d loses the role. The twin: c, who never had it, is nobody's ancestor.
  const { a, b } = stage();
  const d = openTestStore('d');
  say(a, [admit('d'), granted('d'), at(PATH, 0)]);
  for (const store of [b, d]) give(a, store);
  say(d, [at(PATH, 1)], NOW + 1);
  give(d, b);
  say(b, [at(PATH, 2)], NOW + 3);
  say(a, [at(PATH, 3)], NOW + 2);
  give(b, a);
  give(d, a);
  say(a, [at(`trust/role/${idOf('d')}`, null)], NOW + 5);
  const voices = openVoices();
  const roots = [idOf('founder'), idOf('b')];
  const had = voices.all(roots, a.spokenOf);
  assert.deepEqual(had, new Set([...roots, idOf('d')]));
  const root = a.claims(PATH).find(({ author }) => author === idOf('d'))?.replaces ?? '';
  const known = new Map([[root, null]]);
  assert.deepEqual(listed(conflictsAmong(a.claims(), OPERATORS, known, had)), [[2, [3]]]);
  assert.deepEqual(listed(conflictsAmong(a.claims(), OPERATORS, known)), []);
});

test('voices: nobody is one by its own word, or a node’s', () => {
  // Goal: who had the role is not a node's to say. Method: c grants itself and x; then b grants x.
  const voices = openVoices();
  const role = (name: string) => `trust/role/${idOf(name)}`;
  voices.note({ author: idOf('c'), path: role('c') });
  voices.note({ author: idOf('c'), path: role('x') });
  voices.note({ author: idOf('b'), path: `trust/name/${idOf('c')}` });
  voices.note({ author: idOf('x'), path: role('y') });
  const all = () => voices.all([idOf('b')], () => []);
  assert.deepEqual(all(), new Set([idOf('b')]));
  voices.note({ author: idOf('b'), path: role('x') });
  assert.deepEqual(all(), new Set(['b', 'x', 'y'].map(idOf)));
});

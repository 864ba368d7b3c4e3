import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../../crdt/view.ts';
import { idOf } from '../test-view.ts';
import {
  type Cell,
  healthNow,
  heed,
  openCell,
  reasonOf,
  rest,
  sayOf,
  take,
  takeLife,
} from './cell.ts';
import { checkName, targetKey } from './checks.ts';
import { diff } from './diff.ts';
import { healthOf, inUse, sightOf } from './health.ts';
import { readWord, type WordState, writeWord } from './health-word.ts';
import { wordsOf } from './outcomes.ts';
import { plan } from './plan.ts';
import type { Check } from './schemas.table.ts';
import { selfOf, viewOf, WEB } from './test-balancers.ts';

const cellOf = (self: number, check: Check = { kind: 'tcp' }, frontends: number[] = []): Cell =>
  openCell(idOf(self), {
    ...{ key: targetKey(idOf(2), { port: 80, check }), member: idOf(2), host: '10.10.0.2' },
    ...{ port: 80, check, name: checkName(check), frontends: new Set(frontends.map(idOf)) },
  });

/** The cell after these outcomes; `said` and `dead` begin with what its own member says. */
const after = (cell: Cell, outcomes: string, said: WordState | null = 'up'): Cell => {
  cell.said = said === null ? null : { state: said, outcome: 'refused' };
  cell.liveliness = 'alive';
  const names: Record<string, string> = {
    a: 'answered',
    r: 'refused',
    s: 'silent',
    b: 'status 503',
  };
  for (const letter of outcomes) take(cell, names[letter] ?? letter);
  return cell;
};

test('health: a refusal is enough, silence must last, and so must its end', () => {
  // Goal: the counts. Method: who probes, what its own member says, what came of probes, and the
  // state after it: each boundary from both sides.
  const own = 2;
  const table: readonly (readonly [by: number, said: WordState | null, string, string])[] = [
    ...([
      [own, null, '', 'unknown'],
      [own, null, 'a', 'up'],
      [own, null, 'r', 'down'],
    ] as const),
    ...([
      [own, null, 'ass', 'up'],
      [own, null, 'asss', 'down'],
      [own, null, 'abb', 'up'],
    ] as const),
    ...([
      [own, null, 'abbb', 'down'],
      [own, null, 'assas', 'up'],
    ] as const),
    ...([
      [own, null, 'ra', 'down'],
      [own, null, 'raa', 'up'],
      [own, null, 'rara', 'down'],
    ] as const),
    ...([
      [1, 'up', 's', 'unknown'],
      [1, 'up', 'ss', 'down'],
      [1, 'up', 'r', 'down'],
    ] as const),
    ...([
      [1, 'down', 's', 'down'],
      [1, 'late', 's', 'down'],
      [1, 'down', 'a', 'up'],
    ] as const),
    ...([
      [1, 'down', 'ra', 'down'],
      [1, 'down', 'raa', 'up'],
      [1, 'up', 'ra', 'up'],
    ] as const),
    ...([
      [1, null, 'as', 'up'],
      [1, null, 'ass', 'down'],
      [1, null, 'ra', 'down'],
    ] as const),
  ];
  for (const [by, said, outcomes, state] of table) {
    const cell = after(cellOf(by), outcomes, said);
    assert.equal(cell.state, state, `${by} ${said} ${outcomes}`);
  }
});

test('health: what failed before counts as its own member begins to doubt, and no other', () => {
  // Goal: no probe is waited for that decides nothing. Method: one silent probe, and what its own
  // member says then; twins: it answered since, and the VM is only suspected.
  const seen = (outcomes: string, said: WordState, life: Cell['liveliness'] = 'alive') => {
    const cell = after(cellOf(1, { kind: 'tcp' }, [1]), outcomes);
    Object.assign(cell, { said: { state: said, outcome: '' }, liveliness: life });
    heed(cell);
    return cell.state;
  };
  assert.equal(seen('as', 'late'), 'down');
  assert.equal(seen('as', 'up'), 'up');
  assert.equal(seen('asa', 'late'), 'up');
  assert.equal(seen('as', 'up', 'suspect'), 'up');
  assert.equal(seen('as', 'up', 'dead'), 'up');
});

test('health: what the prober lacks is told, and held against nobody', () => {
  // Goal: a VM without descriptors or a way out takes nobody down. Method: probes that could not
  // try, many in a row, between others, before any; the twin: as many that were silent.
  const lacks = (cell: Cell, before: string, count: number): Cell => {
    after(cell, before);
    for (let each = 0; each < count; each += 1) take(cell, 'unable EMFILE');
    return cell;
  };
  const why = 'this VM could not try it (EMFILE)';
  for (const [by, before, state, text] of [
    [1, 'a', 'up', why],
    [2, 'a', 'up', why],
    [1, '', 'unknown', `not tried yet: ${why}`],
    [2, 'r', 'down', 'refuses connections'],
  ] as const) {
    assert.deepEqual(healthNow(lacks(cellOf(by), before, 9), true), { state, why: text });
  }
  assert.equal(healthNow(after(cellOf(1), 'as'.padEnd(9, 's')), true).state, 'down');
  // It is no answer either: one that was silent before is still one short.
  const short = lacks(after(cellOf(1), 'as'), '', 1);
  assert.equal(after(short, 's').state, 'down');
  assert.equal(healthNow(after(lacks(cellOf(1), 'a', 9), 'a'), true).why, '');
  assert.deepEqual(sayOf(lacks(cellOf(2), 'a', 2), 0, true), { state: 'up', outcome: '' });
  assert.equal(sayOf(lacks(cellOf(2), 'a', 3), 0, true), null);
});

/** One that a probe of this member has told of before. */
const tried = (cell: Cell): Cell => {
  take(cell, 'answered');
  rest(cell);
  return cell;
};

test('health: hearsay makes a member look, and nothing else', () => {
  // Goal: nobody takes a backend out by words. Method: what its member says and how it lives, for
  // each kind of check: why it is probed, and what is held of it; before any probe of this member's
  // own, that what is said may be old.
  const exec: Check = { kind: 'exec', argv: ['true'] };
  const http: Check = { kind: 'http', path: '/' };
  const table = [
    ['untried', cellOf(1), 'up', 'alive', 'first', 'unknown'],
    ['untried', cellOf(1), null, 'alive', 'first', 'unknown'],
    ['untried', cellOf(1), 'up', 'dead', 'doubt', 'unknown'],
    ['tcp', tried(cellOf(1)), 'up', 'alive', null, 'up'],
    ['tcp', tried(cellOf(1)), 'down', 'alive', 'doubt', 'unknown'],
    ['http', tried(cellOf(1, http)), 'late', 'alive', 'doubt', 'unknown'],
    ['tcp', tried(cellOf(1)), 'up', 'suspect', 'doubt', 'up'],
    ['tcp', tried(cellOf(1)), 'up', 'dead', 'doubt', 'up'],
    ['tcp', tried(cellOf(1)), null, 'alive', 'mute', 'unknown'],
    ['frontend', tried(cellOf(1, http, [1])), 'up', 'alive', 'path', 'up'],
    ['own', cellOf(2, http, [2]), null, 'alive', 'own', 'unknown'],
    ['exec', cellOf(1, exec, [1]), 'down', 'alive', null, 'down'],
    ['exec', tried(cellOf(1, exec)), 'up', 'suspect', null, 'up'],
    ['exec', cellOf(1, exec), 'up', 'suspect', null, 'unknown'],
    ['exec', cellOf(1, exec), 'up', 'dead', null, 'down'],
    ['exec', cellOf(1, exec), 'barred', 'alive', null, 'unknown'],
    ['none', cellOf(1, { kind: 'none' }), null, 'alive', null, 'up'],
    ['none', tried(cellOf(1, { kind: 'none' })), 'down', 'suspect', null, 'up'],
    ['none', cellOf(1, { kind: 'none' }), 'up', 'suspect', null, 'unknown'],
    ['none', cellOf(1, { kind: 'none' }), null, 'unknown', null, 'unknown'],
    ['none', cellOf(1, { kind: 'none' }), 'up', 'dead', null, 'down'],
  ] as const;
  for (const [name, cell, said, liveliness, reason, state] of table) {
    cell.said = said === null ? null : { state: said, outcome: 'refused' };
    takeLife(cell, liveliness);
    assert.equal(reasonOf(cell, true), reason, `${name} ${said} ${liveliness}`);
    assert.equal(healthNow(cell, true).state, state, `${name} ${said} ${liveliness}`);
  }
  const contradicted = after(cellOf(1), 'a', 'down');
  assert.match(sightOf(healthNow(contradicted, true)), /^up though it says that it refuses/);
});

test('health: programs are run only where they may be, and that is said', () => {
  // Goal: consent. Method: the backend's own view of a program's check, without and with it.
  const cell = cellOf(2, { kind: 'exec', argv: ['check'] });
  assert.equal(reasonOf(cell, false), null);
  assert.deepEqual(sayOf(cell, 0, false), { state: 'barred', outcome: '' });
  assert.match(healthNow(cell, false).why, /--allow-run/);
  assert.equal(reasonOf(cell, true), 'own');
  assert.equal(sayOf(cell, 0, true), null);
  take(cell, 'answered');
  assert.deepEqual(sayOf(cell, 0, true), { state: 'up', outcome: '' });
});

test('health: what does not fit is no word, and a word is never too long', () => {
  // Goal: hostile members. Method: words back and forth; lines that are none; more than fits.
  const said = new Map([
    ['8080 tcp', { state: 'down', outcome: 'refused' }],
    ['80 http-0badcafe', { state: 'up', outcome: '' }],
  ] as const);
  assert.deepEqual(readWord(writeWord(said, 1_000)), said);
  assert.equal(writeWord(new Map(), 1_000), '');
  for (const line of [
    '80 tcp gone',
    '80 tcp',
    '80 tcp up\u0007',
    '80 TCP up',
    '999999 tcp up',
    '',
  ]) {
    assert.deepEqual(readWord(`1\n${line}\n81 tcp up`).size, 1, line);
  }
  assert.equal(readWord('2\n80 tcp down').size, 0);
  assert.equal(readWord(`1\n${'80 tcp down\n'.repeat(100_000)}`).size, 1);
  const many = Array.from({ length: 2_000 }, (_, port) => {
    const state = port === 1_999 ? 'down' : 'up';
    return [`${port} tcp`, { state, outcome: '' }] as const;
  });
  const word = writeWord(new Map(many), 16_384);
  assert.ok(word.length <= 16_384);
  assert.equal(readWord(word).get('1999 tcp')?.state, 'down');
  assert.equal(wordsOf('status 503'), 'answers with status 503');
  assert.equal(wordsOf('exit 1'), 'its check ends with status 1');
  for (const odd of ['status <b>', 'exit', 'nonsense']) assert.equal(wordsOf(odd), 'is down');
});

test('health: who is down is not used, unless more than half are', () => {
  // Goal: the rule of panic. Method: so many down of so many; the twin just below.
  const of = (down: number, all: number) =>
    inUse(Array.from({ length: all }, (_, n) => ({ state: n < down ? 'down' : 'up' })));
  assert.deepEqual(of(0, 2), { isPanic: false, isUsed: [true, true] });
  assert.deepEqual(of(1, 2), { isPanic: false, isUsed: [false, true] });
  assert.deepEqual(of(2, 2), { isPanic: true, isUsed: [true, true] });
  assert.deepEqual(of(1, 3), { isPanic: false, isUsed: [false, true, true] });
  assert.deepEqual(of(2, 3), { isPanic: true, isUsed: [true, true, true] });
  assert.deepEqual(of(0, 0), { isPanic: false, isUsed: [] });
  const web = { port: 80, check: { kind: 'tcp' } } as const;
  const sights = new Map([[targetKey(idOf(2), web), 'down refuses connections']]);
  const told = { state: 'down', why: 'refuses connections' };
  assert.deepEqual(healthOf(sights, idOf(2), web), told);
  assert.equal(healthOf(sights, idOf(3), web).state, 'unknown');
  assert.equal(healthOf(sights, idOf(2), { ...web, port: 81 }).state, 'unknown');
});

test('health: who is down gets nothing new, and a panic is told', () => {
  // Goal: health counts in what is balanced. Method: none, one, two of three down as a member sees
  // them; the targets and the notes; twin: another port of the same member does not count.
  const view = viewOf({ 'balancer/web': WEB });
  const seen = (down: readonly number[], port = 8080) => {
    const sights = new Map(
      down.map((n) => [targetKey(idOf(n), { ...WEB, port }), 'down does not answer']),
    );
    const self = { ...selfOf(1), sights };
    const { state, notes = [] } = plan(view, self, {
      ...{ kind: 'missing', listeners: null, forwarding: null, closed: [] },
      proxy: { kind: 'unasked' },
    });
    const members = state?.dispatches[0]?.targets.map(({ member }) => member) ?? [];
    return { members, notes: notes.join() };
  };
  const ids = (...numbers: readonly number[]) => numbers.map(idOf);
  assert.deepEqual(seen([]), { members: ids(2, 3, 4), notes: '' });
  assert.deepEqual(seen([3]), { members: ids(2, 4), notes: '' });
  assert.deepEqual(seen([3], 8081).members, ids(2, 3, 4));
  assert.deepEqual(seen([2, 3]).members, ids(2, 3, 4));
  assert.match(seen([2, 3]).notes, /^balancer web: more than half .* all are used/);
});

test('lb: the first balancer asks for a look, though nothing was looked for before', () => {
  // Goal: in force at once. Method: what news of the first balancer comes to on a host that was
  // last seen while nobody wanted one; twin: still nobody does.
  const unasked = { kind: 'unasked', proxy: { kind: 'unasked' } } as const;
  const asked = (view: View) => diff(plan(view, selfOf(1), unasked).state, unasked).length;
  assert.equal(asked(viewOf({ 'balancer/web': WEB })), 1);
  assert.equal(asked(viewOf({})), 0);
});

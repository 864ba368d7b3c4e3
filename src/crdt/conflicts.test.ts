import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFrameSigned } from './change.ts';
import { type Conflict, conflictsAmong } from './conflicts.ts';
import type { Store } from './store.ts';
import {
  admit,
  changesOf,
  commit,
  idOf,
  NOW,
  openTestStore,
  say,
  testCrypto,
} from './test-mesh.ts';

const PATH = 'intent/x';
const set = (store: Store, value: number | null, wallMs = NOW) =>
  say(store, [{ path: PATH, value }], wallMs);
const sync = (...stores: readonly Store[]): void => {
  for (let round = 0; round < 3; round += 1) {
    for (const one of stores) {
      for (const other of stores) {
        one.receiveAll(other.framesAfter(one.heads(), 1e9), NOW + 9_000);
      }
    }
  }
};

/** Two operators in step. */
const operators = () => {
  const [a, b] = [openTestStore('founder'), openTestStore('b')];
  say(a, [admit('b'), admit('c'), { path: `trust/role/${idOf('b')}`, value: { number: 1 } }]);
  sync(a, b);
  return { a, b };
};

const OPERATORS = new Set([idOf('founder'), idOf('b')]);
/** What the audit log would know: every statement of these frames. */
const ancestryOf = (frames: readonly Uint8Array[]) =>
  new Map(
    frames
      .flatMap((frame) => changesOf(frame, () => null))
      .map(({ name, replaces }) => [name, replaces] as const),
  );
const values = (conflicts: readonly Conflict[]) =>
  conflicts.map(({ path, winner, losers }) => [path, winner.value, losers.map((one) => one.value)]);

test('conflicts: of two changes at one time the one that lost is listed until settled', () => {
  // Goal: no silent loss. Method: both write in a partition; then one takes the other's value.
  const { a, b } = operators();
  set(a, 0);
  sync(a, b);
  set(a, 1, NOW + 1);
  set(b, 2, NOW + 2);
  sync(a, b);
  for (const store of [a, b]) {
    assert.deepEqual(values(conflictsAmong(store.claims(), OPERATORS, new Map())), [
      [PATH, 2, [1]],
    ]);
  }
  set(b, 1, NOW + 3);
  sync(a, b);
  assert.deepEqual(values(conflictsAmong(a.claims(), OPERATORS, new Map())), []);
});

test('conflicts: a change that its successor knew is none', () => {
  // Goal: no false alarm. Method: operators overwrite each other in turn, without the audit log.
  const { a, b } = operators();
  for (let turn = 0; turn < 6; turn += 1) {
    set(turn % 2 === 0 ? a : b, turn, NOW + turn);
    sync(a, b);
    assert.deepEqual(conflictsAmong(a.claims(), OPERATORS, new Map()), []);
  }
  for (let turn = 10; turn < 14; turn += 1) set(b, turn, NOW + turn);
  sync(a, b);
  assert.deepEqual(conflictsAmong(a.claims(), OPERATORS, new Map()), []);
});

test('conflicts: one that lost to a longer line is found by what was overwritten', () => {
  // Goal: a busy side does not hide a loss. Method: b writes thrice in a partition, a once.
  const { a, b } = operators();
  const frames = [set(a, 0)];
  sync(a, b);
  frames.push(set(a, 1, NOW + 1), set(b, 2, NOW + 2), set(b, 3, NOW + 3), set(b, null, NOW + 4));
  sync(a, b);
  assert.deepEqual(values(conflictsAmong(a.claims(), OPERATORS, ancestryOf(frames))), [
    [PATH, null, [1]],
  ]);
  assert.deepEqual(conflictsAmong(a.claims(), new Set([idOf('b')]), ancestryOf(frames)), []);
});

test('change: what is new in a frame, and nothing that a generation only says again', () => {
  // Goal: the log tells each change once. Method: frames of edits, then a generation with one more.
  const { a } = operators();
  const first = set(a, 1);
  const own = say(a, [{ path: 'member/left', value: true }]);
  const seen = a.latest().get(idOf('founder')) ?? null;
  const again = commit(a.nextGeneration(NOW + 5));
  assert.deepEqual(
    changesOf(first, () => null).map(({ path, value, sequence }) => [path, value, sequence]),
    [[PATH, 1, 1]],
  );
  assert.deepEqual(
    changesOf(own, () => null),
    [],
  );
  assert.deepEqual(
    changesOf(again, () => seen),
    [],
  );
  assert.equal(changesOf(again, () => null).length, 4);
  assert.deepEqual(
    changesOf(Uint8Array.of(1), () => null),
    [],
  );
  assert.ok(isFrameSigned(testCrypto, first));
  assert.ok(!isFrameSigned(testCrypto, first.slice().fill(0, first.length - 3)));
});

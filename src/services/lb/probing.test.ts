import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { View } from '../../crdt/view.ts';
import type { Liveliness } from '../loop.ts';
import { idOf, memberOf } from '../test-view.ts';
import { targetKey } from './checks.ts';
import { openBoard } from './probing.ts';
import { viewOf, WEB } from './test-balancers.ts';

/** What a member knows that looks at three backends, of which nobody says anything. */
function openMember() {
  const board = openBoard(idOf(1), () => 0);
  const look = (view: View, nowMs: number) => {
    const liveliness = (): Liveliness => 'alive';
    const outlook = { words: new Map(), liveliness, mayRun: false };
    board.look({ ...outlook, view }, nowMs);
    return board.sights(nowMs);
  };
  return { board, look };
}

test('probing: that one is down is shown at once, that one is up which was used soon', () => {
  // Goal: a member that begins and finds fifty a second plans by them now and then, and loses no
  // time where one is dead. Method: what is shown as one answers, and as another refuses; when the
  // board wants to be asked again.
  const { board, look } = openMember();
  const view = viewOf({ 'balancer/web': WEB });
  const first = look(view, 0);
  assert.equal(first.size, 3);
  board.due(1_000)[0]?.end('answered');
  assert.equal(look(view, 1_010), first);
  assert.ok((board.restMs(1_010) ?? Infinity) <= 490);
  board.due(1_020)[0]?.end('refused');
  const second = board.sights(1_020);
  assert.deepEqual([...second.values()].map((text) => text.split(' ')[0]).toSorted(), [
    ...['down', 'unknown', 'up'],
  ]);
  board.due(1_040)[0]?.end('answered');
  assert.equal(board.sights(1_539), second);
  assert.equal([...board.sights(1_540).values()].filter((text) => text === 'up').length, 2);
});

test('probing: a view that means the same backends changes nothing', () => {
  // Goal: what members tell of themselves costs nothing where there are ten thousand backends.
  // Method: the same with another version of one: the very same is shown, though a new member of
  // the view has it; twin: one has another label.
  const { look } = openMember();
  const changed = (change: object): View => {
    const view = viewOf({});
    const members = [1, 2, 3, 4].map((n) => ({
      ...memberOf(n, n === 1 ? {} : { role: 'web' }),
      ...(n === 3 ? change : {}),
    }));
    return { ...view, members, intent };
  };
  const { intent } = viewOf({ 'balancer/web': WEB });
  const first = look(changed({}), 0);
  assert.equal(look(changed({ version: { cnsmo: '9.9.9' } }), 10), first);
  const less = look(changed({ labels: {} }), 20);
  assert.deepEqual(
    [...less.keys()],
    [2, 4].map((n) => targetKey(idOf(n), WEB as never)),
  );
});

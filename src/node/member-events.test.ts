import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../crdt/entry.ts';
import { idOf, world } from '../crdt/test-world.ts';
import { Fault } from '../fault.ts';
import type { AskEvents } from './event-pages.ts';
import { createEvents } from './events.ts';
import { eventsTopic, gatherEvents } from './member-events.ts';
import { createTime } from './test-time.ts';

const view = world().invites('i').admits('a', 'i').admits('b', 'i').view();
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const never = new AbortController().signal;
const WISH = { after: null, ageMsMax: null, waitMs: 0, isPatient: false };

/** A daemon for each, and what asks them; `b` is off. */
function stage() {
  const time = createTime();
  const of = () => {
    const events = createEvents(time.clock, '1.0');
    return { hear: events.overhear(log), answer: eventsTopic(events) };
  };
  const daemons = new Map([
    [idOf('founder'), of()],
    [idOf('a'), of()],
  ]);
  const asked: Value[] = [];
  const ask: AskEvents = async (member, wish) => {
    asked.push(wish);
    const daemon = daemons.get(member);
    const why = { field: 'member', value: 'b', why: 'not connected', remedy: 'wait' };
    if (daemon === undefined) throw new Fault('timeout', why);
    return daemon.answer(wish);
  };
  const note = (name: string, why: string): void =>
    daemons.get(idOf(name))?.hear.info('join-refused', { invite: 'i', why });
  const gather = (on: string, after: string | null = null) =>
    gatherEvents(time.clock, { view: () => view, ask, signal: never }, on, { ...WISH, after });
  return { time, note, gather, asked };
}

test('member events: of all by time, with who saw it; who cannot be asked is named', async () => {
  // Goal: `--on all`. Method: three events of two members in turn; then only what is new.
  const { time, note, gather } = stage();
  note('founder', 'one');
  await time.pass(10);
  note('a', 'two');
  await time.pass(10);
  note('founder', 'three');
  const first = await gather('all');
  const shown = first.events.map(({ on, cause }) => `${on} ${cause}`);
  assert.deepEqual(shown, ['founder one', 'a two', 'founder three']);
  assert.deepEqual(first.missing, [{ member: 'b', why: 'not connected' }]);
  note('a', 'four');
  const second = await gather('all', first.cursor);
  assert.deepEqual(
    second.events.map(({ on }) => on),
    ['a'],
  );
  assert.equal((await gather('a', 'no cursor')).events.length, 2);
});

test('member events: more than fit one answer are all asked for, and none twice', async () => {
  // Goal: nothing is left out in silence. Method: 1,201 events of one member, some of another; then
  // one more of each.
  const { note, gather, asked } = stage();
  for (let n = 0; n < 1_201; n += 1) note('founder', String(n));
  for (let n = 0; n < 3; n += 1) note('a', `a${n}`);
  const first = await gather('all');
  assert.equal(first.leftOut, 0);
  const ofFounder = first.events.filter(({ on }) => on === 'founder').map(({ cause }) => cause);
  assert.deepEqual(
    ofFounder,
    Array.from({ length: 1_201 }, (_, n) => String(n)),
  );
  assert.equal(first.events.length, 1_204);
  assert.equal(asked.length, 3 + 1 + 1, 'three pages, one, and one that cannot be asked');
  note('founder', 'new');
  const second = await gather('all', first.cursor);
  assert.deepEqual(
    second.events.map(({ cause }) => cause),
    ['new'],
  );
});

test('member events: one that cannot be asked is a failure, as is nobody of the name', async () => {
  // Goal: one line, and its status. Method: a member that is off, and none.
  const { gather } = stage();
  await assert.rejects(gather('b'), (error) => error instanceof Fault && error.code === 'timeout');
  await assert.rejects(gather('vm9'), /no such member/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMember, RULE, START_MS, TRIAL } from './test-member.ts';

const DELETE = { delete: { table: { family: 'inet', name: 'cnsmo' } } };

/** A member that has begun a trial, 10 s ago. */
const onTrial = () => {
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  goOn(member, 10_000);
  return member;
};

const goOn = ({ world }: ReturnType<typeof openMember>, toMs: number): void => {
  Object.assign(world, { nowMs: toMs, wallMs: START_MS + toMs });
};

test('a trial whose table is taken away goes on for the rest of its time, and no longer', () => {
  // Goal: the deadline. Method: the table deleted 50 s into 60, by hand, once and again; what the
  // kernel holds at each second. Twin: the clock of the wall leaps meanwhile, back or ahead.
  for (const leapMs of [0, -600_000, 600_000]) {
    const member = onTrial();
    for (const atMs of [50_000, 55_000]) {
      goOn(member, atMs);
      member.pass();
      member.byHand(DELETE);
      goOn(member, atMs + 300);
      member.world.wallMs += leapMs;
      assert.deepEqual(member.found(), ['the table was missing']);
      assert.equal(member.pass(), 1);
      assert.ok(member.isTried(), `${leapMs}: it goes on`);
    }
    // The kernel tells whole seconds.
    member.world.nowMs = 61_000;
    member.pass();
    assert.equal(member.isTried(), false, `${leapMs}: and ends`);
    member.byHand(DELETE);
    member.pass();
    assert.equal(member.isTried(), false, `${leapMs}: for good`);
  }
});

test('a trial that was withdrawn stays so when its table is taken away', () => {
  // Goal: no member cuts itself off twice. Method: withdrawn, then the table deleted, and its chain
  // alone; the ways are open by then. Why it was is remembered.
  for (const hand of [
    DELETE,
    { delete: { chain: { family: 'inet', table: 'cnsmo', name: 'tried/t1' } } },
  ]) {
    const member = onTrial();
    member.world.unreached = '10.10.0.2 192.0.2.2';
    member.pass();
    member.world.unreached = '';
    const notes = member.notes();
    assert.match(notes[0] ?? '', /withdrawn: no new connection reaches vm2/);
    member.byHand(hand);
    assert.equal(member.pass(), 1);
    assert.equal(member.isTried(), false);
    assert.deepEqual(member.notes(), notes);
  }
});

test('a daemon begins no trial that is older than itself and that no table tells of', () => {
  // Goal: a reboot without what was to be loaded. Method: the daemon anew, 10 s into the trial,
  // with the table gone; twins: with the table there; and a daemon that was there before it.
  for (const [isGone, isAnew, isTried] of [
    [true, true, false],
    [false, true, true],
    [true, false, true],
  ] as const) {
    const member = onTrial();
    if (isGone) member.byHand(DELETE);
    if (isAnew) member.restart();
    goOn(member, 11_000);
    member.pass();
    assert.equal(member.isTried(), isTried);
    goOn(member, 60_001);
    assert.equal(member.isTried(), false);
  }
});

/** It begins one trial, and 2 s later learns of another, later by its stamp; none gets old. */
const onSecondTrial = (firstSeconds: number, secondSeconds: number) => {
  const member = openMember();
  const { world } = member;
  const [first, second] = [firstSeconds, secondSeconds].map((seconds) => ({ ...TRIAL, seconds }));
  assert.ok(first !== undefined && second !== undefined);
  const before = { ...RULE, 'trial/first': first };
  Object.assign(world, { trial: first, objects: before });
  member.pass();
  Object.assign(world, { nowMs: 2_000, trial: second });
  world.objects = { ...before, 'trial/second': second };
  return { member, world, before };
};

/** What is tried at moments by the kernel's clock, passes between them. */
const triedAt = (member: ReturnType<typeof openMember>, moments: readonly number[]) =>
  moments.map((nowMs) => {
    member.world.nowMs = nowMs;
    member.pass();
    return member.isTried();
  });

test('a trial that takes the place of another has its own time, shorter or longer', () => {
  // Goal: the deadline. Method: two begun together, 60 s and 5 s, in either order; a moment before
  // and after the end of the second. What was opened for a time stays open, and is closed in time.
  const open = { val: 'ipv4', timeout: 600 };
  const elem = [[{ elem: open }, { accept: null }]];
  for (const [first, second] of [
    [60, 5],
    [5, 60],
  ] as const) {
    const { member, world } = onSecondTrial(first, second);
    member.byHand({ add: { element: { family: 'inet', table: 'cnsmo', name: 'open', elem } } });
    assert.equal(member.pass(), 1);
    const endMs = 2_000 + second * 1_000;
    assert.deepEqual(triedAt(member, [endMs - 1, endMs + 1]), [true, false], `${second} s`);
    assert.ok(world.before?.kind === 'present');
    const [{ expires } = {}] = world.before.table.sets.get('open')?.elements.values() ?? [];
    assert.ok((expires ?? 0) >= 596 - second && (expires ?? 600) < 601 - second, `${expires} s`);
  }
});

test('a trial goes on for the rest of its time when the one in its place is taken back', () => {
  // Goal: the first deadline. Method: the second taken back 1 s after it began, or after its end;
  // a second before and after the end of the first: the kernel tells whole seconds.
  for (const [first, second, backMs] of [
    [60, 5, 3_000],
    [60, 5, 10_000],
    [5, 60, 3_000],
  ] as const) {
    const { member, world, before } = onSecondTrial(first, second);
    assert.equal(member.pass(), 1);
    assert.equal(triedAt(member, [backMs])[0], backMs < 2_000 + second * 1_000);
    world.objects = before;
    const endMs = first * 1_000;
    const course = triedAt(member, [backMs, endMs - 1_000, endMs + 1_000]);
    assert.deepEqual(course, [true, true, false], `${first} s, back at ${backMs} ms`);
  }
});

test('what was begun is not forgotten while nft cannot be asked', () => {
  // Goal: no trial begins again. Method: the table deleted 50 s into 60, and for a look nft takes
  // no counters; the clock of the wall is back at the start, as if the trial were young. Twin: one
  // that was withdrawn stays so.
  for (const isWithdrawn of [false, true]) {
    const member = onTrial();
    if (isWithdrawn) {
      member.world.unreached = '10.10.0.2 192.0.2.2';
      member.pass();
      member.world.unreached = '';
    }
    goOn(member, 50_000);
    member.pass();
    member.byHand(DELETE);
    Object.assign(member.world, { refused: 'counter', wallMs: START_MS });
    assert.equal(member.pass(), 0);
    assert.equal(member.world.before?.kind, 'no-tool');
    member.world.refused = null;
    const course = triedAt(member, [51_000, 61_000]);
    assert.deepEqual(course, [!isWithdrawn, false]);
  }
});

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

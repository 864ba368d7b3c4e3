import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DENY, openMember, RULE, START_MS, TRIAL } from './test-member.ts';

test('a trial runs from its first application, ends in the kernel and never begins again', () => {
  // Goal: own monotonic clock, one time. Method: the virtual kernel's time; the wall clock jumps
  // back, as if the trial were young again; the daemon keeps nothing.
  const member = openMember();
  assert.equal(member.pass(), 1);
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  assert.equal(member.pass(), 1);
  assert.ok(member.isTried());
  assert.ok(member.applied().includes('intent/firewall/trial/t1'));
  assert.ok((member.recheckMs() ?? Number.POSITIVE_INFINITY) <= 2_000);
  member.world.nowMs = 30_000;
  assert.equal(member.pass(), 0, 'its time is not set again');
  member.world.nowMs = 60_001;
  member.world.wallMs = START_MS + 60_001;
  assert.equal(member.isTried(), false);
  assert.equal(member.pass(), 1);
  assert.ok(!member.applied().includes('intent/firewall/trial/t1'));
  member.world.wallMs = START_MS;
  assert.equal(member.isTried(), false);
  assert.equal(member.pass(), 0);
  assert.ok(!member.chains().some((name) => name.startsWith('trial/')));
});

test('a trial is remembered where nothing else is filtered', () => {
  // Goal: the clock cannot begin it again. Method: no rule but the trial; its end; the clock back.
  const member = openMember();
  member.world.objects = { 'trial/t1': TRIAL };
  member.pass();
  member.world.nowMs = 60_001;
  member.world.wallMs = START_MS + 60_001;
  assert.equal(member.pass(), 1);
  member.world.wallMs = START_MS;
  assert.equal(member.pass(), 0);
  assert.equal(member.isTried(), false);
  member.world.objects = {};
  assert.equal(member.pass(), 1);
  assert.deepEqual(member.chains(), []);
});

test('who meets a trial after its time never begins it', () => {
  // Goal: a heal brings no old trial. Method: a second late; the twin: a second before.
  for (const [lateMs, isBegun] of [
    [60_000, false],
    [59_000, true],
  ] as const) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.world.wallMs = START_MS + lateMs;
    member.pass();
    assert.equal(member.isTried(), isBegun, `${lateMs} ms`);
  }
});

test('confirmed it lasts, also for who missed the confirmation', () => {
  // Goal: one transaction from trial to rule. Method: the objects change in one view; then the same
  // for a member at which the trial has ended meanwhile.
  for (const endedMs of [0, 60_001]) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.pass();
    member.world.nowMs = endedMs;
    if (endedMs > 0) member.pass();
    member.world.objects = { ...RULE, 'default/wan-in': DENY };
    assert.equal(member.pass(), 1);
    assert.ok(member.chains().includes('now/wan-in'));
    assert.ok(
      !member.chains().some((name) => name.startsWith('tr')),
      'nothing of the trial is left',
    );
  }
});

test('a member that the trial cuts off withdraws it at once', () => {
  // Goal: new connections tell. Method: no way to the author; twins: none to another, one
  // of two ways to the author.
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  member.world.unreached = '10.10.0.3 192.0.2.3 10.10.0.2';
  assert.equal(member.pass(), 0);
  assert.ok(member.isTried());
  member.world.unreached = '10.10.0.2 192.0.2.2';
  assert.equal(member.pass(), 1);
  member.world.unreached = '';
  assert.equal(member.isTried(), false);
});

test('a boot brings the old rules, and remembers that the trial was begun', () => {
  // Goal: what is loaded at boot. Method: the text kept while the trial runs.
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  const text = member.boot();
  assert.match(text, /"name":"tried\/t1"/);
  assert.doesNotMatch(text, /trial\/prerouting/);
});

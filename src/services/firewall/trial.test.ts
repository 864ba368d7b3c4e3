import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type Objects } from '../test-view.ts';
import { DENY, openMember, RULE, START_MS, TRIAL } from './test-member.ts';
import { ruleOf } from './test-policy.ts';

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
  assert.deepEqual(member.found(), ['trial t1 is over, and what was before it holds']);
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

test('a clock that is slow or fast begins no trial after its end, and one that is in time', () => {
  // Goal: the end is by the time of the mesh. Method: clocks of this VM, of the author (member 2)
  // and of another, and when it really is; what is begun. Without anybody in sight its own counts.
  const cases: readonly (readonly [string, number, Readonly<Record<number, number>>, boolean])[] = [
    ['slow, met late', 10_000, { 2: 60_000, 3: 60_000 }, false],
    ['slow by much, met late', -800_000, { 2: 900_000 }, false],
    ['slow, met in time', -890_000, { 2: 900_000 }, true],
    ['fast, met in time', 910_000, { 2: -900_000, 3: -900_000 }, true],
    ['fast, met late', 961_000, { 2: -900_000 }, false],
    ['its author counts, whoever is off', 10_000, { 2: 0, 3: 60_000 }, true],
    ['slow, its author out of sight', 10_000, { 3: 60_000 }, false],
    ['fast, its author out of sight', 910_000, { 3: -900_000 }, false],
    ['nobody in sight', 59_000, {}, true],
    ['nobody in sight, late', 60_000, {}, false],
  ];
  for (const [name, ownMs, skewsMs, isBegun] of cases) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.world.wallMs = START_MS + ownMs;
    member.world.skewsMs = skewsMs;
    member.pass();
    assert.equal(member.isTried(), isBegun, name);
  }
  const own = openMember();
  [own.world.author, own.world.objects] = [1, { ...RULE, 'trial/t1': TRIAL }];
  own.world.skewsMs = { 2: 900_000, 3: 900_000 };
  own.pass();
  assert.ok(own.isTried(), 'its own clock stamped it');
});

test('a trial whose stamp may be ahead of its author’s clock counts as that much older', () => {
  // Goal: none begins after its end. Method: a stamp that counts on from a later one, as late as
  // that may be and a moment before; twins: the same times by a stamp of the clock itself.
  // And one of 5 s, which begins in its first half.
  for (const [seconds, lateMs, counter, isBegun] of [
    [60, 55_000, 1, false],
    [60, 54_999, 1, true],
    [60, 55_000, 0, true],
    [60, 59_999, 0, true],
    [5, 2_499, 1, true],
    [5, 2_500, 1, false],
  ] as const) {
    const member = openMember();
    const trial = { ...TRIAL, seconds };
    member.world.objects = { ...RULE, 'trial/t1': trial };
    Object.assign(member.world, { wallMs: START_MS + lateMs, counter, trial });
    member.pass();
    assert.equal(member.isTried(), isBegun, `${seconds} s, ${lateMs} ms, ${counter}`);
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
  // of two ways to the author. And the note stands to the end, however it was stamped.
  const member = openMember();
  member.world.counter = 1;
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.pass();
  member.world.unreached = '10.10.0.3 192.0.2.3 10.10.0.2';
  assert.equal(member.pass(), 0);
  assert.ok(member.isTried());
  member.world.unreached = '10.10.0.2 192.0.2.2';
  assert.deepEqual(member.found(), [], 'no drift: nobody changed the host');
  assert.equal(member.pass(), 1);
  const why = 'trial t1: withdrawn: no new connection reaches vm2, where its operator is';
  assert.deepEqual(member.notes(), [`${why}; the old rules hold here`]);
  member.world.unreached = '';
  assert.equal(member.isTried(), false);
  assert.deepEqual(member.notes(), [`${why}; the old rules hold here`], 'remembered, with why');
  member.world.wallMs = START_MS + 59_999;
  assert.deepEqual(member.notes(), [`${why}; the old rules hold here`], 'confirm asks for it');
  member.world.wallMs = START_MS + 60_001;
  assert.deepEqual(member.notes(), [], 'nobody need know of it after its time');
});

test('a member without a connection to the operator withdraws what closes its ways there', () => {
  // Goal: in a partial mesh too. Method: the operator’s member is in no connection and unreached;
  // the trial is of rules that close the ways to it; twins: it is reached; a trial of what comes
  // in, so that it may just be away.
  const closing = (zone: string) => ({
    ...{ kind: 'rule', name: `no-${zone}` },
    value: ruleOf({
      action: 'deny',
      direction: 'out',
      zone,
      protocol: 'tcp',
      ports: [[7300, 7300]],
      on: [{ kind: 'member', id: idOf(1) }],
    }),
  });
  const closed = { seconds: 60, changes: [closing('mesh'), closing('wan')] };
  const courses = [
    [closed, '10.10.0.2 192.0.2.2', false],
    [closed, '192.0.2.2', true],
    [TRIAL, '10.10.0.2 192.0.2.2', true],
  ] as const;
  for (const [trial, unreached, isTried] of courses) {
    const member = openMember();
    member.world.connected = [3];
    [member.world.trial, member.world.objects] = [trial, { ...RULE, 'trial/t1': trial }];
    member.pass();
    assert.ok(member.isTried());
    member.world.unreached = unreached;
    assert.equal(member.isTried(), isTried);
  }
});

test('a member that reaches nobody any more withdraws it', () => {
  // Goal: the mesh, where the operator is away. Method: both members unreached, by another author.
  const member = openMember();
  member.world.objects = { ...RULE, 'trial/t1': TRIAL };
  member.world.author = 9;
  member.pass();
  member.world.unreached = '10.10.0.3 192.0.2.3 10.10.0.2';
  assert.equal(member.pass(), 0);
  member.world.unreached = '10.10.0.3 192.0.2.3 10.10.0.2 192.0.2.2';
  assert.equal(member.pass(), 1);
  assert.match(member.notes()[0] ?? '', /no new connection reaches any of 2 members/);
});

test('a trial that would stop its operator is not begun', () => {
  // Goal: the management path. Method: the operator's connection by the rules on trial; twins:
  // another port, one that is stopped already, one that the trial lets in.
  const ssh = ruleOf({ zone: 'wan', action: 'deny', protocol: 'tcp', ports: [[22, 22]] });
  const trialWith = (address: string, port: number, value: Objects[string] = ssh) => ({
    ...{ seconds: 60, changes: [{ kind: 'rule', name: 'no-ssh', value }] },
    management: [{ address, port }],
  });
  const early = { ...Object(ssh), priority: 1 } as Objects[string];
  const deny = { 'rule/before': ssh };
  const cases: readonly (readonly [Objects[string], Objects, boolean])[] = [
    [trialWith('203.0.113.7', 22), RULE, false],
    [trialWith('203.0.113.7', 2222), RULE, true],
    [trialWith('2001:db8:9::7', 22), RULE, false],
    [trialWith('203.0.113.7', 22, early), deny, true],
    [trialWith('10.10.0.2', 22), RULE, true],
    [trialWith('192.0.2.1', 22), RULE, true],
  ];
  for (const [trial, objects, isBegun] of cases) {
    const member = openMember();
    member.world.trial = trial;
    member.world.objects = { ...objects, 'trial/t1': trial };
    member.pass();
    assert.equal(member.isTried(), isBegun, JSON.stringify(trial));
    if (isBegun) continue;
    const expected = /^trial t1: withdrawn: rule no-ssh would stop its operator: \S+ to port 22; /;
    assert.match(member.notes()[0] ?? '', expected);
    assert.ok(!member.chains().some((name) => name.startsWith('trial/')));
  }
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

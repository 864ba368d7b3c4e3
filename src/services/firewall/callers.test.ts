import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../crdt/entry.ts';
import { idOf, type Objects } from '../test-view.ts';
import { openMember, RULE, TRIAL } from './test-member.ts';
import { ruleOf } from './test-policy.ts';

/** What members tell, by their numbers. */
const told = (calls: readonly (readonly [n: number, way: string, reached: string])[]): string =>
  calls.map(([n, way, reached]) => `${idOf(n)} ${way} ${reached}`).join('\n');

/** A trial of a rule on the management port. */
const trialOf = (value: Objects[string], management: readonly Value[] = []): Objects[string] => ({
  ...{ seconds: 60, changes: [{ kind: 'rule', name: 'ssh', value }] },
  ...(management.length === 0 ? {} : { management: [...management] }),
});
const RATED = ruleOf({ zone: 'wan', protocol: 'tcp', ports: [[22, 22]], priority: 50 });
const CLOSED = ruleOf({ zone: 'wan', action: 'deny', protocol: 'tcp', ports: [[22, 22]] });
const REJECTED = ruleOf({ zone: 'wan', action: 'reject', protocol: 'tcp', ports: [[22, 22]] });
const OPERATOR = [{ address: '203.0.113.7', port: 22 }];

/** A member that begins a trial when others have told `before`. */
const begun = (trial: Objects[string], before: string, objects: Objects = {}) => {
  const member = openMember();
  member.world.trial = trial ?? TRIAL;
  member.world.objects = { ...RULE, ...objects, 'trial/t1': trial };
  member.world.callsBefore = before;
  member.pass();
  return member;
};

test('members are asked before a trial and amid it, the author first, for what was reached', () => {
  // Goal: whom is asked for what. Method: the author is member 3; both reach it outside, one hears
  // nothing inside; another port by the operator's session; nobody after the end.
  const member = openMember();
  member.world.author = 3;
  const trial = trialOf(RATED, [{ address: '203.0.113.7', port: 2222 }]);
  [member.world.trial, member.world.objects] = [trial, { ...RULE, 'trial/t1': trial }];
  member.world.callsBefore = told([
    [2, 'outside', 'answered'],
    [2, 'inside', 'answered'],
    [3, 'outside', 'silent'],
  ]);
  member.isTried();
  const before = { from: [idOf(3), idOf(2)], ways: ['outside', 'inside'], port: 2222, rounds: 1 };
  assert.deepEqual(member.world.asked, before);
  member.pass();
  assert.deepEqual(member.world.asked, {
    ...{ from: [idOf(2)], ways: ['outside'], port: 2222, rounds: 3 },
  });
  member.world.asked = null;
  [member.world.nowMs, member.world.wallMs] = [60_001, member.world.wallMs + 60_001];
  member.pass();
  assert.equal(member.world.asked, null);
});

test('a trial with little time left is begun without asking', () => {
  // Goal: nobody begins it after its time. Method: 3 s before its end; twin: a little earlier.
  for (const [lateMs, isAsked] of [
    [57_000, false],
    [56_999, true],
  ] as const) {
    const member = openMember();
    member.world.objects = { ...RULE, 'trial/t1': TRIAL };
    member.world.wallMs += lateMs;
    assert.ok(member.isTried());
    assert.equal(member.world.asked !== null, isAsked, `${lateMs} ms`);
  }
});

test('who was reached before and is by nobody any more withdraws the trial', () => {
  // Goal: real packets decide. Method: rules that would let all in, but what comes does not; what
  // was and is told in many forms, each with whether the trial stays.
  const both = [
    [2, 'outside', 'answered'],
    [3, 'outside', 'answered'],
  ] as const;
  const silent = both.map(([n, way]) => [n, way, 'silent'] as const);
  const refused = both.map(([n, way]) => [n, way, 'refused'] as const);
  const cases: readonly (readonly [
    what: string,
    before: Parameters<typeof told>[0],
    now: Parameters<typeof told>[0],
    isTried: boolean,
  ])[] = [
    ['nobody reaches it', both, silent, false],
    ['one of them does', both, [silent[0] ?? both[0], both[1]], true],
    ['one of them does not tell', both, silent.slice(1), false],
    ['nobody tells', both, [], true],
    ['nobody reached it before', silent, silent, true],
    ['nobody was asked before', [], silent, true],
    ['a reset where there was an answer', both, refused, false],
    ['nobody listens, as before', refused, refused, true],
    ['nobody listened, and nothing comes back now', refused, silent, false],
    [
      'inside it is reached',
      [...both, [2, 'inside', 'answered']],
      [...silent, [2, 'inside', 'answered']],
      true,
    ],
  ];
  for (const [what, before, now, isTried] of cases) {
    const member = begun(trialOf(RATED), told(before));
    assert.ok(member.isTried(), what);
    member.world.calls = told(now);
    assert.equal(member.isTried(), isTried, what);
    if (isTried) continue;
    assert.equal(member.pass(), 1);
    const why = 'no new connection from outside comes to port 22 here: ';
    assert.ok(member.notes()[0]?.startsWith(`trial t1: withdrawn: ${why}`), member.notes()[0]);
    member.world.calls = told(both);
    assert.equal(member.isTried(), false, 'for good');
  }
});

test('the way of the operator counts, and not another', () => {
  // Goal: whoever comes from outside is not served by the tunnel. Method: inside it is reached,
  // outside no more; with an operator outside, inside, and one who is not known.
  const before = told([
    [2, 'outside', 'answered'],
    [2, 'inside', 'answered'],
  ]);
  const now = told([
    [2, 'outside', 'silent'],
    [2, 'inside', 'answered'],
  ]);
  for (const [management, isTried] of [
    [OPERATOR, false],
    [[{ address: '10.10.0.3', port: 22 }], true],
    [[], true],
  ] as const) {
    const member = begun(trialOf(RATED, management), before);
    member.world.calls = now;
    assert.equal(member.isTried(), isTried, JSON.stringify(management));
  }
});

test('rules that close the port to members and let the operator in are no cut', () => {
  // Goal: no false withdrawal. Method: a default that denies, with and without a rule for the
  // operator; a reset that a rule of ours makes, before the trial and by it.
  const before = told([[2, 'outside', 'answered']]);
  const silent = told([[2, 'outside', 'silent']]);
  const refused = told([[2, 'outside', 'refused']]);
  const address = { kind: 'cidr', cidr: '203.0.113.7/32' };
  const allow = ruleOf({
    zone: 'wan',
    from: [address],
    protocol: 'tcp',
    ports: [[22, 22]],
    priority: 1,
  });
  const cases: readonly (readonly [string, Objects, Objects[string], string, string, boolean])[] = [
    [
      'the operator is let in',
      { 'rule/mine': allow },
      trialOf(CLOSED, OPERATOR),
      before,
      silent,
      true,
    ],
    ['nobody knows the operator', {}, trialOf(CLOSED), before, silent, false],
    ['a reset by a rule', {}, trialOf(REJECTED), told([[2, 'outside', 'refused']]), refused, false],
    ['a reset by a rule before', { 'rule/r': REJECTED }, trialOf(RATED), refused, silent, true],
  ];
  for (const [what, objects, trial, early, late, isTried] of cases) {
    const member = begun(trial, early, objects);
    assert.ok(member.isTried(), what);
    member.world.calls = late;
    assert.equal(member.isTried(), isTried, what);
  }
});

test('who is forbidden by its own rules to call tells nothing', () => {
  // Goal: no false withdrawal where a trial closes outgoing SSH. Method: each trial that stops the
  // callers, by each way; twins: it is in force here only, or not at one of them; who enforces
  // nothing; incoming SSH.
  const out = { direction: 'out', protocol: 'tcp', ports: [[22, 22]] };
  const rule = (fields: Objects): Objects[string] =>
    trialOf(ruleOf({ zone: 'wan', action: 'deny', ...out, ...fields }));
  const changes = [{ kind: 'default', name: 'wan-out', value: { action: 'deny' } }];
  const on = (n: number): Objects => ({ on: [{ kind: 'member', id: idOf(n) }] });
  const cases: readonly (readonly [string, Objects[string], string, string, boolean])[] = [
    ['a rule', rule({}), 'outside', 'silent', true],
    ['a rule that resets', rule({ action: 'reject' }), 'outside', 'refused', true],
    ['a default', { seconds: 60, changes }, 'outside', 'silent', true],
    ['a rule of the mesh', rule({ zone: 'mesh' }), 'inside', 'silent', true],
    ['here only', rule(on(1)), 'outside', 'silent', false],
    ['at one of them', rule(on(2)), 'outside', 'silent', false],
    ['another way', rule({ zone: 'mesh' }), 'outside', 'silent', false],
    ['incoming', rule({ direction: 'in' }), 'outside', 'silent', false],
  ];
  for (const [what, trial, way, reached, isTried] of cases) {
    const callers = [2, 3] as const;
    const member = begun(trial, told(callers.map((n) => [n, way, 'answered'])));
    member.world.calls = told(callers.map((n) => [n, way, reached]));
    assert.equal(member.isTried(), isTried, what);
    if (what === 'at one of them') assert.match(member.notes()[0] ?? '', /: vm3 tried;/);
    member.world.members = member.world.members.map((each) => ({ ...each, services: [] }));
    assert.equal(member.isTried(), false, `${what}: nobody enforces`);
  }
});

test('what was reached before is remembered over a restart and where other rules change', () => {
  // Goal: the kernel keeps it. Method: the daemon keeps nothing in this test; a rule more amid the
  // trial, and then nobody is reached.
  const member = begun(trialOf(RATED), told([[2, 'outside', 'answered']]));
  const more = ruleOf({ protocol: 'tcp', ports: [[81, 81]] });
  member.world.objects = { ...member.world.objects, 'rule/more': more };
  assert.equal(member.pass(), 1);
  assert.deepEqual(
    member.rules('tried/t1').map(({ comment }) => comment),
    [`reached: ${idOf(2)} outside answered`],
  );
  member.world.calls = told([[2, 'outside', 'silent']]);
  assert.equal(member.isTried(), false);
});

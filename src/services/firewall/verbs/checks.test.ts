import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foresee } from '../../../crdt/foresight.ts';
import { memberIdOf } from '../../../crdt/ids.ts';
import { finish, UNMETERED } from '../../../crdt/meter.ts';
import { intentPath, trustPath } from '../../../crdt/paths.ts';
import type { Member, View } from '../../../crdt/view.ts';
import { CALLER, sceneOf, type Typed } from '../../test-ask.ts';
import { idOf, memberOf } from '../../test-view.ts';
import { viewOf } from '../test-policy.ts';
import { after, ask, refusalOf, threeMembers } from './test-ask.ts';
import { firewallVerbs } from './verbs.ts';

const view = threeMembers();

test('verbs: a change that breaks a policy test is refused, by its name', () => {
  // Goal: tests guard the policy. Method: a test for each expectation; changes that keep and break.
  const tested = after(
    view,
    ['test add', { name: 'web', from: 'vm1', to: 'role=web', traffic: 'tcp/80', expect: 'allow' }],
    ['deny', { traffic: 'tcp/25', name: 'mail' }],
    ['test add', { name: 'mail', from: 'mesh', to: 'mesh', traffic: 'tcp/25', expect: 'deny' }],
  );
  assert.match(
    refusalOf({ view: tested }, 'deny', { traffic: 'tcp/80', on: ['vm3'] }),
    /^test: web: would fail: vm1 to vm3 \(10.10.0.1 to 10.10.0.3\): stopped at vm3; /,
  );
  assert.match(
    refusalOf({ view: tested }, 'delete', { names: ['mail'] }),
    /^test: mail: would fail/,
  );
  assert.match(
    refusalOf({ view: tested }, 'delete', { names: ['mail'], force: true }),
    /^test: mail: would fail/,
  );
  assert.equal(refusalOf({ view: tested }, 'deny', { traffic: 'tcp/81' }), 'done');
  const outcomes = ask({ view: tested }, 'test', {}).body;
  assert.deepEqual(outcomes, [
    { name: 'mail', result: 'passes', passed: true, tried: 12, failures: [] },
    { name: 'web', result: 'passes', passed: true, tried: 4, failures: [] },
  ]);
  assert.match(
    refusalOf({ view: tested }, 'test add', {
      ...{ name: 'no', from: 'vm1', to: 'vm2', traffic: 'tcp/81', expect: 'deny' },
    }),
    /^test: no: would fail: vm1 to vm2 \(10.10.0.1 to 10.10.0.2\): nothing stops it/,
  );
});

test('verbs: a policy test is tried on all that it means, by both families', () => {
  // Goal: no hole beside the one connection that was tried. Method: changes that break a test for
  // one member of several, for IPv6 alone, for a part of a prefix, for a group; each with a twin
  // that keeps it.
  const tested = after(
    view,
    ['group set', { name: 'g', members: ['vm1', '198.51.100.0/24'] }],
    ['test add', { name: 'web', from: 'mesh', to: 'mesh', traffic: 'tcp/80', expect: 'allow' }],
    [
      'test add',
      { name: 'net', from: '198.51.100.0/24', to: 'vm1', traffic: 'tcp/443', expect: 'allow' },
    ],
    [
      'test add',
      { name: 'all', from: 'any', to: 'vm2', traffic: 'tcp/8', zone: 'wan', expect: 'allow' },
    ],
    [
      'test add',
      { name: 'group', from: 'group:g', to: 'vm3', traffic: 'tcp/9', zone: 'wan', expect: 'allow' },
    ],
  );
  const deny = (typed: Typed): string =>
    refusalOf({ view: tested, caller: CALLER }, 'deny', typed).split(';')[0] ?? '';
  assert.equal(
    deny({ traffic: 'tcp/80', from: ['fd00:1::3/128'], on: ['vm2'] }),
    'test: web: would fail: vm3 to vm2 (fd00:1::3 to fd00:1::2): stopped at vm2',
  );
  assert.equal(deny({ traffic: 'tcp/80', from: ['fd00:1::4/128'] }), 'done');
  assert.equal(
    deny({ traffic: 'tcp/443', from: ['198.51.100.128/25'], on: ['vm1'] }),
    'test: net: would fail: 198.51.100.128 to vm1 (198.51.100.128 to 192.0.2.1): stopped at vm1',
  );
  assert.equal(deny({ traffic: 'tcp/443', from: ['198.51.101.0/24'] }), 'done');
  assert.equal(
    deny({ traffic: 'tcp/8', from: ['2001:db8:7::/48'], on: ['vm2'] }),
    'test: all: would fail: 2001:db8:7:: to vm2 (2001:db8:7:: to 2001:db8::2): stopped at vm2',
  );
  assert.equal(deny({ traffic: 'tcp/8', from: ['2001:db8:7::/48'], on: ['vm1'] }), 'done');
  assert.match(deny({ traffic: 'tcp/9', from: ['198.51.100.7/32'] }), /^test: group: would fail: /);
  assert.match(deny({ traffic: 'tcp/9', from: ['vm1'], zone: 'wan' }), /^test: group: /);
  assert.equal(deny({ traffic: 'tcp/9', from: ['vm2'], zone: 'wan' }), 'done');
});

test('verbs: who is covered may not change against a policy test, nor cut a way', () => {
  // Goal: a label is as strong as the rules that name it. Method: what the service says of a view
  // with other labels: one that breaks a test, one that cuts SSH, by force, and harmless ones.
  const ruled = after(
    view,
    ['deny', { traffic: 'tcp/5432', to: ['role=db'], name: 'db' }],
    ['deny', { traffic: 'tcp/22', to: ['role=shut'], on: ['role=shut'], zone: 'wan' }],
    ['test add', { name: 'pg', from: 'vm1', to: 'vm2', traffic: 'tcp/5432', expect: 'allow' }],
  );
  const label = (role: string, isForced = false): string => {
    const edits = [{ path: trustPath('label', idOf(2)), value: { labels: { role } } }];
    const scene = sceneOf({ view: ruled, caller: CALLER });
    const labelled = foresee(ruled, edits, scene.self);
    assert.equal(labelled.members[1]?.labels.role, role);
    try {
      const work = firewallVerbs.mustUphold?.(scene, labelled, isForced, UNMETERED);
      return work === undefined ? 'nothing was asked' : ['done', ...finish(work)].join(' ');
    } catch (error) {
      return String(error);
    }
  };
  assert.match(label('db'), /test: pg: would fail: vm1 to vm2 .*: stopped at vm2/);
  assert.match(label('db', true), /test: pg: would fail/);
  assert.match(label('shut'), /SSH: 203.0.113.7 to vm2, tcp\/22: rule deny-tcp-22 would cut it/);
  assert.equal(label('shut', true), 'done');
  assert.equal(label('app'), 'done');
});

test('verbs: between two addresses outside nobody decides, and no test means them', () => {
  // Goal: a test of what comes from outside can be kept. Method: the same denial with a test of
  // anybody, who may be outside, too; twins: without the denial, and a test of nobody but them.
  const denied = after(view, ['deny', { traffic: 'tcp/23', zone: 'wan', name: 'telnet' }]);
  const telnet: Typed = {
    ...{ name: 'telnet', from: '203.0.113.0/24', to: 'any', traffic: 'tcp/23', zone: 'wan' },
    expect: 'deny',
  };
  assert.equal(refusalOf({ view: denied }, 'test add', telnet), 'done');
  assert.match(refusalOf({ view }, 'test add', telnet), /would fail: 203.0.113.0 to vm1 .*nothing/);
  const kept = after(denied, ['test add', telnet]);
  assert.match(refusalOf({ view: kept }, 'delete', { names: ['telnet'] }), /^test: telnet: would/);
  assert.match(
    refusalOf({ view: denied }, 'test add', { ...telnet, to: '198.51.100.0/24' }),
    /^test: telnet: means no connection at which a member decides; name a member at one end/,
  );
});

test('verbs: a test that fails somewhere still guards everything else', () => {
  // Goal: one red pair is no free pass. Method: a test that two operators let fail at vm3; another
  // denial at vm3 passes, one at vm2 does not, nor one of more of vm3; the mend does.
  const tested = after(view, [
    'test add',
    { name: 'web', from: 'vm1', to: 'role=web', traffic: 'tcp/80', expect: 'allow' },
  ]);
  const denial = {
    action: 'deny',
    direction: 'in',
    zone: 'mesh',
    protocol: 'tcp',
    ports: [[80, 80]],
  };
  const value = {
    ...denial,
    priority: 100,
    enabled: true,
    from: [{ kind: 'cidr', cidr: '10.10.0.1/32' }],
    on: [member(3)],
  };
  const path = intentPath({ service: 'firewall', kind: 'rule', name: 'broken' });
  const red = foresee(tested, [{ path, value }], idOf(1));
  const [outcome] = ask({ view: red }, 'test', {}).body as readonly { failures: string[] }[];
  assert.deepEqual(outcome?.failures, ['vm1 to vm3 (10.10.0.1 to 10.10.0.3): stopped at vm3']);
  const deny = (typed: Typed): string =>
    refusalOf({ view: red }, 'deny', { traffic: 'tcp/80', ...typed });
  assert.equal(deny({ on: ['vm3'], from: ['10.10.0.1/32'], priority: 50 }), 'done');
  assert.match(deny({ on: ['vm2'] }), /^test: web: would fail: vm1 to vm2/);
  assert.match(
    deny({ on: ['vm3'] }),
    /^test: web: would fail: vm1 to vm3 \(fd00:1::1 to fd00:1::3/,
  );
  assert.equal(refusalOf({ view: red }, 'delete', { names: ['broken'] }), 'done');
});

test('verbs: a test that means nobody does not pass, and no change makes it so', () => {
  // Goal: a green test guards something. Method: one for members that are yet to come; the last
  // label that it means, taken away, with a twin of which another has it.
  const early = ask({ view }, 'test add', {
    ...{ name: 'db', from: 'vm1', to: 'role=db', traffic: 'tcp/5432', expect: 'allow' },
  });
  assert.match(early.shown.lines?.[1] ?? '', /means nobody yet/);
  assert.deepEqual(ask({ view: early.view }, 'test', {}).body, [
    { name: 'db', result: 'means nobody', passed: false, tried: 0, failures: [] },
  ]);
  assert.equal(refusalOf({ view: early.view }, 'deny', { traffic: 'tcp/81' }), 'done');
  const tested = after(view, [
    'test add',
    { name: 'web', from: 'vm1', to: 'role=web', traffic: 'tcp/80', expect: 'allow' },
  ]);
  const unlabel = (...numbers: readonly number[]): string => {
    const edits = numbers.map((n) => {
      return { path: trustPath('label', idOf(n)), value: { labels: {} } };
    });
    return upheld(tested, foresee(tested, edits, idOf(1)));
  };
  assert.equal(unlabel(2), 'done');
  assert.match(unlabel(2, 3), /^Fault: test: web: would mean nobody any more, and guard nothing/);
});

test('verbs: a test that means too many is tried in part, and said to be', () => {
  // Goal: neither blocked nor unguarded. Method: 260 members with each other; what breaks it where
  // it is tried, what does not, another test, its deletion; and who makes or grows such a test.
  const many = Array.from({ length: 260 }, (_, n) => manyMember(n));
  const value = { from: { kind: 'mesh' }, to: { kind: 'mesh' }, zone: 'mesh', protocol: 'tcp' };
  const all = viewOf(many, { 'test/all': { ...value, value: 80, expect: 'allow' } });
  const [outcome] = ask({ view: all }, 'test', {}).body as readonly { result: string }[];
  assert.equal(outcome?.result, 'means too many');
  assert.match(refusalOf({ view: all }, 'deny', { traffic: 'tcp/80' }), /^test: all: would fail/);
  const { body, shown } = ask({ view: all }, 'deny', { traffic: 'tcp/81' });
  const [line = ''] = (body as { untried: readonly string[] }).untried;
  assert.match(line, /^Test all was tried in part: it means more than 131072 connections; delete/);
  assert.equal(shown.lines?.at(-1), line);
  const few = viewOf(many, {});
  const wide: Typed = { name: 'all', from: 'mesh', to: 'mesh', traffic: 'tcp/80', expect: 'allow' };
  const outgrown = /^test: all: could not be tried whole: it means more than 131072 connections; /;
  assert.match(refusalOf({ view: few }, 'test add', wide), outgrown);
  const old = viewOf(many.slice(0, 250), { 'test/all': { ...value, value: 80, expect: 'allow' } });
  assert.match(upheld(old, { ...old, members: many }), /^Fault: test: all: could not be tried/);
  assert.equal(upheld(all, { ...all, members: many.toReversed() }), `done ${line}`);
  const trial = { seconds: 86_400, changes: [{ kind: 'rule', name: 'none', value: null }] };
  const tried = viewOf(many, {
    'test/all': { ...value, value: 80, expect: 'allow' },
    'trial/t': trial,
  });
  assert.equal(ask({ view: tried }, 'confirm', { force: true }).shown.lines?.at(-1), line);
  const one: Typed = { name: 'one', from: 'm1', to: 'm2', traffic: 'tcp/80', expect: 'allow' };
  assert.equal(refusalOf({ view: all }, 'test add', one), 'done');
  assert.equal(refusalOf({ view: all }, 'test delete', { name: 'all' }), 'done');
});

const member = (n: number) => ({ kind: 'member', id: idOf(n) });

/** Member number `n` of several hundred. */
const manyMember = (n: number): Member => {
  const id = memberIdOf(
    new Uint8Array(32)
      .fill(1)
      .with(0, n >> 8)
      .with(1, n & 255),
  );
  const address = `${n >> 8}.${n & 255}`;
  return { ...memberOf(1), id, name: `m${n}`, ipv4: `10.10.${address}`, ipv6: `fd00:1::1:${n}` };
};

/** What the service says of another view, by force. */
const upheld = (before: View, then: View): string => {
  try {
    const scene = sceneOf({ view: before });
    const work = firewallVerbs.mustUphold?.(scene, then, true, UNMETERED);
    return work === undefined ? 'nothing was asked' : ['done', ...finish(work)].join(' ');
  } catch (error) {
    return String(error);
  }
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foresee } from '../../../crdt/foresight.ts';
import { finish, UNMETERED } from '../../../crdt/meter.ts';
import { trustPath } from '../../../crdt/paths.ts';
import { idOf } from '../test-policy.ts';
import { after, ask, CALLER, refusalOf, sceneOf, type Typed, threeMembers } from './test-ask.ts';
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
    { name: 'mail', passed: true, tried: 12, failures: [] },
    { name: 'web', passed: true, tried: 4, failures: [] },
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
      return work === undefined ? 'nothing was asked' : (finish(work) ?? 'done');
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

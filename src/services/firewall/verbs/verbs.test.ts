import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLER, type Typed } from '../../test-ask.ts';
import { idOf, memberOf } from '../../test-view.ts';
import { policyOf } from '../policy.ts';
import { viewOf } from '../test-policy.ts';
import { after, ask, refusalOf, threeMembers } from './test-ask.ts';

const view = threeMembers();

test('verbs: what is typed is what stands in the document, members by id', () => {
  // Goal: every flag reaches the record. Method: one rule with all of them, compared whole.
  const typed: Typed = {
    traffic: 'tcp/443,80-82,81-90',
    from: ['vm2', 'zone=a,role=web', '10.10.0.0/24'],
    to: ['mesh'],
    on: ['role=web'],
    direction: 'out',
    zone: 'mesh',
    name: 'web',
    priority: 7,
    comment: 'for the web',
    log: true,
    disabled: true,
    for: 60_000,
    rate: '10/m:20',
    connections: 5,
  };
  const { edits, shown } = ask({ view }, 'allow', typed);
  assert.deepEqual(edits, [
    {
      path: 'intent/firewall/rule/web',
      value: {
        action: 'allow',
        direction: 'out',
        zone: 'mesh',
        protocol: 'tcp',
        ports: [
          [80, 90],
          [443, 443],
        ],
        from: [
          { kind: 'cidr', cidr: '10.10.0.0/24' },
          { kind: 'labels', labels: { role: 'web', zone: 'a' } },
          { kind: 'member', id: idOf(2) },
        ],
        to: [{ kind: 'mesh' }],
        on: [{ kind: 'labels', labels: { role: 'web' } }],
        priority: 7,
        comment: 'for the web',
        enabled: false,
        log: true,
        expiry: 1_060_000,
        rate: { count: 10, per: 'minute', burst: 20 },
        connections: 5,
      },
    },
  ]);
  assert.deepEqual(shown.lines, ['Rule web is written.']);
});

test('verbs: the least that can be typed, its zone and its name', () => {
  // Goal: good defaults. Method: short lines against zone and name.
  for (const [verb, typed, name, zone] of [
    ['allow', { traffic: 'tcp/443' }, 'allow-tcp-443', 'mesh'],
    ['deny', { traffic: 'any', from: ['any'], force: true }, 'deny-any', 'mesh'],
    ['deny', { traffic: 'udp/1', from: ['203.0.113.0/24'] }, 'deny-udp-1', 'wan'],
    ['deny', { traffic: 'udp/1', from: ['0.0.0.0/0'], force: true }, 'deny-udp-1', 'wan'],
    ['allow', { traffic: 'tcp', to: ['fd00:1::/64'] }, 'allow-tcp', 'mesh'],
    ['reject', { traffic: 'tcp/25', direction: 'out', zone: 'wan' }, 'reject-out-tcp-25', 'wan'],
  ] as const) {
    const [rule] = policyOf(ask({ view }, verb, typed).view).rules;
    assert.deepEqual([rule?.name, rule?.zone], [name, zone]);
    assert.equal(rule?.priority, 100);
  }
  const two = after(
    view,
    ['allow', { traffic: 'tcp/1' }],
    ['allow', { traffic: 'tcp/1', on: ['vm1'] }],
  );
  assert.deepEqual(
    policyOf(two).rules.map(({ name }) => name),
    ['allow-tcp-1', 'allow-tcp-1-2'],
  );
});

test('verbs: labels that nobody has are said, and cover who comes', () => {
  // Goal: a VM that joins with role=db is covered at once. Method: trace before and after it joins.
  const { view: ruled, shown } = ask({ view }, 'deny', { traffic: 'tcp/5432', to: ['role=db'] });
  assert.match((shown.lines ?? []).join(), /Note: --to means no member now; whoever comes/);
  const joined = { ...ruled, members: [...ruled.members, memberOf(4, { role: 'db' })] };
  const actionTo = (to: string) =>
    (
      ask({ view: joined }, 'trace', { from: 'vm1', to, traffic: 'tcp/5432' }).body as {
        action: string;
      }
    ).action;
  assert.equal(actionTo('vm4'), 'deny');
  assert.equal(actionTo('vm2'), 'allow');
});

test('verbs: groups are kept while a rule names them', () => {
  // Goal: no rule is widened or voided unseen. Method: delete in both orders.
  const ruled = after(
    view,
    ['group set', { name: 'office', members: ['203.0.113.0/24'] }],
    ['allow', { traffic: 'tcp/22', from: ['group:office'], zone: 'wan', name: 'ssh' }],
  );
  const gone = { name: 'office' };
  assert.match(
    refusalOf({ view: ruled }, 'group delete', gone),
    /^name: office: rule ssh names it/,
  );
  const free = after(ruled, ['delete', { names: ['ssh'] }], ['group delete', gone]);
  assert.deepEqual(free.intent, []);
  assert.match(refusalOf({ view }, 'delete', { names: ['ssh'] }), /^names: ssh: no such rule/);
  assert.match(
    refusalOf({ view: ruled }, 'group set', { name: 'all', members: ['group:office'] }),
    /^members: group:office: a group holds no group/,
  );
});

test('verbs: a default keeps the operator’s own way open, and allow is to say nothing', () => {
  // Goal: no lock-out by a default. Method: the record with and without a caller; then allow.
  const line = { direction: 'in', action: 'deny', zone: 'wan' };
  const { edits, view: denied } = ask({ view, caller: CALLER }, 'default', line);
  assert.deepEqual(edits[0]?.value, {
    action: 'deny',
    management: [{ address: '203.0.113.7', port: 22 }],
  });
  assert.match(
    refusalOf({ view }, 'default', line),
    /^SSH: 203\.0\.113\.1 to vm1, tcp\/22: the def/,
  );
  assert.equal(refusalOf({ view }, 'default', { ...line, audit: true }), 'done');
  assert.equal(refusalOf({ view }, 'default', { ...line, force: true }), 'done');
  const opened = ask({ view: denied, caller: CALLER }, 'default', { ...line, action: 'allow' });
  assert.deepEqual(opened.view.intent, []);
  assert.deepEqual(opened.shown.lines, ['wan in: allow.']);
});

test('verbs: what this version cannot read is deleted on trial or by force', () => {
  // Goal: nobody is stuck with it. Method: a rule, a group and a test of a later version; deleted
  // plainly, by force, on trial. Twin: names of nothing, by force.
  const odd = viewOf([memberOf(1)], {
    'rule/later': { except: 1 },
    'group/later': { except: 1 },
    'test/later': { except: 1 },
  });
  const [rule, group] = [{ names: ['later'] }, { name: 'later' }];
  const unknown = /: later: this version cannot read it \(.*\), so nobody here knows what that ch/;
  assert.match(refusalOf({ view: odd }, 'delete', rule), unknown);
  assert.match(refusalOf({ view: odd }, 'group delete', group), unknown);
  const left = after(
    odd,
    ['delete', { ...rule, force: true }],
    ['group delete', { ...group, force: true }],
    ['test delete', { name: 'later' }],
  );
  assert.deepEqual(left.intent, []);
  assert.equal(refusalOf({ view: odd }, 'delete', { ...rule, confirm: 60_000 }), 'done');
  const allow: Typed = { traffic: 'tcp/1', name: 'later' };
  assert.match(
    refusalOf({ view: odd }, 'allow', allow),
    /^name: later: another rule has that name/,
  );
  assert.equal(refusalOf({ view: odd }, 'allow', { ...allow, replace: true }), 'done');
  const none = { names: ['none'], force: true };
  assert.match(refusalOf({ view: odd }, 'delete', none), /^names: none: no such rule/);
  assert.match(refusalOf({ view: odd }, 'test delete', { name: 'none' }), /^name: none: no such/);
});

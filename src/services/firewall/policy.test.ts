import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Zone } from '../selectors/schemas.table.ts';
import { memberAddresses } from '../selectors/selectors.ts';
import { idOf, memberOf, type Objects } from '../test-view.ts';
import { type Flow, judge } from './judge.ts';
import { policyOf } from './policy.ts';
import type { Direction } from './schemas.table.ts';
import { laneOf, ruleOf, siteOf, viewOf } from './test-policy.ts';

const members = [
  memberOf(1, { role: 'db' }),
  memberOf(2, { role: 'web' }),
  memberOf(3),
  { ...memberOf(4, { role: 'web' }), hasLeft: true },
];

const https = (source: string, value = 443): Flow => ({
  protocol: 'tcp',
  source,
  destination: '10.10.0.1',
  value,
});

/** What a policy says of a flow, as `allow rule web`. */
const say = (objects: Objects, flow: Flow, at: readonly [Zone, Direction] = ['mesh', 'in']) => {
  const { action, by } = judge(laneOf(siteOf(viewOf(members, objects)), ...at), flow);
  const who = by.kind === 'rule' ? by.name : by.kind === 'guard' ? by.why : '';
  return `${action} ${by.kind} ${who}`.trim();
};

const deny = { 'default/mesh-in': { action: 'deny' }, 'default/wan-in': { action: 'deny' } };

test('nothing is forbidden until an operator says so', () => {
  // Goal: a new mesh filters nothing. Method: no object at all, then a default.
  assert.equal(say({}, https('10.10.0.9')), 'allow default');
  assert.equal(say(deny, https('10.10.0.9')), 'deny default');
});

test('selectors mean members, labels, groups, CIDRs, the mesh and everybody', () => {
  // Goal: each kind, with its negative twin. Method: one rule over a default that denies.
  const from = (selector: Objects, extra: Objects = {}) => ({
    ...{ ...deny, ...extra },
    'rule/x': ruleOf({ from: [selector] }),
  });
  const [web, other, left] = ['10.10.0.2', '10.10.0.3', '10.10.0.4'] as const;
  const cases = [
    [from({ kind: 'member', id: idOf(2) }), web, other],
    [from({ kind: 'labels', labels: { role: 'web' } }), 'fd00:1::2', 'fd00:1::3'],
    [from({ kind: 'labels', labels: { role: 'web' } }), web, left],
    [from({ kind: 'cidr', cidr: '10.10.0.2/31' }), other, '10.10.0.4'],
    [from({ kind: 'mesh' }), left, '10.11.0.1'],
    [
      from(
        { kind: 'group', name: 'g' },
        { 'group/g': { members: [{ kind: 'cidr', cidr: 'fd00:1::2/128' }] } },
      ),
      'fd00:1::2',
      web,
    ],
    [from({ kind: 'any' }), '203.0.113.1', null],
    [from({ kind: 'group', name: 'none' }), null, web],
  ] as const;
  for (const [objects, good, bad] of cases) {
    if (good !== null) assert.equal(say(objects, https(good)), 'allow rule x', good);
    if (bad !== null) assert.equal(say(objects, https(bad)), 'deny default', bad);
  }
});

test('a member of the wan is where it says that it can be reached', () => {
  // Goal: endpoints and not overlay addresses. Method: both asked of both zones.
  const objects = {
    ...deny,
    'rule/x': ruleOf({ zone: 'wan', from: [{ kind: 'member', id: idOf(2) }] }),
  };
  assert.equal(say(objects, https('192.0.2.2'), ['wan', 'in']), 'allow rule x');
  assert.equal(say(objects, https('10.10.0.2'), ['wan', 'in']), 'deny default');
  assert.equal(say(objects, https('192.0.2.2')), 'deny default');
});

test('IPv4 that a member writes as IPv6 is IPv4', () => {
  // Goal: what nft would list otherwise than we write it is never written. Method: a member that
  // names its places so, one of them twice; what it means in the wan.
  const local = ['::ffff:192.0.2.9', '::192.0.2.8'];
  const observed = { host: '192.0.2.9', port: 7300 };
  const odd = { ...memberOf(2), endpoints: { port: 7300, advertised: null, observed, local } };
  const texts = memberAddresses(odd, 'wan').map(({ text }) => text);
  assert.deepEqual(texts, ['192.0.2.9/32', '192.0.2.8/32']);
});

test('priority first, what forbids before what allows, then the name', () => {
  // Goal: which of several decides. Method: pairs that match the same flow.
  const pair = (a: Objects, b: Objects) => ({ 'rule/a': ruleOf(a), 'rule/b': ruleOf(b) });
  const decides = (objects: Objects) => say(objects, https('10.10.0.2'));
  assert.equal(decides(pair({}, { action: 'deny' })), 'deny rule b');
  assert.equal(decides(pair({ priority: 99 }, { action: 'deny' })), 'allow rule a');
  assert.equal(decides(pair({ action: 'reject' }, { action: 'deny' })), 'reject rule a');
  assert.equal(decides(pair({ enabled: false }, {})), 'allow rule b');
  assert.equal(decides(pair({ expiry: 1_000_000 }, {})), 'allow rule b');
  assert.equal(decides(pair({ expiry: 1_000_001 }, {})), 'allow rule a');
  assert.equal(decides(pair({ on: [{ kind: 'member', id: idOf(2) }] }, {})), 'allow rule b');
});

test('a default locks nobody out, and a rule may', () => {
  // Goal: what stays open under deny. Method: each guard over the default, then over a rule.
  const management = [{ address: '203.0.113.7', port: 22 }];
  const objects = { ...deny, 'default/wan-in': { action: 'deny', management } };
  const flow = (fields: Partial<Flow>) => ({ ...https('203.0.113.7', 22), ...fields });
  const wan = (fields: Partial<Flow>, more: Objects = {}) =>
    say({ ...objects, ...more }, flow(fields), ['wan', 'in']);
  assert.equal(wan({}), 'allow guard management');
  assert.equal(wan({ source: '203.0.113.8' }), 'deny default');
  assert.equal(wan({ value: 7300 }), 'allow guard swarm of the members');
  assert.equal(wan({ protocol: 'udp', value: 7300 }), 'allow guard WireGuard tunnels');
  assert.equal(wan({ protocol: 'icmp', value: 8 }), 'allow guard echo');
  assert.equal(wan({ protocol: 'icmp', value: 13 }), 'deny default');
  assert.equal(wan({ protocol: 'icmpv6', value: 135 }), 'allow essential');
  assert.equal(wan({}, { 'rule/x': ruleOf({ zone: 'wan', action: 'deny' }) }), 'deny rule x');
});

test('an object that cannot be read is named, and the last one that can is in force', () => {
  // Goal: quarantine by object. Method: a newer claim with a field of a later version, and an
  // object of a kind that only that one has.
  const objects = { 'rule/a': ruleOf({ action: 'reject' }), 'rule/b': 7, 'quota/q': { count: 1 } };
  const view = viewOf(members, { ...deny, ...objects });
  const intent = view.intent.map((each) =>
    each.name === 'a' ? { ...each, value: ruleOf({ except: 1 }), older: [{ ...each }] } : each,
  );
  const policy = policyOf({ intent });
  assert.deepEqual(
    policy.rules.map(({ name, action }) => [name, action]),
    [['a', 'reject']],
  );
  assert.deepEqual(
    policy.unread.map(({ path, isHeld }) => [path, isHeld]),
    [
      ['intent/firewall/quota/q', false],
      ['intent/firewall/rule/a', true],
      ['intent/firewall/rule/b', false],
    ],
  );
});

test('objects of every kind that cannot be read are set aside for the last good ones', () => {
  // Goal: groups, tests and defaults too; none in silence. Method: each with a field of a later
  // version over a good one; what is in force, what is said to be, and its stamp.
  const group = { members: [{ kind: 'member', id: idOf(2) }] };
  const one = { kind: 'member', id: idOf(1) };
  const test = { from: one, to: one, zone: 'mesh', protocol: 'tcp', value: 80, expect: 'allow' };
  const objects = { 'group/g': group, 'test/t': test, 'default/wan-in': { action: 'deny' } };
  const { intent: good } = viewOf(members, objects);
  const intent = good.map((each) => ({
    ...each,
    value: { ...Object(each.value), later: 1 },
    hlc: [9, 9] as const,
    older: [each],
  }));
  const { groups, tests, defaults, unread, claims } = policyOf({ intent });
  assert.deepEqual([...groups], [['g', group]]);
  assert.deepEqual(tests, [{ ...test, name: 't' }]);
  assert.equal(defaults.find(({ path }) => path.endsWith('wan-in'))?.action, 'deny');
  assert.deepEqual(unread.map(({ path, isHeld }) => [path.split('/').at(-1), isHeld]).toSorted(), [
    ['g', true],
    ['t', true],
    ['wan-in', true],
  ]);
  assert.deepEqual(
    [...claims.values()].map(({ hlc }) => hlc[0]),
    [1, 1, 1],
    'what is told as in force is the older one',
  );
});

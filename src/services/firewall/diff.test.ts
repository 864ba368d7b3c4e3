import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberOf } from '../test-view.ts';
import { openMember, RULE, TRIAL } from './test-member.ts';
import { ruleOf } from './test-policy.ts';

const place = { family: 'inet', table: 'cnsmo' };

test('without a wish there is no table, and the last wish taken back takes it away', () => {
  // Goal: a new mesh filters nothing. Method: no object, one, none.
  const member = openMember();
  member.world.objects = {};
  assert.equal(member.pass(), 0);
  assert.deepEqual(member.chains(), []);
  member.world.objects = RULE;
  assert.equal(member.pass(), 1);
  assert.ok(member.chains().includes('now/mesh-in'));
  member.world.objects = {};
  assert.equal(member.pass(), 1);
  assert.deepEqual(member.chains(), []);
});

test('what somebody changed by hand is found by its name and put right', () => {
  // Goal: drift. Method: a rule put in, an element taken out, a set and a chain added, no table.
  const member = openMember();
  member.pass();
  const cases: readonly (readonly [object, string])[] = [
    [{ add: { rule: { ...place, chain: 'input', expr: [{ drop: null }] } } }, 'input'],
    [
      {
        delete: {
          element: { ...place, name: 'now/mesh-in/ports', elem: [[{ concat: [6, 80] }, {}]] },
        },
      },
      'now/mesh-in/ports',
    ],
    [{ add: { chain: { ...place, name: 'theirs' } } }, 'theirs'],
    [{ add: { set: { ...place, name: 'extra', type: 'mark' } } }, 'extra'],
    [{ flush: { chain: { ...place, name: 'now/known' } } }, 'now/known'],
  ];
  for (const [command, name] of cases) {
    member.byHand(command);
    assert.deepEqual(member.found(), [`cnsmo ${name} was not as it should be`]);
    assert.equal(member.pass(), 1);
    assert.deepEqual(member.found(), []);
  }
  member.byHand({ delete: { table: { family: 'inet', name: 'cnsmo' } } });
  assert.deepEqual(member.found(), ['the table was missing']);
  assert.equal(member.pass(), 1);
});

test('what forbids more begins a generation, and what only allows more does not', () => {
  // Goal: live flows are judged anew where needed. Method: the generation after each change.
  const member = openMember();
  const both = { ...RULE, 'rule/more': ruleOf({ protocol: 'tcp', ports: [[81, 81]] }) };
  member.pass();
  const first = member.generation();
  member.world.objects = both;
  member.pass();
  assert.equal(member.generation(), first);
  member.world.objects = {
    ...both,
    'rule/no': ruleOf({ action: 'deny', protocol: 'tcp', ports: [[82, 82]] }),
  };
  member.pass();
  const second = member.generation();
  assert.notEqual(second, first);
  member.world.objects = both;
  member.pass();
  assert.notEqual(member.generation(), second);
});

test('only what is added and allows more may be done before the kernel is read', () => {
  // Goal: a blind transaction takes nothing away. Method: the wish for one rule more, one that
  // denies, one less, a default; and one more while a change is on trial.
  const member = openMember();
  member.pass();
  const more = ruleOf({ protocol: 'tcp', ports: [[81, 81]] });
  const wishes = [
    [{ ...RULE, 'rule/more': more }, true],
    [{ ...RULE, 'rule/no': ruleOf({ action: 'deny', protocol: 'tcp', ports: [[82, 82]] }) }, false],
    [{ 'rule/more': more }, false],
    [{ ...RULE, 'default/mesh-in': { action: 'deny' } }, false],
  ] as const;
  for (const [objects, isBlind] of wishes) {
    member.world.objects = objects;
    assert.equal(member.isBlind(), isBlind);
  }
  member.world.objects = { ...RULE, 'trial/one': TRIAL };
  member.pass();
  member.world.objects = { ...RULE, 'trial/one': TRIAL, 'rule/more': more };
  assert.equal(member.isBlind(), false);
});

test('generations begin anew after 255: a connection that nobody judged has none', () => {
  // Goal: always in step. Method: a table made in a second that gives 255; a change that forbids.
  const member = openMember();
  member.world.wallMs = 254_000;
  member.pass();
  assert.equal(member.generation(), 255);
  member.world.objects = { ...RULE, 'default/mesh-in': { action: 'deny' } };
  member.pass();
  assert.equal(member.generation(), 1);
});

test('where somebody changed the generation by hand, all is judged anew', () => {
  // Goal: no mark is trusted that may be wrong. Method: a table of generation 7; an element of it
  // is taken out or put in; the generation that follows.
  const bit = (value: number) => value * 2 ** 24 + 1;
  const hands = [
    ['delete', bit(1)],
    ['add', bit(8)],
    ['delete', 7 * 2 ** 24],
  ] as const;
  for (const [verb, key] of hands) {
    const member = openMember();
    member.world.wallMs = 6_000;
    member.pass();
    assert.equal(member.generation(), 7);
    member.byHand({ [verb]: { element: { ...place, name: 'now/generation', elem: [key] } } });
    member.world.wallMs = 9_000;
    assert.deepEqual(member.found(), ['cnsmo now/generation was not as it should be']);
    member.pass();
    assert.ok((member.generation() ?? 0) > 7);
  }
});

test('a generation that lets all through that nobody judged is none', () => {
  // Goal: elements put in by hand open nothing for good. Method: a table of generation 7; by hand
  // it is made to take connections without a mark for judged, alone and beside the generation.
  const keys = [7 * 2 ** 24, ...[1, 2, 4].map((bit) => bit * 2 ** 24 + 1)];
  for (const gone of [[], keys]) {
    const member = openMember();
    member.world.wallMs = 6_000;
    member.pass();
    assert.equal(member.generation(), 7);
    const set = { ...place, name: 'now/generation' };
    if (gone.length > 0) member.byHand({ delete: { element: { ...set, elem: gone } } });
    member.byHand({ add: { element: { ...set, elem: [0] } } });
    member.world.wallMs = 9_000;
    assert.deepEqual(member.found(), ['cnsmo now/generation was not as it should be']);
    assert.equal(member.pass(), 1);
    assert.ok((member.generation() ?? 0) > 7);
  }
});

test('members come and go as elements, and the chains stay as they are', () => {
  // Goal: churn is cheap. Method: rules for a label, exact and with a range; members join, leave.
  const member = openMember();
  const from = [{ kind: 'labels', labels: { role: 'web' } }];
  member.world.objects = {
    'rule/exact': ruleOf({ protocol: 'tcp', ports: [[80, 80]], from }),
    'rule/range': ruleOf({ protocol: 'tcp', ports: [[8_000, 9_000]], from }),
  };
  member.pass();
  member.world.members = [memberOf(1), memberOf(2, { role: 'web' })];
  const touched = member.found();
  assert.deepEqual(touched.map((word) => word.split(' ')[1]).toSorted(), [
    'now/mesh-in/far/range/all/ip',
    'now/mesh-in/far/range/all/ip6',
    'now/mesh-in/ip',
    'now/mesh-in/ip6',
  ]);
  member.pass();
  member.world.members = [memberOf(1)];
  assert.ok(member.found().some((word) => word.includes('now/mesh-in/ip ')));
  assert.equal(member.pass(), 1);
});

test('the first member that a rule means behind one for all who come is elements too', () => {
  // Goal: churn writes no chain. Method: a rule for near ends, then one for all who come, then one
  // for a label: whom that means comes. Twin: without the second rule.
  for (const hasRest of [true, false]) {
    const member = openMember();
    const web80 = { protocol: 'tcp', ports: [[80, 80]] } as const;
    const labelled = (role: string) => [{ kind: 'labels', labels: { role } }];
    const rest = { 'rule/rest': ruleOf({ ...web80, action: 'deny', priority: 50 }) };
    member.world.objects = {
      'rule/near': ruleOf({ ...web80, priority: 40, to: labelled('db') }),
      ...(hasRest ? rest : {}),
      'rule/web': ruleOf({ ...web80, from: labelled('web') }),
    };
    member.world.members = [memberOf(1, { role: 'db' })];
    member.pass();
    const before = member.chains();
    const was = before.map((name) => member.rules(name).map(({ words }) => words));
    member.world.members = [memberOf(1, { role: 'db' }), memberOf(2, { role: 'web' })];
    member.pass();
    assert.deepEqual(member.chains(), before);
    assert.deepEqual(
      before.map((name) => member.rules(name).map(({ words }) => words)),
      was,
    );
  }
});

test('a member of another port, or one that meets rules for near ends, is elements too', () => {
  // Goal: churn never writes rules anew. Method: a default of what leaves, under which the ports of
  // members are open, and rules for labels at both ends; a member comes with another port and with
  // labels that make the rules meet, and goes; which chains were touched.
  const member = openMember();
  const labelled = (role: string) => [{ kind: 'labels', labels: { role } }];
  const ssh = { protocol: 'tcp', ports: [[22, 22]] } as const;
  member.world.objects = {
    'default/wan-out': { action: 'deny' },
    'rule/deny': ruleOf({
      ...{ ...ssh, action: 'deny', priority: 10, from: labelled('web'), to: labelled('db') },
    }),
    'rule/allow': ruleOf({ ...ssh, priority: 20, from: labelled('web') }),
    'rule/rest': ruleOf({ ...ssh, action: 'deny', priority: 30, from: labelled('app') }),
  };
  member.world.members = [memberOf(1, { role: 'db' })];
  member.pass();
  const before = member.chains();
  const other = memberOf(2, { role: 'web' });
  const moved = { ...other, endpoints: { ...other.endpoints, port: 9300, local: [] } };
  member.world.members = [
    memberOf(1, { role: 'db' }),
    { ...moved, endpoints: { ...moved.endpoints, advertised: null, observed: null } },
    memberOf(3, { role: 'app' }),
  ];
  const chainsIn = (found: readonly string[]) =>
    found.map((word) => word.split(' ')[1] ?? '').filter((name) => before.includes(name));
  assert.deepEqual(chainsIn(member.found()), []);
  assert.ok(member.found().some((word) => word.includes('now/wan-out/open/udp ')));
  member.pass();
  member.world.members = [memberOf(1, { role: 'db' })];
  assert.deepEqual(chainsIn(member.found()), []);
  member.pass();
});

test('a member that has a fixed address which a rule names is elements too', () => {
  // Goal: churn writes no chain. Method: a rule for a label and near ends, then one for an address;
  // a member with the label comes to that address. Twin: one without the label.
  for (const label of ['web', 'none']) {
    const member = openMember();
    const web80 = { protocol: 'tcp', ports: [[80, 80]] } as const;
    member.world.objects = {
      'rule/near': ruleOf({
        ...{ ...web80, action: 'deny', priority: 10 },
        from: [{ kind: 'labels', labels: { role: 'web' } }],
        to: [{ kind: 'cidr', cidr: '10.10.0.1/32' }],
      }),
      'rule/fixed': ruleOf({ ...web80, from: [{ kind: 'cidr', cidr: '10.10.0.2/32' }] }),
    };
    member.world.members = [memberOf(1)];
    member.pass();
    const before = member.chains().map((name) => member.rules(name));
    member.world.members = [memberOf(1), memberOf(2, { role: label })];
    member.pass();
    assert.deepEqual(
      member.chains().map((name) => member.rules(name)),
      before,
    );
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyInOneForm } from '../nft/forms.ts';
import { readTable, ruleWords } from '../nft/read-table.ts';
import { changeOf } from '../nft/table-change.ts';
import { memberOf } from '../test-view.ts';
import { tableOf } from './diff.ts';
import { lanesOf } from './lane.ts';
import { ruleOf, siteOf, viewOf } from './test-policy.ts';

const ct = { ct: { key: 'mark' } };

test('forms: what versions of nft list in different ways is the same', () => {
  // Goal: in step on each of them. Method: a mark's bits and a meter as 1.0.6 and as 1.1.3 list
  // them; twins: another value, another set.
  const prefix = { match: { op: '==', left: ct, right: { prefix: { addr: 16_777_216, len: 8 } } } };
  const masked = (right: number) => ({
    match: { op: '==', left: { '&': [ct, 4_278_190_080] }, right },
  });
  assert.equal(ruleWords({ expr: [prefix] }), ruleWords({ expr: [masked(16_777_216)] }));
  assert.notEqual(ruleWords({ expr: [prefix] }), ruleWords({ expr: [masked(33_554_432)] }));
  const [key, stmt] = [{ payload: { protocol: 'ip', field: 'saddr' } }, { 'ct count': { val: 5 } }];
  const meter = { meter: { key, stmt, size: 65_535, name: 'a/ip' } };
  const used = (set: string) => ({ set: { op: 'add', elem: key, set, stmt: [stmt] } });
  assert.equal(ruleWords({ expr: [meter] }), ruleWords({ expr: [used('@a/ip')] }));
  assert.notEqual(ruleWords({ expr: [meter] }), ruleWords({ expr: [used('@b/ip')] }));
});

test('forms: a protocol is its number, whether the host knows its name or not', () => {
  // Goal: in step without /etc/protocols. Method: a rule and an element as listed on both.
  const l4 = (right: unknown) => ({
    expr: [{ match: { op: '==', left: { meta: { key: 'l4proto' } }, right } }],
  });
  for (const [name, number] of [
    ['tcp', 6],
    ['udp', 17],
    ['icmp', 1],
    ['ipv6-icmp', 58],
  ] as const) {
    assert.equal(ruleWords(l4(name)), ruleWords(l4(number)));
    assert.deepEqual(keyInOneForm({ concat: ['10.0.0.1', name, 80] }), {
      concat: ['10.0.0.1', number, 80],
    });
  }
  assert.notEqual(ruleWords(l4('tcp')), ruleWords(l4(17)));
});

test('forms: what a rule does by itself is the same, whether it is listed or not', () => {
  // Goal: in step on each of them. Method: a refusal and a rewritten port as 0.9.8, 1.0.6 and 1.1.3
  // list them; twins: another refusal, another protocol, a port that no map gives.
  const refusal = (reject: unknown) => ruleWords({ expr: [{ reject }] });
  assert.equal(refusal(null), refusal({ type: 'icmpx', expr: 'port-unreachable' }));
  assert.notEqual(refusal(null), refusal({ type: 'icmpx', expr: 'admin-prohibited' }));
  assert.notEqual(refusal(null), refusal({ type: 'tcp reset' }));
  const is = (right: unknown) => ({
    match: { op: '==', left: { meta: { key: 'l4proto' } }, right },
  });
  const key = { payload: { protocol: 'tcp', field: 'dport' } };
  const dnat = (port: unknown) => ({ dnat: { family: 'ip', addr: '10.0.0.1', port } });
  const mapped = dnat({ map: { key, data: '@shift/web' } });
  const words = (...expr: readonly object[]) => ruleWords({ expr });
  assert.equal(words(is(6), mapped), words(mapped));
  assert.equal(words(is('tcp'), { counter: null }, mapped), words({ counter: null }, mapped));
  assert.notEqual(words(is(17), mapped), words(mapped));
  assert.notEqual(words(is(6), dnat(80)), words(dnat(80)));
});

test('forms: a client that stays is listed with the time or without', () => {
  // Goal: in step on each of them. Method: as 1.0.6 and as 0.9.8 list what a rule puts into a map,
  // with a warning before it; twins: another time, another backend.
  const update = (time: string, addr = '10.0.0.2') =>
    `update @affinity4/web { ip saddr${time} : ${addr} }`;
  const words = (said: string, comment = '600s') => ruleWords({ comment, expr: [said] });
  assert.equal(words(update('')), words(update(' timeout 10m')));
  assert.notEqual(words(update('')), words(update(' timeout 5m')));
  assert.notEqual(words(update(''), '300s'), words(update(' timeout 10m')));
  assert.notEqual(words(update('')), words(update('', '10.0.0.3')));
  const family = (right: string) => ({
    match: { op: '==', left: { meta: { key: 'nfproto' } }, right },
  });
  const after = (right: string) =>
    ruleWords({ comment: '600s', expr: [family(right), update('')] });
  assert.equal(after('ipv4'), words(update('')));
  const set = { set: { op: 'add', elem: 'x', set: '@moved4' } };
  assert.equal(ruleWords({ expr: [family('ipv4'), set] }), ruleWords({ expr: [set] }));
  const plain = (...expr: readonly object[]) => ruleWords({ expr });
  assert.notEqual(plain(family('ipv4'), { drop: null }), plain({ drop: null }));
  const listing = (head: string) =>
    readTable({
      ...{ status: 0, stderr: '' },
      stdout: `${head}{"nftables": [{"chain": {"family": "inet", "table": "t", "name": "a"}}]}`,
    });
  const warning = 'warning: stmt ops map have no json callback\n';
  assert.deepEqual([...(listing(warning + warning)?.chains.keys() ?? [])], ['a']);
  assert.equal(listing('Error: no\n'), null);
});

test('forms: a set that a meter became stays as long as the meter does', () => {
  // Goal: no drift by it, and nothing left behind. Method: a rule with a number of connections,
  // such a set of its meter, and one of a rule that is gone.
  const limited = ruleOf({ protocol: 'tcp', ports: [[80, 80]], connections: 5 });
  const lanes = lanesOf(siteOf(viewOf([memberOf(1)], { 'rule/web': limited })));
  const desired = {
    interface: 'cnsmo0',
    now: lanes,
    trial: null,
    tried: [],
    seed: 0,
    withheld: new Map(),
  };
  const set = (name: string) => ({ set: { name, type: 'ipv4_addr', size: 9, flags: ['dynamic'] } });
  const observed = readTable({
    ...{ status: 0, stderr: '' },
    stdout: JSON.stringify({
      nftables: [set('now/mesh-in/rule/web/ip'), set('now/mesh-in/rule/old/ip')],
    }),
  });
  if (observed === null) throw new Error('it is JSON');
  const { oldSets } = changeOf(tableOf(desired, { now: 1, trial: 2 }), observed);
  assert.deepEqual(
    oldSets.map(([name]) => name),
    ['now/mesh-in/rule/old/ip'],
  );
});

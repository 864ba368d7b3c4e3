import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '../../crdt/codec.ts';
import type { Value } from '../../crdt/entry.ts';
import { idOf, viewWith } from '../test-view.ts';
import { GOLDEN_FIREWALL } from './intent-golden.table.ts';
import { policyOf } from './policy.ts';

/** What the objects say, by `<kind>/<name>`. */
const OBJECTS: Readonly<Record<string, Value>> = {
  'rule/web': {
    ...{ action: 'allow', direction: 'in', zone: 'mesh', protocol: 'tcp' },
    ports: [
      [80, 80],
      [8_000, 8_010],
    ],
    from: [
      { kind: 'labels', labels: { role: 'web' } },
      { kind: 'cidr', cidr: '192.0.2.0/24' },
      { kind: 'any' },
    ],
    to: [{ kind: 'member', id: idOf(1) }, { kind: 'mesh' }],
    on: [{ kind: 'group', name: 'dbs' }],
    ...{ priority: 100, comment: 'web to all', enabled: true, log: true },
    rate: { count: 10, per: 'second', burst: 20 },
    ...{ connections: 50, expiry: 1_800_000_000_000 },
  },
  'rule/ping': {
    ...{ action: 'deny', direction: 'out', zone: 'wan', protocol: 'icmp', types: [8] },
    ...{ priority: 0, enabled: false, audit: true },
  },
  'group/dbs': {
    members: [
      { kind: 'labels', labels: { role: 'db' } },
      { kind: 'member', id: idOf(1) },
      { kind: 'cidr', cidr: '2001:db8::/64' },
    ],
  },
  'default/mesh-in': {
    action: 'deny',
    management: [{ address: '198.51.100.9', port: 22 }],
    audit: true,
  },
  'test/web': {
    from: { kind: 'any' },
    to: { kind: 'member', id: idOf(1) },
    ...{ zone: 'mesh', protocol: 'tcp', value: 80, expect: 'allow' },
  },
  'trial/t1': {
    seconds: 60,
    changes: [{ kind: 'rule', name: 'web', value: null }],
    parts: 1,
    management: [{ address: '2001:db8::9', port: 22 }],
  },
  'trial-part/t1-0': {
    changes: [{ kind: 'group', name: 'dbs', value: { members: [{ kind: 'mesh' }] } }],
  },
};

test('formats: the firewall reads objects of the first release, of each kind', () => {
  // Goal: a policy outlives every release. Method: bytes that never change, read as this service
  // reads them, beside what they say; none is set aside, and each is a part of the policy.
  const golden = Object.entries(GOLDEN_FIREWALL).flatMap(([kind, byName]) =>
    Object.entries(byName).map(([name, hex]) => [`${kind}/${name}`, hex] as const),
  );
  assert.deepEqual(golden.map(([place]) => place).toSorted(), Object.keys(OBJECTS).toSorted());
  const read = golden.map(([place, hex]) => {
    const object = OBJECTS[place] ?? null;
    assert.equal(Buffer.from(encode(object)).toString('hex'), hex, place);
    const decoded = decode(Uint8Array.from(Buffer.from(hex, 'hex')));
    assert.ok(decoded.ok, place);
    return [place, decoded.value] as const;
  });
  const policy = policyOf(viewWith('firewall', [], Object.fromEntries(read)));
  assert.deepEqual(policy.unread, []);
  assert.equal(policy.claims.size, read.length);
  const rules = ['rule/ping', 'rule/web'].map((path) => OBJECTS[path] ?? {});
  assert.deepEqual(
    policy.rules.map(({ claim }) => structuredClone(claim.value)),
    rules,
  );
  assert.partialDeepStrictEqual(structuredClone(policy.rules), rules);
  assert.deepEqual([...policy.groups.keys()], ['dbs']);
  const given = policy.defaults.filter(({ claim }) => claim !== null);
  assert.deepEqual(
    given.map(({ zone, direction, action }) => [zone, direction, action]),
    [['mesh', 'in', 'deny']],
  );
  assert.deepEqual(
    policy.tests.map(({ name, expect }) => [name, expect]),
    [['web', 'allow']],
  );
  assert.deepEqual(
    policy.trials.map(({ id, seconds, changes }) => [id, seconds, changes.length]),
    [['t1', 60, 2]],
  );
});

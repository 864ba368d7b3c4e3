import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../crdt/entry.ts';
import { idOf, type Objects } from '../test-view.ts';
import { DENY, openMember, RULE } from './test-member.ts';
import { ruleOf } from './test-policy.ts';

const member = (n: number) => [{ kind: 'member', id: idOf(n) }];
const deny = (direction: string, protocol: string, more: Objects = {}): Value =>
  ruleOf({
    ...{ action: 'deny', zone: 'wan', direction, protocol },
    ...(protocol === 'any' ? {} : { ports: [[7300, 7300]] }),
    ...more,
  });
const any = { zone: 'mesh' };

/** What a trial changes, and what of the mesh it would close, or null. */
const CASES: readonly (readonly [string, readonly Value[], RegExp | null])[] = [
  [
    'UDP at both ends',
    [deny('in', 'udp'), deny('out', 'udp')],
    /: no udp\/7300 would pass between /,
  ],
  ['UDP that comes in, everywhere', [deny('in', 'udp')], /: no udp\/7300 would pass /],
  ['UDP that goes out, everywhere', [deny('out', 'udp')], /: no udp\/7300 would pass /],
  ['UDP that comes in here', [deny('in', 'udp', { on: member(1) })], null],
  ['UDP of one of two', [deny('in', 'udp', { from: member(2) })], null],
  [
    'UDP both ways here',
    [deny('in', 'udp', { on: member(1) }), deny('out', 'udp', { on: member(1) })],
    /: no udp\/7300 would pass between here and any of 2 members; the old rules hold here$/,
  ],
  ['UDP at the others', [deny('in', 'udp', { on: [...member(2), ...member(3)] })], null],
  ['TCP at both ends', [deny('in', 'tcp'), deny('out', 'tcp')], /: no tcp\/7300 would pass /],
  ['everything outside', [deny('in', 'any'), deny('out', 'any')], /: no udp\/7300 would pass /],
  ['another port', [deny('in', 'udp', { ports: [[7301, 7301]] })], null],
  ['all in the VPN', [deny('in', 'any', any)], /: nothing would pass over the VPN between here /],
  ['all in the VPN here', [deny('in', 'any', { ...any, on: member(1) })], null],
  ['the mesh’s port in the VPN', [deny('in', 'tcp', any), deny('out', 'tcp', any)], null],
];

test('a trial that would take a member out of the mesh is not begun', () => {
  // Goal: nobody loses the tunnels for a trial. Method: a table of trials, near misses among them,
  // with connections and without any; defaults; and what was closed before.
  for (const [name, values, expected] of CASES) {
    for (const connected of [[2, 3], []]) {
      const { world, ...one } = openMember();
      const changes = values.map((value, n) => ({ kind: 'rule', name: `no-${n}`, value }));
      world.trial = { seconds: 60, changes };
      world.connected = connected;
      world.objects = { ...RULE, 'trial/t1': world.trial };
      one.pass();
      assert.equal(one.isTried(), expected === null, name);
      if (expected !== null) assert.match(one.notes()[0] ?? '', expected, name);
    }
  }
  for (const [objects, change] of [
    [RULE, { kind: 'default', name: 'wan-out', value: DENY }],
    [RULE, { kind: 'default', name: 'mesh-in', value: DENY }],
    [
      { 'rule/no-udp': deny('in', 'udp') },
      { kind: 'rule', name: 'no-more', value: deny('out', 'udp') },
    ],
  ] as const) {
    const { world, ...one } = openMember();
    world.trial = { seconds: 60, changes: [change] };
    world.objects = { ...objects, 'trial/t1': world.trial };
    one.pass();
    assert.ok(one.isTried(), JSON.stringify(change));
  }
});

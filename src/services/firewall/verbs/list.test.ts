import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, UNMETERED } from '../../../crdt/meter.ts';
import type { View } from '../../../crdt/view.ts';
import { sceneOf } from '../../test-ask.ts';
import { idOf } from '../../test-view.ts';
import type { Standing } from '../../verb.ts';
import { after, ask, threeMembers } from './test-ask.ts';
import { firewallVerbs } from './verbs.ts';

const view = threeMembers();

test('verbs: list says on how many members a rule is in force, and why not on the rest', () => {
  // Goal: applied only when read back. Method: one that told, one behind, one silent, one disabled.
  const ruled = after(
    view,
    ['group set', { name: 'office', members: ['203.0.113.0/24'] }],
    ['allow', { traffic: 'tcp/22', from: ['group:office'], zone: 'wan', name: 'ssh' }],
    ['deny', { traffic: 'tcp/25', name: 'mail', on: ['vm2'], priority: 200 }],
    ['deny', { traffic: 'tcp/26', name: 'off', disabled: true, priority: 300 }],
  );
  const stamps = ruled.intent.map(({ path, hlc }) => [path, hlc.join('.')] as const);
  const told = (applied: readonly (readonly [string, string])[], why: readonly string[] = []) =>
    ({ kind: 'told', applied: new Map(applied), problems: why }) satisfies Standing;
  const standings = new Map<ReturnType<typeof idOf>, Standing>([
    [idOf(1), told(stamps)],
    [
      idOf(2),
      told(
        stamps.filter(([path]) => !path.includes('group')),
        ['nft is missing'],
      ),
    ],
    [idOf(3), { kind: 'silent', why: 'not reachable' }],
  ]);
  const { body, shown } = ask({ view: ruled, standings }, 'list', {});
  const rows = (body as readonly Readonly<Record<string, unknown>>[]).map(
    ({ name, priority, action, applied, of, behind }) => ({
      name,
      priority,
      action,
      applied,
      of,
      behind,
    }),
  );
  assert.deepEqual(rows, [
    {
      ...{ name: 'ssh', priority: 100, action: 'allow', applied: 1, of: 3 },
      behind: [
        { member: 'vm2', isKnown: true, why: 'nft is missing' },
        { member: 'vm3', isKnown: false, why: 'unknown: not reachable' },
      ],
    },
    { name: 'mail', priority: 200, action: 'deny', applied: 1, of: 1, behind: [] },
    { name: 'off', priority: 300, action: 'deny', applied: 0, of: 0, behind: [] },
  ]);
  assert.deepEqual(
    shown.table?.rows.map((row) =>
      row.map((cell) => (typeof cell === 'string' ? cell : cell.text)),
    ),
    [
      [
        'ssh',
        '100',
        'allow',
        'in',
        'wan',
        'tcp/22',
        'group:office',
        'any',
        '0',
        '1 of 3, 1 unknown',
      ],
      ['mail', '200', 'deny', 'in', 'mesh', 'tcp/25', 'any', 'any', '0', '1 of 1'],
      ['off', '300', 'deny', 'in', 'mesh', 'tcp/26', 'any', 'any', '0', 'disabled'],
    ],
  );
  assert.deepEqual(shown.lines, [
    'vm2: nft is missing',
    'vm3: unknown: not reachable',
    '1 tried one after the other on this VM; the rest are in maps.',
  ]);
});

test('verbs: a plan shows each member’s rules that come and go', () => {
  // Goal: seen before it is done. Method: a rule on some members, replaced; compared whole.
  const effects = (before: View, then: View) =>
    finish(firewallVerbs.effects(before, then, sceneOf({ view }), UNMETERED));
  const ruled = after(view, [
    'deny',
    { traffic: 'tcp/80', from: ['vm1'], on: ['role=web'], name: 'x' },
  ]);
  const line = 'mesh in: deny tcp/80 from 10.10.0.1/32, fd00:1::1/128 to any (x)';
  assert.deepEqual(effects(view, ruled), [
    { member: 'vm2', comes: [line], goes: [] },
    { member: 'vm3', comes: [line], goes: [] },
  ]);
  const moved = after(ruled, [
    'deny',
    { traffic: 'tcp/80', from: ['vm1'], on: ['vm3'], name: 'x', replace: true },
  ]);
  assert.deepEqual(effects(ruled, moved), [{ member: 'vm2', comes: [], goes: [line] }]);
  for (const [extra, words] of [
    [{ priority: 5 }, 'priority 5'],
    [{ rate: '1/day' }, 'rate 1/day:1'],
    [{ connections: 1 }, 'connections 1'],
    [{ log: true }, 'logged'],
  ] as const) {
    const given = { traffic: 'tcp/80', from: ['vm1'], on: ['vm3'], name: 'x', replace: true };
    const plain = after(moved, ['allow', given]);
    const other = after(plain, ['allow', { ...given, ...extra }]);
    const old = line.replace('deny', 'allow');
    assert.deepEqual(effects(plain, other), [
      { member: 'vm3', comes: [old.replace('(x)', `(x, ${words})`)], goes: [old] },
    ]);
  }
});

test('verbs: list counts what is tried one after the other', () => {
  // Goal: the operator sees what costs time. Method: an exact rule, a prefix, and a range.
  const ruled = after(
    view,
    ['deny', { traffic: 'tcp/25', from: ['vm2'], name: 'exact' }],
    ['deny', { traffic: 'tcp/25', from: ['10.10.4.0/24'], name: 'net' }],
  );
  const { body, shown } = ask({ view: ruled }, 'list', {});
  const rows = body as readonly { readonly name: string; readonly ordered: number }[];
  assert.deepEqual(
    rows.map(({ name, ordered }) => [name, ordered > 0]),
    [
      ['exact', false],
      ['net', true],
    ],
  );
  assert.match(shown.lines?.at(-1) ?? '', /^1 tried one after the other on this VM; the rest are/);
});

test('verbs: list shows a default, and what a trial brings and takes away', () => {
  // Goal: nothing is tried unseen. Method: a default that was set, then a trial of another and of a
  // rule's deletion, which one member of three has taken up; names, counts and what the table says.
  const ruled = after(
    view,
    ['deny', { traffic: 'tcp/25', name: 'mail' }],
    ['default', { direction: 'out', action: 'reject', zone: 'wan' }],
  );
  const rowsOf = (tried: typeof ruled) => {
    const stamps = new Map(tried.intent.map(({ path, hlc }) => [path, hlc.join('.')] as const));
    const standings = new Map<ReturnType<typeof idOf>, Standing>([
      [idOf(1), { kind: 'told', applied: stamps, problems: [] }],
    ]);
    const { shown } = ask({ view: tried, standings }, 'list', {});
    const text = (cell: unknown) => (typeof cell === 'string' ? cell : Object(cell).text);
    return shown.table?.rows.map((row) => [text(row[0]), text(row[1]), text(row.at(-1))]);
  };
  assert.deepEqual(rowsOf(ruled), [
    ['mail', '100', '1 of 3, 2 unknown'],
    ['default wan-out', '', '1 of 3, 2 unknown'],
  ]);
  const gone = after(ruled, ['delete', { names: ['mail'], confirm: 2_000_000 }]);
  assert.deepEqual(rowsOf(gone), [
    ['mail', '100', '1 of 3, 2 unknown, gone on trial'],
    ['default wan-out', '', '1 of 3, 2 unknown'],
  ]);
  const closed = { direction: 'in', action: 'deny', zone: 'mesh', confirm: 2_000_000 };
  assert.deepEqual(rowsOf(after(ruled, ['default', closed])), [
    ['mail', '100', '1 of 3, 2 unknown'],
    ['default mesh-in', '', '1 of 3, 2 unknown, on trial'],
    ['default wan-out', '', '1 of 3, 2 unknown'],
  ]);
});

test('verbs: list says where one rule alone is not in force, and why', () => {
  // Goal: "on 2 of 3; vm3: why" for that rule, and no word of it at others. Method: a member that
  // has set one rule aside, then one that is late with the other as well.
  const ruled = after(
    view,
    ['allow', { traffic: 'tcp/22', rate: '5/minute', name: 'ssh' }],
    ['deny', { traffic: 'tcp/25', name: 'mail' }],
  );
  const paths = ruled.intent.map(({ path, hlc }) => [path, hlc.join('.')] as const);
  const why = 'set aside here, as if it were not there: this host lacks limits of a rate';
  const told = { kind: 'told', applied: new Map(paths), problems: [] } as const;
  const seen = (isLate: boolean) => {
    const standings = new Map<ReturnType<typeof idOf>, Standing>([
      [idOf(1), told],
      [idOf(2), told],
      [
        idOf(3),
        {
          ...{ ...told, problems: [`rule/ssh: ${why}`] },
          applied: new Map(isLate ? [] : paths.filter(([path]) => !path.endsWith('/ssh'))),
          withheld: new Map([['intent/firewall/rule/ssh', why]]),
        },
      ],
    ]);
    const { shown } = ask({ view: ruled, standings }, 'list', {});
    const counts = shown.table?.rows.map((row) => Object(row.at(-1)).text);
    return [...(counts ?? []), ...(shown.lines ?? [])];
  };
  assert.deepEqual(seen(false), ['3 of 3', '2 of 3', `vm3: ${why}`]);
  assert.deepEqual(seen(true), [
    ...['2 of 3', '2 of 3'],
    'vm3: mail: has not applied the latest change yet',
    `vm3: ssh: ${why}`,
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId } from '../../../crdt/ids.ts';
import { idOf } from '../../test-view.ts';
import type { Cell, Standing } from '../../verb.ts';
import { type Health, OVER, overName, PANIC, readSeen, seenText, sightName } from '../told.ts';
import { after, ask, fourMembers } from './test-ask.ts';

const view = after(
  fourMembers(),
  ['create', { name: 'web', listen: '80', to: ['role=web:8080'], on: ['vm1'], weight: ['vm3=2'] }],
  ['create', { name: 'none', listen: '53/udp', to: ['role=dns'] }],
);
const stamps = view.intent.map(({ path, hlc }) => [path, hlc.join('.')] as const);

/** A member that told how it sees vm2 and vm3, and what else. */
const told = (
  sees: readonly [vm2: Health, vm3: Health],
  more: { readonly connections?: number; readonly isPanicked?: true; readonly why?: string } = {},
): Standing => {
  const word = (health: Health) =>
    seenText({ health, connections: more.connections ?? null, why: more.why ?? null });
  const sights = sees.map((health, at) => [sightName('web', idOf(at + 2)), word(health)] as const);
  return {
    ...{ kind: 'told', applied: new Map(stamps), problems: [] },
    sights: new Map([...sights, ...(more.isPanicked ? [['web', PANIC] as const] : [])]),
  };
};
const silent: Standing = { kind: 'silent', why: 'not reachable from here' };
const standingsOf = (...all: readonly Standing[]): ReadonlyMap<MemberId, Standing> =>
  new Map(all.map((each, at) => [idOf(at + 1), each]));
const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

/** The row of web as people see it, and the lines. */
function listed(...all: readonly Standing[]) {
  const { shown } = ask({ view, standings: standingsOf(...all) }, 'list', {});
  const row = shown.table?.rows.find(([name]) => name === 'web') ?? [];
  return { row: row.map(textOf), lines: shown.lines ?? [] };
}

test('list: how many backends serve, and on how many members it is in force', () => {
  // Goal: what is read at night is true. Method: all well; one down and one member silent; nobody
  // looked yet; vm4, where lb does not run, counts nowhere.
  const well = listed(told(['up', 'up']), told(['up', 'up']), told(['up', 'up']));
  assert.equal(well.row.at(-2), '2 of 2');
  assert.equal(well.row.at(-1), '3 of 3');
  assert.deepEqual(well.lines, ['none: nobody is meant now: connections are refused']);
  const one = listed(told(['down', 'up'], { why: 'refused' }), told(['up', 'up']), silent);
  assert.deepEqual(one.row.slice(-2), ['1 of 2', '2 of 3, 1 unknown']);
  assert.deepEqual(one.lines.slice(1), [
    'web: vm2 is down: refused',
    'vm3: unknown: not reachable from here',
  ]);
  const unseen = listed(told(['unknown', 'unknown']), silent, silent);
  assert.equal(unseen.row.at(-2), '2 of 2');
  const panic = listed(told(['down', 'down'], { isPanicked: true }), silent, silent);
  assert.ok(panic.lines.includes(`web: over half of its backends are down for vm1: ${ALL_USED}`));
});

const ALL_USED = 'all of them are used there';

test('list: where all are used there is no half of one', () => {
  // Goal: words that fit the case. Method: two backends of which one drains, and the other is down.
  const draining = after(view, ['drain', { name: 'web', members: ['vm3'] }]);
  const standings = standingsOf(told(['down', 'down'], { isPanicked: true }));
  const { lines = [] } = ask({ view: draining, standings }, 'list', {}).shown;
  assert.ok(
    lines.includes('web: vm2 is down for vm1 and there is no other: it is used all the same'),
    lines.join('\n'),
  );
});

test('list: as JSON it tells all that was typed', () => {
  // Goal: programs read the same. Method: the body of one balancer.
  const { body } = ask({ view, standings: new Map() }, 'list', {});
  const web = (body as readonly Readonly<Record<string, unknown>>[]).find(
    ({ name }) => name === 'web',
  );
  const { addresses, backends, behind, ...rest } = web ?? {};
  assert.equal((addresses as readonly string[]).length, 2);
  assert.deepEqual([(backends as readonly unknown[]).length, (behind as unknown[]).length], [2, 3]);
  assert.deepEqual(rest, {
    ...{ name: 'web', listen: 'tcp/80', to: ['role=web:8080'], mode: 'roundrobin' },
    ...{ weights: ['vm3=2'], on: ['vm1'], check: 'tcp', stickyMs: null, drainMs: 30_000 },
    ...{ engine: 'auto', carriedBy: 'nft', includesSelf: false, comment: null },
    ...{ serving: 2, connections: 0, panickedBy: [], applied: 0, of: 3, unknown: 3 },
  });
});

test('show: each backend by the word of this VM, and who sees it otherwise', () => {
  // Goal: one place for the whole picture. Method: this VM sees vm2 down, two others up; counts of
  // all are summed; a drained one says so.
  const drained = after(view, ['drain', { name: 'web', members: ['vm3'] }]);
  const standings = standingsOf(
    told(['down', 'up'], { connections: 5, why: 'no answer' }),
    told(['up', 'up'], { connections: 7 }),
    told(['up', 'up']),
  );
  const { body, shown } = ask({ view: drained, standings }, 'show', { name: 'web' });
  const { backends, port, backendPort, frontends } = body as Readonly<Record<string, unknown>>;
  assert.deepEqual([port, backendPort, frontends], [80, 8080, ['vm1']]);
  assert.deepEqual(backends, [
    {
      ...{ member: 'vm2', address: '10.10.0.2', port: 8080, state: 'down', why: 'no answer' },
      ...{ weight: 1, isDrained: false, draining: null, drainedSince: null, connections: 12 },
      otherwise: [
        { member: 'vm2', state: 'up' },
        { member: 'vm3', state: 'up' },
      ],
    },
    {
      ...{ member: 'vm3', address: '10.10.0.3', port: 8080, state: 'up', why: null, weight: 2 },
      ...{ draining: 'balancer', drainedSince: '1970-01-01T00:16:40.000Z', connections: 12 },
      isDrained: false,
      otherwise: [],
    },
  ]);
  assert.deepEqual(
    shown.table?.rows.map((row) => row.map(textOf)),
    [
      ['vm2', '10.10.0.2:8080', 'down', '1', '12 sent'],
      ['vm3', '10.10.0.3:8080', 'up, drains', '2', '12 sent'],
    ],
  );
  const lines = shown.lines?.join('\n') ?? '';
  assert.match(lines, /^web listens on tcp\/80 at 10\.10\..* and at other addresses of vm1\.$/m);
  assert.match(
    lines,
    /^roundrobin by nft, weights vm3=2, check tcp, drain 30s\. In force on 3 of 3/m,
  );
  assert.match(lines, /^Client address kept: programs of members\.$/m);
  assert.match(lines, /^Client address masqueraded: containers on members; anybody at vm1\.$/m);
  assert.match(lines, /^vm2 is up for vm2, vm3\.$/m);
  assert.match(lines, /^web: nobody takes new connections$/m);
});

test('show: whose time to end what it has is over drains no more', () => {
  // Goal: one sees when a backend may be stopped. Method: who drains, before and after; twin: what
  // another member says of it, and of one that serves.
  const drained = after(view, ['drain', { name: 'web', members: ['vm3'] }]);
  const over = (own: number, n: number): string => {
    const standings = new Map(
      [1, 2].map((at) => {
        const standing = told(['up', 'up']);
        if (standing.kind !== 'told' || at !== own) return [idOf(at), standing] as const;
        const sights = new Map([...(standing.sights ?? []), [overName('web', idOf(n)), OVER]]);
        return [idOf(at), { ...standing, sights }] as const;
      }),
    );
    const { table } = ask({ view: drained, standings }, 'show', { name: 'web' }).shown;
    return (table?.rows ?? []).map((row) => row.map(textOf)[2]).join('; ');
  };
  assert.equal(over(0, 3), 'up; up, drains');
  assert.equal(over(1, 3), 'up; up, drained');
  assert.equal(over(2, 3), 'up; up, drains');
  assert.equal(over(1, 2), 'up; up, drains');
});

test('show: without an own word that of most counts, and no word is none', () => {
  // Goal: a VM that balances not itself still tells. Method: own word missing, words of two; as
  // many of each; lies that do not read.
  const stateOf = (...all: readonly Standing[]): unknown => {
    const { body } = ask({ view, standings: standingsOf(...all) }, 'show', { name: 'web' });
    return (body as { readonly backends: readonly { readonly state: string }[] }).backends[0]
      ?.state;
  };
  assert.equal(stateOf(silent, told(['up', 'up']), told(['up', 'up'])), 'up');
  assert.equal(stateOf(silent, told(['up', 'up']), told(['down', 'up'])), 'down');
  assert.equal(stateOf(silent, silent, told(['unknown', 'up'])), 'unknown');
  const lying = { ...told(['up', 'up']), sights: new Map([[sightName('web', idOf(2)), 'best']]) };
  assert.equal(stateOf(silent, lying, silent), 'unknown');
});

test('told: words of members read back, and nothing else does', () => {
  // Goal: no lie breaks who listens. Method: a table, back and forth.
  for (const text of ['up 12', 'down 0 connection refused', 'unknown -', 'down - hangs']) {
    const seen = readSeen(text);
    assert.ok(seen !== null, text);
    assert.equal(seenText(seen), text);
  }
  const bad = [
    '',
    'up',
    'best 3',
    'up -3',
    'up 1e3',
    `down 1 ${'x'.repeat(121)}`,
    'down 1 a\u001bb',
  ];
  for (const text of bad) assert.equal(readSeen(text), null, text);
});

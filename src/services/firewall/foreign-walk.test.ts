import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, UNMETERED } from '../../crdt/meter.ts';
import type { Json } from './foreign-asks.ts';
import type { Passage } from './foreign-passage.ts';
import { readForeign } from './foreign-rules.ts';
import { walk } from './foreign-walk.ts';

const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } });
const port = (right: unknown, op?: string) =>
  match({ payload: { protocol: 'tcp', field: 'dport' } }, right, op);
const iif = (right: unknown, op?: string) => match({ meta: { key: 'iifname' } }, right, op);
const proto = (right: unknown, op?: string) => match({ meta: { key: 'l4proto' } }, right, op);
const saddr = (right: unknown, op?: string) =>
  match({ payload: { protocol: 'ip', field: 'saddr' } }, right, op);
const local = match({ fib: { result: 'type', flags: ['daddr'] } }, 'local');
const limit = { limit: { rate: 3, burst: 10, per: 'minute' } };
const log = { log: { prefix: 'x' } };
const jump = (target: string) => ({ jump: { target } });
const goto = (target: string) => ({ goto: { target } });
const [DROP, ACCEPT, RETURN] = [{ drop: null }, { accept: null }, { return: null }];
const vmap = { vmap: { key: port(443).match.left, data: { set: [[443, ACCEPT]] } } };

type Rule = readonly object[];
type Chains = Readonly<Record<string, readonly Rule[]>>;

const BASE: Passage = {
  ...{ zone: 'wan', direction: 'in', protocol: 'tcp', remote: null, interface: 'cnsmo0' },
  ports: [
    [80n, 80n],
    [443n, 443n],
  ],
};

const verdict = (chains: Chains, passage: Partial<Passage> = {}): string | null => {
  const listed = Object.entries(chains).map(([name, rules]): [string, readonly Json[]] => [
    name,
    rules.map((expr) => ({ chain: name, expr })),
  ]);
  return walk(finish(readForeign(new Map(listed), UNMETERED)), 'in', { ...BASE, ...passage });
};

test('foreign walk: what may have left a chain is not certain to be dropped later in it', () => {
  // Goal: no false word on a host that obeyed. Method: ufw's own chains, where what is for this
  // host returns and the rest is dropped; twins: a return that takes nothing, one of some ports.
  const ufw = (...user: readonly Rule[]): Chains => ({
    in: [[jump('not-local')], [jump('user')]],
    'not-local': [[local, RETURN], [limit, jump('log')], [DROP]],
    log: [[limit, log]],
    user,
  });
  assert.equal(verdict(ufw([port({ set: [80, 443] }), ACCEPT])), 'accept');
  assert.equal(verdict(ufw([port(22), ACCEPT])), null, 'by policy');
  assert.equal(verdict(ufw([DROP])), 'drop', 'whatever came before');
  const cases: readonly (readonly [readonly Rule[], string | null])[] = [
    [[[local, RETURN], [DROP]], null],
    [[[local, RETURN], [ACCEPT]], 'unsure'],
    [[[port(22), RETURN], [DROP]], 'drop'],
    [[[port(443), RETURN], [DROP]], 'drop'],
    [
      [
        [port(443), RETURN],
        [port(443), DROP],
      ],
      null,
    ],
    [[[port(443), RETURN], [port(80), RETURN], [DROP]], null],
    [[[port({ set: [80, 443] }), RETURN], [DROP]], null],
    [[[local, goto('empty')], [DROP]], null],
    [[[local, goto('drops')], [DROP]], 'drop'],
    [[[port(22), goto('empty')], [DROP]], 'drop'],
  ];
  for (const [rules, expected] of cases) {
    const chains = { in: rules, empty: [], drops: [[DROP]] };
    assert.equal(verdict(chains), expected, JSON.stringify(rules));
  }
});

test('foreign walk: what decides in a way that cannot be read makes the rest unsure', () => {
  // Goal: nothing is told that is not certain. Method: verdict maps, queues and targets before a
  // drop; twins: what only logs, marks or limits, and what takes nothing of it.
  const cases: readonly (readonly [Rule, string | null])[] = [
    [[vmap], 'unsure'],
    [[port(22), vmap], 'drop'],
    [[{ queue: { num: 1 } }], 'unsure'],
    [[vmap, DROP], 'unsure'],
    [[{ xt: null }], 'unsure'],
    [[{ xt: { type: 'target', name: 'NFQUEUE' } }], 'unsure'],
    [[{ xt: { type: 'target', name: 'MARK' } }], 'drop'],
    [[{ xt: { type: 'match', name: 'set' } }, ACCEPT], 'unsure'],
    [[{ xt: { type: 'match', name: 'state' } }, ACCEPT], 'drop'],
    [[{ xt: { type: 'match', name: 'state' } }, port(443), ACCEPT], 'unsure'],
    [[{ mangle: { key: { meta: { key: 'mark' } }, value: 1 } }], 'drop'],
    [[limit, log], 'drop'],
    [[limit, ACCEPT], 'unsure'],
    [[match({ ct: { key: 'status' } }, 'dnat', 'in'), ACCEPT], 'drop'],
    [[match({ ct: { key: 'status' } }, 'confirmed', 'in'), ACCEPT], 'unsure'],
    [[match({ payload: { protocol: 'icmp', field: 'type' } }, 8), ACCEPT], 'drop'],
  ];
  for (const [rule, expected] of cases) {
    assert.equal(verdict({ in: [rule, [DROP]] }), expected, JSON.stringify(rule));
  }
});

test('foreign walk: who is in a named set is not known', () => {
  // Goal: no name of a set is taken for what is in it. Method: sets where interfaces, protocols,
  // ports and addresses stand, alone and among others, asked for and excluded; twins: values.
  const remote = [{ family: 'ip', first: 10n, last: 20n } as const];
  const set = (...values: readonly unknown[]) => ({ set: values });
  const cases: readonly (readonly [Rule, string | null])[] = [
    [[iif('@vpn', '!=')], null],
    [[iif('cnsmo0', '!=')], 'drop'],
    [[iif(set('lo', '@vpn'), '!=')], null],
    [[proto('@some')], null],
    [[proto('@some', '!=')], null],
    [[proto(set('tcp', '@some'))], 'drop'],
    [[proto(set('udp', '@some'), '!=')], null],
    [[proto('udp', '!=')], 'drop'],
    [[port('@web')], null],
    [[port('@web', '!=')], null],
    [[port(set(22, '@web'), '!=')], null],
    [[port(set(80, '@web'))], null],
    [[port(set(80, 443, '@web'))], 'drop'],
    [[port(set(22), '!=')], 'drop'],
    [[saddr('@bad')], null],
    [[saddr('@good', '!=')], null],
    [[saddr(set('0.0.0.15', '@bad'))], null],
    [[saddr('0.0.0.15')], 'drop'],
    [[saddr({ range: ['0.0.0.10', '0.0.0.20'] }, '!=')], null],
    [[saddr({ range: ['0.0.0.11', '0.0.0.20'] }, '!=')], 'drop'],
    [[port({ range: [0.5, 443] })], null],
    [[port({ range: [443, 0] }, '!=')], null],
  ];
  for (const [asks, expected] of cases) {
    const said = verdict({ in: [[...asks, DROP]] }, { remote });
    assert.equal(said, expected, JSON.stringify(asks));
  }
  assert.equal(verdict({ in: [[iif('@vpn'), ACCEPT], [DROP]] }, { zone: 'mesh' }), 'unsure');
});

test('foreign walk: a chain gets no more than the rule took that leads there', () => {
  // Goal: no port is named that never comes there. Method: jumps for one of two ports to chains
  // that drop the other, the same and both; and chains led to from many places, which end soon.
  const led = (...web: readonly Rule[]): Chains => ({ in: [[port(80), jump('web')]], web });
  assert.equal(verdict(led([port(443), DROP])), null);
  assert.equal(verdict(led([port(80), DROP])), 'drop');
  assert.equal(verdict(led([port({ set: [80, 443] }), DROP])), 'drop');
  assert.equal(verdict(led([port(80, '!='), DROP])), null);
  assert.equal(verdict(led([port(80), ACCEPT], [DROP])), 'unsure');
  assert.equal(verdict({ in: [[port(80), port(443), DROP]] }), null);
  const deep = Object.fromEntries(
    Array.from({ length: 15 }, (_, at): [string, readonly Rule[]] => [
      at === 0 ? 'in' : `c${at}`,
      Array.from({ length: 40 }, () => [jump(`c${at + 1}`)]),
    ]),
  );
  assert.equal(verdict({ ...deep, c15: [[port(443), DROP]] }), 'drop');
  assert.equal(verdict({ ...deep, c15: [[port(22), DROP]] }), null);
});

test('foreign walk: thousands of addresses are looked up, and each still counts', () => {
  // Goal: a long list costs little and loses nobody. Method: drops of one address each, with others
  // between; one among them, one that is not, and one accepted before.
  const bans = Array.from(
    { length: 1_000 },
    (_, at): Rule => [
      ...(at % 3 === 0 ? [port(443)] : []),
      saddr(`10.0.${at >> 8}.${at & 255}`),
      DROP,
    ],
  );
  const number = (10n << 24n) + 512n;
  const remote = [{ family: 'ip', first: number, last: number } as const];
  const table = finish(
    readForeign(new Map([['in', bans.map((expr) => ({ chain: 'in', expr }))]]), UNMETERED),
  );
  assert.equal(table.get('in')?.rules.length, 2);
  assert.equal(table.get('in')?.open.length, 0);
  assert.equal(verdict({ in: bans }, { remote }), 'drop');
  const beside = [{ family: 'ip', first: number + 512n, last: number + 600n } as const];
  assert.equal(verdict({ in: bans }, { remote: beside }), null);
  assert.equal(verdict({ in: bans }), null);
  assert.equal(verdict({ in: [[saddr('10.0.2.0'), ACCEPT], ...bans] }, { remote }), 'accept');
});

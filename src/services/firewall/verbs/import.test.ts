import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeter } from '../../../crdt/meter.ts';
import { argumentsOf, CALLER, sceneOf } from '../../test-ask.ts';
import { policyOf } from '../policy.ts';
import { importVerb } from './import.ts';
import { after, ask, refusalOf, threeMembers } from './test-ask.ts';
import { confirmVerb } from './trial.ts';
import { firewallVerbs } from './verbs.ts';

const RULE = {
  direction: 'in',
  protocol: 'tcp',
  dst_port: '8082',
  dst_src: 'dst',
  ip_range: '0.0.0.0/0',
  action: 'drop',
};
const view = threeMembers();
const file = (...items: readonly unknown[]): string => JSON.stringify(items);
const refusal = (text: string): string => refusalOf({ view }, 'import', { file: text });
const rulesOf = (text: string) => policyOf(ask({ view }, 'import', { file: text }).view).rules;

test('import: the original’s rule is a rule of each zone', () => {
  // Goal: its examples mean what they meant. Method: its README's rule, whole, alone and in a list.
  for (const text of [JSON.stringify(RULE), file(RULE)]) {
    const rules = rulesOf(text).map(({ path: _path, claim: _claim, ...rule }) => rule);
    const record = {
      ...{ action: 'deny', direction: 'in', protocol: 'tcp', ports: [[8082, 8082]] },
      ...{ to: [{ kind: 'cidr', cidr: '0.0.0.0/0' }], priority: 100, enabled: true },
    };
    assert.deepEqual(rules, [
      { ...record, zone: 'mesh', name: 'import-di-tcp-8082-d0-0-0-0-0-mesh' },
      { ...record, zone: 'wan', name: 'import-di-tcp-8082-d0-0-0-0-0-wan' },
    ]);
  }
  assert.deepEqual(ask({ view }, 'import', { file: '[]' }).edits, []);
});

test('import: what the original took is taken', () => {
  // Goal: its accepted cases. Method: a table of single fields.
  for (const change of [
    { ip_range: '10.0.0.5/32' },
    { ip_range: '2001:db8::/32' },
    { ip_range: '2001:0db8:85a3:0123:4567:8a2e:0370:7334/128', dst_port: '10000:20000' },
    { dst_port: '8080:8090' },
    { dst_port: '1' },
    { dst_port: '65535' },
    { dst_port: '0:65535' },
    { direction: 'out' },
    { dst_src: 'src' },
    { protocol: 'udp' },
    { action: 'acpt' },
  ]) {
    const text = JSON.stringify({ ...RULE, ...change });
    const rules = policyOf(ask({ view }, 'import', { file: text, force: true }).view).rules;
    assert.equal(rules.length, 2, JSON.stringify(change));
    for (const { name } of rules) assert.ok(name.length <= 63, name);
  }
});

test('import: what the original refused is refused, and more, by field and place', () => {
  // Goal: nothing is guessed. Method: a table; the whole list falls with one.
  const without = (field: string) =>
    Object.fromEntries(Object.entries(RULE).filter(([name]) => name !== field));
  for (const field of Object.keys(RULE)) {
    assert.match(
      refusal(JSON.stringify(without(field))),
      new RegExp(`^${field}: \\(none\\): miss`),
    );
  }
  for (const [change, expected] of [
    [{ dst_port: '9999999' }, /^dst_port: 9999999: 9999999 is no port/],
    [{ dst_port: '0' }, /^dst_port: 0: 0 is no port; choose from 1 to 65535$/],
    [{ dst_port: '90:80' }, /^dst_port: 90:80: is reversed; write 80-90$/],
    [{ dst_port: 8082 }, /^dst_port: 8082: not a text/],
    [{ dst_port: 'a' }, /^dst_port: a: is no port/],
    [{ ip_range: '10.0.0.0/33' }, /^ip_range: 10\.0\.0\.0\/33: has a length of more/],
    [{ ip_range: '10.0.0.0.0/24' }, /^ip_range: 10\.0\.0\.0\.0\/24: is no CIDR/],
    [{ ip_range: '10.0.0.5' }, /^ip_range: 10\.0\.0\.5: is no CIDR/],
    [{ ip_range: '10.0.0.5/8' }, /^ip_range: 10\.0\.0\.5\/8: has host bits set/],
    [{ action: 'rjct' }, /^action: rjct: not known; choose of acpt, drop$/],
    [{ action: 'constructor' }, /^action: constructor: not known/],
    [{ dst_src: 'both' }, /^dst_src: both: not known; choose of dst, src$/],
    [{ direction: 'IN' }, /^direction: IN: not known; choose of in, out$/],
    [{ protocol: 'icmp' }, /^protocol: icmp: not known; choose of tcp, udp$/],
    [{ protocol: 'tcp;reboot' }, /^protocol: tcp;reboot: not known/],
    [{ comment: 'x' }, /^comment: \(given\): no field of a rule; use direction, protocol/],
    [{ 'a\u001b[2J\nb': 'x' }, /^a\?\[2J\?b: \(given\): no field of a rule/],
    [{ ['x'.repeat(1_000_000)]: 'x' }, /^x{40}: \(given\): no field of a rule/],
  ] as const) {
    assert.match(refusal(JSON.stringify({ ...RULE, ...change })), expected);
  }
  assert.match(refusal(file(RULE, { ...RULE, action: 'x' })), /^\[1\]\.action: x: not known/);
  for (const text of ['', '""', '7', 'null', '{', '[[]]', '["denyall"]']) {
    assert.match(refusal(text), /: (is no JSON|is no rule); /, text);
  }
  assert.match(refusal('{"policy":"allowall"}'), /^policy: "allowall": not known; write/);
  assert.match(refusal('{"policy":"denyall","on":1}'), /^policy: /);
  assert.match(refusal(file(...Array(10_000).fill(RULE))), /^file: 10000 rules: more than 8000/);
});

test('import: the order of the list decides, and twice is once', () => {
  // Goal: first match, as iptables appends. Method: allow before deny before allow; imported again.
  const open = { ...RULE, action: 'acpt', ip_range: '10.0.0.0/8', dst_src: 'src' };
  const text = file(open, RULE, { ...open, dst_port: '9' });
  const rules = rulesOf(text).filter(({ zone }) => zone === 'wan');
  assert.deepEqual(
    rules.map(({ name, priority }) => [name, priority]),
    [
      ['import-ai-tcp-8082-s10-0-0-0-8-wan', 100],
      ['import-di-tcp-8082-d0-0-0-0-0-wan', 101],
      ['import-ai-tcp-9-s10-0-0-0-8-wan', 101],
    ],
  );
  const once = after(view, ['import', { file: text }]);
  assert.deepEqual(ask({ view: once }, 'import', { file: text }).edits, []);
  const later = after(once, ['import', { file: file({ ...RULE, dst_port: '7' }) }]);
  const last = policyOf(later)
    .rules.filter(({ zone }) => zone === 'wan')
    .at(-1);
  assert.deepEqual([last?.ports, last?.priority], [[[7, 7]], 102]);
});

test('import: denyall keeps the management path open, and can be undone', () => {
  // Goal: nobody is locked out, nothing is for ever. Method: with and without an SSH connection.
  const text = '{"policy":"denyall"}';
  const known = ask({ view, caller: CALLER }, 'import', { file: text });
  assert.deepEqual(
    known.edits.map(({ path, value }) => [path, value]),
    [
      [
        'intent/firewall/default/wan-in',
        { action: 'deny', management: [{ address: '203.0.113.7', port: 22 }] },
      ],
    ],
  );
  const unknown = ask({ view }, 'import', { file: text });
  assert.deepEqual(
    policyOf(unknown.view).rules.map(({ name, ports, zone }) => [name, ports, zone]),
    [['import-denyall-ssh', [[22, 22]], 'wan']],
  );
  assert.match((unknown.shown.lines ?? []).join(), /keeps SSH open; delete it where/);
  for (const { view: denied } of [known, unknown]) {
    const trace = (traffic: string, from: string) =>
      ask({ view: denied }, 'trace', { from, to: 'vm2', traffic }).body as { action: string };
    assert.equal(trace('tcp/443', '203.0.113.7').action, 'deny');
    assert.equal(trace('tcp/22', '203.0.113.7').action, 'allow');
    assert.equal(trace('icmp/echo-request', '203.0.113.9').action, 'allow');
    assert.equal(trace('udp/7300', '203.0.113.9').action, 'allow');
    assert.equal(trace('tcp/443', 'vm1').action, 'allow', 'the mesh');
    const undone = after(denied, ['import', { file: text, undo: true }]);
    assert.deepEqual(undone.intent, []);
  }
  assert.match(
    refusalOf({ view }, 'import', { file: text, on: ['vm2'] }),
    /^on: vm2: denyall holds on all members; leave --on out/,
  );
});

test('import: undo takes back the rules of the file, and nothing else', () => {
  // Goal: the original's delete. Method: beside a rule of another kind.
  const mixed = after(view, ['allow', { traffic: 'tcp/1' }], ['import', { file: file(RULE) }]);
  const undone = after(mixed, ['import', { file: file(RULE), undo: true }]);
  assert.deepEqual(
    policyOf(undone).rules.map(({ name }) => name),
    ['allow-tcp-1'],
  );
});

test('import: many rules are decided in many pieces, and as they are in one', () => {
  // Goal: nobody waits for an import. Method: 600 rules whole and in pieces, by force, without,
  // on trial and taken back, over a view that has some of them; then that trial confirmed, and what
  // it would change. The last rule is bad in another list, which falls whole.
  const items = Array.from({ length: 600 }, (_, n) => {
    return { ...RULE, dst_port: `${n + 1}`, action: n % 300 === 0 ? 'acpt' : 'drop' };
  });
  const some = file(...items.slice(0, 10));
  const before = after(view, ['import', { file: some, force: true }]);
  const scene = sceneOf({ view: before });
  const [text, other] = [
    file(...items),
    items.map((item) => ({ ...item, ip_range: '192.0.2.9/32' })),
  ];
  for (const typed of [
    { file: text, force: true },
    { file: file(...other) },
    { file: text, confirm: 86_400_000 },
    { file: text, undo: true },
  ]) {
    const given = argumentsOf(typed);
    const work = importVerb.decideInPieces?.(scene, given, openMeter());
    assert.ok(work !== undefined);
    const { pieces, result } = inPieces(work);
    assert.ok(pieces > 1, `${pieces} pieces: ${Object.keys(typed).join()}`);
    assert.deepEqual(result, importVerb.decide(scene, given));
  }
  const tried = after(before, ['import', { file: text, confirm: 86_400_000 }]);
  const confirm = [sceneOf({ view: tried }), argumentsOf({ force: true })] as const;
  const confirmed = confirmVerb.decideInPieces?.(...confirm, openMeter());
  assert.ok(confirmed !== undefined);
  const { pieces, result } = inPieces(confirmed);
  assert.ok(pieces > 1, `${pieces} pieces: confirm`);
  assert.deepEqual(result, confirmVerb.decide(...confirm));
  const effects = inPieces(firewallVerbs.effects(before, tried, scene, openMeter()));
  assert.ok(effects.pieces > 1, `${effects.pieces} pieces: effects`);
  assert.equal(effects.result.length, 3);
  const bad = { file: file(...items, { ...RULE, dst_port: '0' }), force: true };
  assert.throws(() => {
    for (const _ of importVerb.decideInPieces?.(scene, argumentsOf(bad), openMeter()) ?? []);
  }, /dst_port/);
});

/** Does it all; in how many pieces it was. */
const inPieces = <Result>(work: Generator<unknown, Result>) => {
  let [pieces, step] = [1, work.next()];
  for (; step.done !== true; step = work.next()) pieces += 1;
  return { pieces, result: step.value };
};

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOSTILE, type Typed } from '../../test-ask.ts';
import { after, ask, refusalOf, threeMembers } from './test-ask.ts';

const view = after(threeMembers(), ['group set', { name: 'known', members: ['vm1'] }]);
const allow = (typed: Typed): string =>
  refusalOf({ view }, 'allow', { traffic: 'tcp/443', ...typed });

test('bad input: hostile texts are refused in every field, by its name', () => {
  // Goal: no field carries an order. Method: each text in each field; a good twin passes.
  assert.equal(allow({}), 'done');
  const fields: readonly (readonly [field: string, ask: (text: string) => string])[] = [
    ['traffic', (text) => allow({ traffic: text })],
    ['from', (text) => allow({ from: [text] })],
    ['from', (text) => allow({ from: [`${text}=web`] })],
    ['from', (text) => allow({ from: [`group:${text}`] })],
    ['to', (text) => allow({ to: ['vm1', text] })],
    ['on', (text) => allow({ on: [text] })],
    ['name', (text) => allow({ name: text })],
    ['direction', (text) => allow({ direction: text })],
    ['zone', (text) => allow({ zone: text })],
    ['comment', (text) => allow({ comment: text })],
    ['rate', (text) => allow({ rate: text })],
    ['names', (text) => refusalOf({ view }, 'delete', { names: [text] })],
    ['name', (text) => refusalOf({ view }, 'group set', { name: text, members: ['vm1'] })],
    ['members', (text) => refusalOf({ view }, 'group set', { name: 'g', members: [text] })],
    ['name', (text) => refusalOf({ view }, 'group delete', { name: text })],
    ['direction', (text) => refusalOf({ view }, 'default', { direction: text, action: 'deny' })],
    ['action', (text) => refusalOf({ view }, 'default', { direction: 'in', action: text })],
    [
      'manage',
      (text) => refusalOf({ view }, 'default', { direction: 'in', action: 'deny', manage: [text] }),
    ],
    ['from', (text) => refusalOf({ view }, 'trace', { from: text, to: 'vm1', traffic: 'tcp/1' })],
    ['to', (text) => refusalOf({ view }, 'trace', { from: 'vm1', to: text, traffic: 'tcp/1' })],
    ['traffic', (text) => refusalOf({ view }, 'trace', { from: 'vm1', to: 'vm2', traffic: text })],
    ['file', (text) => refusalOf({ view }, 'import', { file: text })],
  ];
  for (const [field, asked] of fields) {
    for (const text of HOSTILE) {
      const line = asked(text);
      assert.ok(line.startsWith(`${field}: `), `${field} ${text.slice(0, 20)}: ${line}`);
      assert.match(line, /^[^:]+: .+: .+; .+/s, line);
      assert.ok(line.length < 400, line);
    }
  }
});

test('bad input: what is wrong with a rule is named, with the way out', () => {
  // Goal: "field: value: why; remedy". Method: a table; its good twins pass.
  const table: readonly (readonly [typed: Typed, expected: RegExp | string])[] = [
    [{ traffic: 'tcp/0' }, 'traffic: 0: 0 is no port; choose from 1 to 65535'],
    [{ traffic: 'tcp/70000' }, 'traffic: 70000: 70000 is no port; choose from 1 to 65535'],
    [{ traffic: 'tcp/80,0' }, /^traffic: 0: 0 is no port/],
    [{ traffic: 'tcp/90-80' }, 'traffic: 90-80: is reversed; write 80-90'],
    [{ traffic: 'tcp/' }, /^traffic: tcp\/: is no protocol/],
    [{ traffic: 'tcp/http' }, /^traffic: http: is no port and no range/],
    [{ traffic: 'icmp/443' }, /^traffic: icmp\/443: icmp has no ports, and no such type; choose/],
    [{ traffic: 'icmpv6/22' }, /^traffic: icmpv6\/22: icmpv6 has no ports/],
    [{ traffic: 'any/80' }, /^traffic: any\/80: any protocol has no ports/],
    [{ traffic: 'sctp/80' }, /^traffic: sctp: not known; choose of any, tcp, udp, icmp, icmpv6/],
    [
      { traffic: `tcp/${Array.from({ length: 10_000 }, (_, at) => at + 1).join(',')}` },
      /^traffic: tcp\/1,.*… \(48897\): names more than 256; use ranges/,
    ],
    [
      { from: ['nobody'] },
      /^from: nobody: no member, and nothing else that selects; name a member/,
    ],
    [
      { from: ['group:none'] },
      'from: group:none: no such group; there are known; or make it first',
    ],
    [
      { from: ['10.0.0.5/8'] },
      'from: 10.0.0.5/8: has host bits set, the network is 10.0.0.0/8; ' +
        'write the network, as 192.0.2.0/24',
    ],
    [{ from: ['10.0.0.5'] }, 'from: 10.0.0.5: is an address without a length; write 10.0.0.5/32'],
    [{ from: ['2001:db8::1'] }, /is an address without a length; write 2001:db8::1\/128$/],
    [{ from: ['10.0.0.0/33'] }, /^from: 10\.0\.0\.0\/33: has a length of more than \/32/],
    [{ from: ['10.0.0.0.0/24'] }, /^from: 10\.0\.0\.0\.0\/24: is no CIDR/],
    [
      { from: ['::ffff:10.0.0.1/128'] },
      /^from: ::ffff:10\.0\.0\.1\/128: is IPv4 written as IPv6.*; meant is 10\.0\.0\.1\/32; /,
    ],
    [{ from: ['::10.1.0.0/112'] }, /meant is 10\.1\.0\.0\/16/],
    [{ from: ['role=web,'] }, /^from: role=web,: a label is written key=value/],
    [{ from: ['role=web,role=db'] }, /^from: .*: names role twice/],
    [{ to: [''] }, /^to: \(empty\): would match nothing; name a member/],
    [{ on: ['10.0.0.0/8'] }, /^on: 10\.0\.0\.0\/8: members enforce rules, addresses do not/],
    [{ zone: 'mesh', from: ['203.0.113.0/24'] }, /^zone: 203\.0\.113\.0\/24: lies outside/],
    [{ rate: '10' }, /^rate: 10: is no rate; write it as 10\/second/],
    [{ rate: '0/second' }, /^rate: 0\/second: is no rate/],
    [{ name: 'Web' }, /^name: Web: is no name/],
    [{ comment: 'x'.repeat(201) }, /^comment: x+… \(201\): /],
  ];
  for (const [typed, expected] of table) {
    const line = allow(typed);
    if (typeof expected === 'string') assert.equal(line, expected);
    else assert.match(line, expected);
  }
  for (const typed of [
    { traffic: 'tcp/1,65535,80-90' },
    { traffic: 'icmp/echo-request' },
    { traffic: 'icmpv6/128' },
    { from: ['role=nobody-yet'] },
    { from: ['group:known', '10.0.0.0/8', 'vm2'] },
    { rate: '10/minute:20', connections: 3, comment: 'for Jörg: see ops/42 (web) #7' },
  ]) {
    assert.equal(allow(typed), 'done', JSON.stringify(typed));
  }
});

test('bad input: a list of thousands is refused by its field, before any of it is read', () => {
  // Goal: field, value, remedy. Method: 10,000 of them in each list; as many of one are one.
  const many = Array.from({ length: 10_000 }, (_, n) => `10.${n >> 8}.${n & 255}.0/24`);
  for (const field of ['from', 'to', 'on'] as const) {
    assert.equal(
      allow({ [field]: many }),
      `${field}: 10000 of them: names more than 256; name a CIDR that holds them or a label that ` +
        'they have, or make several',
    );
  }
  const set = (members: readonly string[]) =>
    refusalOf({ view }, 'group set', { name: 'g', members });
  assert.match(set(many), /^members: 10000 of them: names more than 256; /);
  assert.equal(set(many.slice(0, 256)), 'done');
  assert.equal(allow({ from: Array.from({ length: 10_000 }, () => 'vm1') }), 'done');
});

test('a denial of what networks need is said to do nothing', () => {
  // Goal: no rule in vain in silence. Method: types that always pass, some of them, all of ICMP;
  // twins: others, and to allow them.
  const notes = (verb: string, traffic: string): string =>
    (ask({ view }, verb, { traffic }).shown.lines ?? []).slice(1).join();
  assert.match(
    notes('deny', 'icmpv6/neighbor-solicitation,packet-too-big'),
    /^Note: icmpv6\/.*neighbor-solicitation.* always passes, .*: this rule does nothing\.$/,
  );
  assert.match(notes('reject', 'icmp/3,8'), /^Note: icmp\/destination-unreachable always [^:]*\.$/);
  assert.match(notes('deny', 'icmp'), /^Note: icmp\/destination-unreachable,time-exceeded,/);
  assert.equal(notes('deny', 'icmp/echo-request'), '');
  assert.equal(notes('allow', 'icmpv6/135'), '');
  assert.equal(notes('deny', 'tcp/3'), '');
});

test('bad input: a name that another rule has is refused; the same rule again is no news', () => {
  // Goal: nothing is overwritten unseen. Method: another rule, --replace, and the same again.
  const named = after(threeMembers(), ['allow', { traffic: 'tcp/80', name: 'web' }]);
  const again = { traffic: 'tcp/80', name: 'web' };
  const other = { traffic: 'tcp/81', name: 'web' };
  assert.equal(refusalOf({ view: named }, 'allow', again), 'done');
  assert.equal(
    refusalOf({ view: named }, 'allow', other),
    'name: web: another rule has that name; choose another, or add --replace',
  );
  assert.equal(refusalOf({ view: named }, 'allow', { ...other, replace: true }), 'done');
});

test('bad input: a rule that no packet fits is refused, by the end that does not', () => {
  // Goal: no empty match. Method: families that never meet, with their twins that do.
  const [four, six] = ['203.0.113.0/24', '2001:db8::/32'];
  const table: readonly (readonly [Typed, RegExp])[] = [
    [
      { traffic: 'icmpv6', from: [four] },
      /^from: 203\.0\.113\.0\/24: would match nothing: it is IPv4,/,
    ],
    [{ traffic: 'icmp', to: [six] }, /^to: 2001:db8::\/32: would match .* and icmp is IPv4; name/],
    [{ from: [four], to: [six] }, /^to: .*: it is IPv6, and --from is IPv4; name addresses/],
    [{ traffic: 'icmpv6', from: [four, six] }, /^done$/],
    [{ traffic: 'icmp', from: [four, 'vm1'] }, /^done$/],
    [{ from: [four], to: [six, 'group:known'] }, /^done$/],
    [{ traffic: 'icmpv6', from: ['any'] }, /^done$/],
  ];
  for (const [typed, line] of table) assert.match(allow({ zone: 'wan', ...typed }), line);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLER, HOSTILE, type Typed } from '../../test-ask.ts';
import { balancersOf } from '../balancers.ts';
import { after, fourMembers, MEMBERS, refusalOf } from './test-ask.ts';

const view = after(
  fourMembers(),
  ['create', { name: 'known', listen: '80', to: ['vm2:8080'] }],
  ['create', { name: 'front', listen: '90-99', to: ['role=web:90'], on: ['vm1', 'role=new'] }],
);
const create = (typed: Typed): string =>
  refusalOf({ view }, 'create', { name: 'web', listen: '80', to: ['role=web:8080'], ...typed });
const edit = (typed: Typed): string => refusalOf({ view }, 'edit', { name: 'known', ...typed });

test('bad input: hostile texts are refused in every field, by its name', () => {
  // Goal: no field carries an order. Method: each text in each field; a good twin passes.
  assert.equal(create({}), 'done');
  const drain = (typed: Typed) =>
    refusalOf({ view }, 'drain', { name: 'front', members: ['vm2'], ...typed });
  const fields: readonly (readonly [field: string, ask: (text: string) => string])[] = [
    ['name', (text) => create({ name: text })],
    ['listen', (text) => create({ listen: text })],
    ['listen', (text) => create({ listen: `80${text}/tcp`.replace('80/', '0/') })],
    ['to', (text) => create({ to: [text] })],
    ['to', (text) => create({ to: [`${text}:80`] })],
    ['to', (text) => create({ to: [`${text}=web:80`] })],
    ['to', (text) => create({ to: [`vm2:${text}`] })],
    ['to', (text) => create({ to: [`group:${text}`] })],
    ['protocol', (text) => create({ protocol: text })],
    ['mode', (text) => create({ mode: text })],
    ['weight', (text) => create({ weight: [text] })],
    ['weight', (text) => create({ weight: [`${text}=3`] })],
    ['weight', (text) => create({ weight: [`vm2=${text}`] })],
    ['on', (text) => create({ on: [text] })],
    ['check', (text) => create({ check: text })],
    ['check', (text) => create({ check: `http:${text}` })],
    ['check', (text) => create({ check: `exec:${text}` })],
    ['engine', (text) => create({ engine: text })],
    ['comment', (text) => create({ comment: text })],
    ['name', (text) => edit({ name: text })],
    ['clear', (text) => edit({ clear: [text] })],
    ['name', (text) => drain({ name: text })],
    ['members', (text) => drain({ members: [text] })],
    ['name', (text) => refusalOf({ view }, 'undrain', { name: text, members: ['vm2'] })],
    ['name', (text) => refusalOf({ view }, 'show', { name: text })],
    ['names', (text) => refusalOf({ view }, 'delete', { names: [text] })],
    ['file', (text) => refusalOf({ view }, 'import', { file: text })],
  ];
  for (const [field, asked] of fields) {
    for (const text of HOSTILE) {
      const line = asked(text);
      assert.ok(line.startsWith(`${field}: `), `${field} ${text.slice(0, 20)}: ${line}`);
      assert.match(line, /^[^:]+: .+: .+; .+/s, line);
      assert.ok(line.length < 500, line);
    }
  }
});

test('bad input: what is wrong with a balancer is named, with the way out', () => {
  // Goal: "field: value: why; remedy". Method: a table; its good twins pass.
  const table: readonly (readonly [typed: Typed, expected: RegExp])[] = [
    [{ listen: '0' }, /^listen: 0: 0 is no port; choose from 1 to 65535$/],
    [{ listen: '70000' }, /^listen: 70000: 70000 is no port/],
    [{ listen: '90-80' }, /^listen: 90-80: is reversed; write 80-90$/],
    [{ listen: '80,81' }, /^listen: 80,81: is no port and no range/],
    [{ listen: 'tcp/80/udp' }, /^listen: tcp\/80\/udp: is no port and no range/],
    [{ listen: '53/udp', protocol: 'tcp' }, /^protocol: tcp: --listen says udp/],
    [{ to: [] }, /^to: \(empty\): names nobody; write whom and the port, as role=web:8080$/],
    [
      { to: ['nobody:80'] },
      /^to: nobody: no member, and nothing else that selects; name .*, group:NAME or mesh; see/,
    ],
    [{ to: ['group:none:80'] }, /^to: group:none: no such group/],
    [{ to: ['vm2:0'] }, /^to: 0: 0 is no port/],
    [{ to: ['vm2:80-90'] }, /^to: 80-90: is a range of 11 ports, and 1 are listened at/],
    [{ to: ['vm2:80', 'vm3:81'] }, /^to: vm3:81: all backends of a balancer serve at one port/],
    [{ to: ['any:80'] }, /^to: any: means addresses, not members; write mesh/],
    [{ to: ['10.0.0.0/8:80'] }, /^to: 10\.0\.0\.0\/8: means addresses, not members/],
    [{ to: ['192.0.2.7:80'] }, /^to: 192\.0\.2\.7:80: members serve, addresses do not/],
    [{ to: ['10.10.0.2:80'] }, /members serve, addresses do not; write vm2$/],
    [{ to: ['fd00:1::2'] }, /members serve, addresses do not; write vm2$/],
    [{ listen: '1-65535', to: ['vm2:2'] }, /^to: 2: the range would end at 65536/],
    [{ mode: 'fastest' }, /^mode: fastest: not known; choose of roundrobin, leastconn/],
    [{ mode: 'leastconn', engine: 'nft' }, /^mode: leastconn: nft cannot count/],
    [{ mode: 'leastconn', protocol: 'udp' }, /^mode: leastconn: udp has no connections to count/],
    [{ engine: 'haproxy', protocol: 'udp' }, /^engine: haproxy: it balances no udp/],
    [{ engine: 'ipvs' }, /^engine: ipvs: not known; choose of auto, nft, haproxy/],
    [{ protocol: 'udp', check: 'tcp' }, /^check: tcp: udp takes no connection that could be/],
    [{ protocol: 'udp', check: 'http:/x' }, /^check: http:\/x: udp takes no connection/],
    [{ protocol: 'sctp' }, /^protocol: sctp: not known; choose of tcp, udp/],
    [{ weight: ['vm2'] }, /^weight: vm2: ends in no weight; write vm2=3/],
    [{ weight: ['role=web'] }, /^weight: role=web: ends in no weight/],
    [{ weight: ['vm2=0'] }, /^weight: vm2=0: would send it nothing; drain it/],
    [{ weight: ['vm2=257'] }, /^weight: vm2=257: is over 256/],
    [{ weight: ['vm2=1', 'vm2=2'] }, /^weight: vm2=2: has a weight already/],
    [{ weight: ['10.0.0.0/8=2'] }, /^weight: 10\.0\.0\.0\/8: means addresses, not members/],
    [{ on: ['10.0.0.0/8'] }, /^on: 10\.0\.0\.0\/8: means addresses, not members/],
    [{ check: 'http:health' }, /^check: http:health: has no path that begins with \//],
    [{ check: 'http:/a b' }, /^check: http:\/a b: has no path/],
    [{ check: 'exec:true' }, /^check: exec:true: names no program by its path/],
    [{ check: 'exec:/bin/sh -c "a;b"' }, /^check: "a;b": has signs that only a shell/],
    [{ check: 'exec:/bin/ok', to: ['vm4:1'] }, /^check: vm4: lets no program be run by the mesh/],
    [{ name: 'known' }, /^name: known: another balancer has that name; .*cnsmo lb edit known$/],
    [{ name: 'Web' }, /^name: Web: is no name/],
    [{ on: ['vm4'] }, /^on: vm4: does not let lb run there; on each: cnsmo consent/],
    [{ listen: '7300', on: ['vm1'] }, /^listen: tcp\/7300: takes 7300, by which vm1 is in the me/],
    [{ listen: '7299-7301/udp', on: ['vm1'] }, /^listen: udp\/7299-7301: takes 7300/],
    [{ listen: '22', on: ['vm1'] }, /^listen: tcp\/22: takes 22 of vm1, where SSH comes in/],
    [{ listen: '95', on: ['vm1'] }, /^listen: tcp\/95: balancer front has tcp\/90-99 of vm1; /],
    [{ listen: '99-100', on: ['role=new'] }, /balancer front has tcp\/90-99 of role=new; /],
    [{ to: ['vm1:80'], on: ['vm1'] }, /^on: vm1: is the only backend, and listens itself/],
    [{ comment: 'x'.repeat(201) }, /^comment: x+… \(201\): /],
  ];
  for (const [typed, expected] of table) assert.match(create(typed), expected);
  for (const typed of [
    { listen: '65535', to: ['vm2', 'role=web'] },
    { listen: '80-90', to: ['vm2:80-90'] },
    { listen: '1-65535', to: ['vm2:1'], weight: ['vm2=256', 'role=web=1'] },
    { protocol: 'udp', check: 'exec:/bin/ok' },
    { protocol: 'udp', check: 'none' },
    { listen: '7300' },
    { listen: '22' },
    { listen: '22', on: ['vm1'], force: true },
    { listen: '22/udp', on: ['vm1'] },
    { listen: '95/udp', on: ['vm1'] },
    { listen: '95', on: ['vm2'] },
    { listen: '100', on: ['vm1'] },
    { listen: '95' },
    { to: ['vm1:80'], on: ['vm1'], 'include-self': true },
    { to: ['role=nobody-yet:80'], check: 'exec:/bin/ok' },
    { comment: 'for Jörg: see ops/42 (web) #7', check: 'http:/health?deep=1' },
  ]) {
    assert.equal(create(typed), 'done', JSON.stringify(typed));
  }
});

test('bad input: a virtual address serves nothing, and says whose it is', () => {
  // Goal: no balancer behind a balancer by its address. Method: both addresses of one.
  const { ipv4 = '', ipv6 = '' } = balancersOf(view).balancers[0]?.addresses ?? {};
  for (const address of [`${ipv4}:80`, ipv4 ?? '', ipv6]) {
    assert.match(create({ to: [address] }), /is the virtual address of balancer \w+, which serves/);
  }
});

test('bad input: the port of the operator’s own SSH is kept as well', () => {
  // Goal: nobody locks himself out. Method: SSH at 22 by the caller, then at another port.
  const at = (port: number, typed: Typed): string =>
    refusalOf({ view, caller: { ...CALLER, local: { host: '192.0.2.1', port } } }, 'create', {
      name: 'web',
      to: ['role=web:80'],
      on: ['vm1'],
      ...typed,
    });
  assert.match(at(2222, { listen: '2222' }), /takes 2222 of vm1, where SSH comes in/);
  assert.equal(at(2222, { listen: '2222', force: true }), 'done');
  assert.equal(at(22, { listen: '2222' }), 'done');
});

test('bad input: what HAProxy cannot carry is refused by what asks for it', () => {
  // Goal: nothing is ignored in silence. Method: one port more than it carries, by the mode and by
  // its name; as many as it carries pass, and so do more with nft.
  const to = ['vm2:1000'];
  for (const typed of [{ mode: 'leastconn' }, { engine: 'haproxy' }]) {
    const refused = create({ ...typed, to, listen: '1000-1064' });
    assert.match(refused, /^listen: tcp\/1000-1064: haproxy carries at most 64 ports of one/);
    assert.equal(create({ ...typed, to, listen: '1000-1063' }), 'done');
  }
  for (const mode of ['roundrobin', 'source', 'random']) {
    assert.equal(create({ mode, to, listen: '1000-1064' }), 'done');
  }
});

test('bad input: edit, drain and delete name what is not there', () => {
  // Goal: field, value, remedy. Method: a table of what does not fit what stands.
  const drain = (typed: Typed) =>
    refusalOf({ view }, 'drain', { name: 'front', members: ['vm2'], ...typed });
  assert.match(edit({ name: 'none' }), /^name: none: no such balancer; see cnsmo lb list$/);
  assert.match(edit({ clear: ['mode'] }), /^clear: mode: not known; choose of weight, on, sticky/);
  assert.match(edit({ clear: ['on'], on: ['vm1'] }), /^clear: on: --on is given as well/);
  assert.match(edit({ clear: ['sticky'], sticky: 1_000 }), /--sticky is given as well/);
  assert.match(edit({ protocol: 'udp' }), /^check: tcp: udp takes no connection/);
  assert.equal(edit({ protocol: 'udp', check: 'none' }), 'done');
  assert.match(edit({ listen: '95', on: ['vm1'] }), /^listen: tcp\/95: balancer front has/);
  assert.match(drain({ members: ['vm1'] }), /^members: vm1: is no backend of front; see cnsmo lb/);
  assert.match(drain({ members: ['vm9'] }), /^members: vm9: no member of that name/);
  assert.match(drain({ members: [] }), /^members: \(empty\): names nobody/);
  assert.match(drain({ name: 'none' }), /^name: none: no such balancer/);
  assert.equal(drain({}), 'done');
  assert.match(refusalOf({ view }, 'delete', { names: ['known', 'x'] }), /^names: x: no such/);
  assert.equal(refusalOf({ view }, 'delete', { names: ['known', 'known'] }), 'done');
});

test('bad input: a list of thousands is refused by its field, before any of it is read', () => {
  // Goal: field, value, remedy. Method: 10,000 of them in each list; as many of one are one.
  const many = Array.from({ length: 10_000 }, (_, n) => `role=r${n}`);
  assert.match(create({ to: many }), /^to: 10000 of them: names more than 256; /);
  assert.match(create({ on: many }), /^on: 10000 of them: names more than 256; /);
  const weights = many.map((each) => `${each}=2`);
  assert.match(create({ weight: weights }), /^weight: 10000 of them: names more than 256; /);
  const drained = { name: 'front', members: many };
  assert.match(refusalOf({ view }, 'drain', drained), /^members: 10000 of them: names more than/);
  assert.equal(create({ to: many.map(() => 'vm2:80') }), 'done');
});

test('bad input: a prefix without a free address leaves IPv6, and says so', () => {
  // Goal: no failure in silence. Method: a /30, whose two addresses members have.
  const members = MEMBERS.slice(0, 2).map((each, at) => ({ ...each, ipv4: `10.9.0.${at + 1}` }));
  const narrow = fourMembers(members);
  const full = { ...narrow, mesh: { ...narrow.mesh, prefix: '10.9.0.0/30' } };
  const made = after(full, ['create', { name: 'web', listen: '80', to: ['vm2'] }]);
  assert.equal(balancersOf(made).balancers[0]?.addresses.ipv4, null);
});

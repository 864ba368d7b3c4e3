import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberOf, type Objects } from '../test-view.ts';
import { readNeighbours } from './neighbours.ts';
import { shadows } from './shadows.ts';
import { laneOf, ruleOf, siteOf, viewOf } from './test-policy.ts';

const chain = (family: string, table: string, name: string, more: object = {}) => ({
  chain: { family, table, name, handle: 1, ...more },
});
const hooked = (hook: string, policy: string) => ({ type: 'filter', hook, prio: 0, policy });
const listed = (...objects: readonly object[]) => ({
  status: 0,
  stdout: JSON.stringify({ nftables: [{ metainfo: {} }, ...objects] }),
  stderr: '',
});

test('foreign chains that drop are named with what to say to their program', () => {
  // Goal: what we let through and others drop is told. Method: the chains that ufw, firewalld and
  // docker make, and one of nobody; twins: ours, and chains that accept.
  const result = listed(
    chain('inet', 'cnsmo', 'input', hooked('input', 'accept')),
    chain('ip', 'filter', 'INPUT', hooked('input', 'drop')),
    chain('ip', 'filter', 'ufw-before-input'),
    chain('ip', 'nat', 'DOCKER'),
    chain('ip6', 'filter', 'FORWARD', hooked('forward', 'drop')),
    chain('ip6', 'filter', 'DOCKER-USER'),
    chain('inet', 'firewalld', 'filter_INPUT', hooked('input', 'accept')),
    chain('inet', 'mine', 'guard', hooked('input', 'drop')),
  );
  const said = shadows(readNeighbours({ chains: result }, 'cnsmo0'), 'cnsmo0', []);
  assert.deepEqual(
    said.map((line) => line.split(': drops')[0]),
    ['ufw: ip filter INPUT', 'docker: ip6 filter FORWARD', 'another program: inet mine guard'],
  );
  assert.match(said[0] ?? '', /ufw allow in on cnsmo0/);
  assert.match(said[1] ?? '', /DOCKER-USER -i cnsmo0 -j ACCEPT/);
  const programs = readNeighbours({ chains: result }, 'cnsmo0').map(({ program }) => program);
  assert.deepEqual(programs, ['ufw', 'docker', 'firewalld', null]);
});

const rule = (chainName: string, ...expr: readonly object[]) => ({
  rule: { family: 'inet', table: 'firewalld', chain: chainName, handle: 1, expr },
});
const from = (name: unknown) => ({
  match: { op: '==', left: { meta: { key: 'iifname' } }, right: name },
});
const reject = { reject: { type: 'icmpx', expr: 'admin-prohibited' } };

test('who refuses by a last rule is named, until it accepts what comes in on our interface', () => {
  // Goal: firewalld, whose chains accept by policy, and a remedy that ends the note. Method: its
  // chains with the interface in a zone that refuses, in one that accepts; then other rules.
  const base = [
    chain('inet', 'firewalld', 'filter_INPUT', hooked('input', 'accept')),
    ...['zones', 'IN_public', 'IN_trusted'].map((name) => chain('inet', 'firewalld', name)),
  ];
  const saidOf = (...rules: readonly object[]): readonly string[] => {
    const results = { chains: listed(...base), 'table inet firewalld': listed(...base, ...rules) };
    return shadows(readNeighbours(results, 'cnsmo0'), 'cnsmo0', []);
  };
  const input = (...zones: readonly object[]) => [
    rule(
      'filter_INPUT',
      { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'established' } },
      { accept: null },
    ),
    rule('filter_INPUT', { jump: { target: 'zones' } }),
    rule('filter_INPUT', { counter: { packets: 0, bytes: 0 } }, reject),
    ...zones,
    rule('IN_public', { jump: { target: 'services' } }),
    rule('IN_trusted', { accept: null }),
  ];
  const zone = (name: unknown, target: string) => rule('zones', from(name), { goto: { target } });
  assert.match(saidOf(...input())[0] ?? '', /^firewalld: inet firewalld filter_INPUT: drops/);
  assert.equal(saidOf(...input(zone('cnsmo0', 'IN_public'))).length, 1);
  assert.equal(saidOf(...input(zone('eth0', 'IN_trusted'))).length, 1);
  assert.deepEqual(saidOf(...input(zone('cnsmo0', 'IN_trusted'))), []);
  assert.deepEqual(saidOf(...input(zone('cnsmo*', 'IN_trusted'))), []);
  assert.deepEqual(saidOf(...input(zone({ set: ['cnsmo0', 'eth1'] }, 'IN_trusted'))), []);
  assert.deepEqual(saidOf(rule('filter_INPUT', from('eth0'), reject)), [], 'not of all');
  assert.deepEqual(saidOf(rule('elsewhere', reject)), [], 'nothing leads there');
  const port = {
    match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 22 },
  };
  const one = rule('filter_INPUT', from('cnsmo0'), port, { accept: null });
  assert.equal(saidOf(one, rule('filter_INPUT', reject)).length, 1, 'one port is not all');
});

test('a listing that cannot be read names nobody', () => {
  // Goal: never a guess. Method: no result, a failure, no JSON.
  for (const result of [undefined, { ...listed(), status: 1 }, { ...listed(), stdout: 'x' }]) {
    assert.deepEqual(readNeighbours(result === undefined ? {} : { chains: result }, 'cnsmo0'), []);
  }
});

const port = (of: string, right: unknown) => ({
  match: { op: '==', left: { payload: { protocol: of, field: 'dport' } }, right },
});
const DROP = { drop: null };
const ACCEPT = { accept: null };

/** Rules of this VM: tcp/443 and tcp/8000-8010 over the VPN, tcp/443 from outside, udp/53 out. */
const OURS: Objects = {
  'rule/web': ruleOf({ protocol: 'tcp', ports: [[443, 443]] }),
  'rule/range': ruleOf({ protocol: 'tcp', ports: [[8000, 8010]] }),
  'rule/public': ruleOf({ zone: 'wan', protocol: 'tcp', ports: [[443, 443]] }),
  'rule/dns': ruleOf({ direction: 'out', zone: 'wan', protocol: 'udp', ports: [[53, 53]] }),
  'rule/office': ruleOf({
    ...{ zone: 'wan', protocol: 'tcp', ports: [[22, 22]] },
    from: [{ kind: 'cidr', cidr: '203.0.113.0/24' }],
  }),
  'rule/denied': ruleOf({ action: 'deny', protocol: 'tcp', ports: [[25, 25]] }),
};
const site = siteOf(viewOf([memberOf(1)], OURS));
const LANES = (['mesh', 'wan'] as const).flatMap((zone) =>
  (['in', 'out'] as const).map((direction) => laneOf(site, zone, direction)),
);

test('a foreign drop of what a rule lets through is named, with that rule and the remedy', () => {
  // Goal: no allow is in vain unseen. Method: chains of others with one rule after another; which
  // rules of ours are named; twins: other ports, other interfaces, what is accepted before, what
  // only drops what is old, and what cannot be read.
  const vain = (hook: string, rules: readonly object[], policy = 'accept'): string => {
    const base = chain('inet', 'mine', 'guard', hooked(hook, policy));
    const given = rules.map((each) => ({
      rule: { family: 'inet', table: 'mine', chain: 'guard', ...each },
    }));
    const results = { chains: listed(base), 'table inet mine': listed(base, ...given) };
    return shadows(readNeighbours(results, 'cnsmo0'), 'cnsmo0', LANES)
      .map((line) => /which rule (\S+) allows; /.exec(line)?.[1] ?? line)
      .join();
  };
  const expr = (...statements: readonly object[]) => ({ expr: statements });
  const iif = (op: string, name: string) => ({
    match: { op, left: { meta: { key: 'iifname' } }, right: name },
  });
  const state = (right: unknown) => ({
    match: { op: 'in', left: { ct: { key: 'state' } }, right },
  });
  const saddr = (addr: string, len: number) => ({
    match: {
      ...{ op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } } },
      right: { prefix: { addr, len } },
    },
  });
  const local = { match: { op: '==', left: { fib: { result: 'type' } }, right: 'local' } };
  const RETURN = { return: null };
  const leading = [{ jump: { target: 'other' } }];
  const at = (...statements: readonly object[]) => ({ chain: 'other', expr: statements });
  const xt = (name: string) => ({ xt: { type: 'match', name } });
  const cases: readonly (readonly [string, readonly object[], string])[] = [
    ['input', [expr(port('tcp', 443), DROP)], 'web,public'],
    ['prerouting', [expr(port('tcp', 443), DROP)], 'web,public'],
    ['input', [expr(port('tcp', { set: [80, 443] }), reject)], 'web,public'],
    ['input', [expr(port('th', 443), DROP)], 'web,public'],
    ['input', [expr(port('tcp', 444), DROP)], ''],
    ['input', [expr(port('udp', 443), DROP)], ''],
    ['input', [expr(port('tcp', { range: [8005, 9000] }), DROP)], 'range'],
    ['input', [expr(port('tcp', 25), DROP)], ''],
    ['input', [expr(iif('==', 'cnsmo0'), port('tcp', 443), DROP)], 'web'],
    ['input', [expr(iif('==', 'eth0'), port('tcp', 443), DROP)], ''],
    ['input', [expr(iif('!=', 'cnsmo0'), port('tcp', 443), DROP)], 'public'],
    ['input', [expr(port('tcp', 443), ACCEPT), expr(port('tcp', 443), DROP)], ''],
    ['input', [expr(state('established'), ACCEPT), expr(port('tcp', 443), DROP)], 'web,public'],
    ['input', [expr(state('invalid'), DROP)], ''],
    ['input', [expr(xt('set'), port('tcp', 443), DROP)], ''],
    ['input', [expr(xt('set'), ACCEPT), expr(port('tcp', 443), DROP)], ''],
    ['input', [expr(xt('conntrack'), ACCEPT), expr(port('tcp', 443), DROP)], 'web,public'],
    ['input', [expr(saddr('203.0.113.0', 24), DROP)], 'office'],
    ['input', [expr(saddr('203.0.113.7', 32), port('tcp', 22), DROP)], 'office'],
    ['input', [expr(saddr('198.51.100.0', 24), DROP)], ''],
    ['input', [expr(port('tcp', 443), ...leading), at(local, RETURN), at(DROP)], ''],
    ['input', [expr(port('tcp', 443), ...leading), at(iif('==', 'eth0'), RETURN), at(DROP)], 'web'],
    ['input', [expr(port('tcp', 8000), ...leading), at(port('tcp', 8001), DROP)], ''],
    ['input', [expr({ vmap: {} }), expr(port('tcp', 443), DROP)], ''],
    ['input', [expr(iif('!=', '@vpn'), port('tcp', 443), DROP)], ''],
    ['output', [expr(port('udp', 53), DROP)], 'dns'],
    ['output', [expr(port('tcp', 443), DROP)], ''],
    ['forward', [expr(port('tcp', 443), DROP)], ''],
  ];
  for (const [hook, rules, expected] of cases) {
    assert.equal(vain(hook, rules), expected, `${hook} ${JSON.stringify(rules)}`);
  }
  const all = [expr(iif('==', 'cnsmo0'), ACCEPT)];
  assert.equal(vain('input', all, 'drop'), 'office,public', 'the VPN is accepted, the rest is not');
  assert.equal(
    vain('input', [...all, expr(port('tcp', { set: [22, 443] }), ACCEPT)], 'drop'),
    '',
    'all of it is',
  );
  assert.match(vain('output', [], 'drop'), /inet mine guard: drops at output .* leaves by cnsmo0/);
});

const UNASKED = { chains: listed(), legacy: { status: 0, stdout: '', stderr: '' } };

test('what iptables-legacy drops is named, though nft shows nothing of it', () => {
  // Goal: no table is unseen. Method: what its tool lists, by policy and by rule; twins: tables
  // that accept, and a kernel that has none.
  const saidOf = (...lines: readonly string[]): readonly string[] => {
    const listing = ['*filter', ...lines, 'COMMIT', ''].join('\n');
    const results = {
      chains: listed(),
      legacy: { status: 0, stdout: 'ip_tables_names:filter', stderr: '' },
      'legacy ip': { status: 0, stdout: listing, stderr: '' },
    };
    return shadows(readNeighbours(results, 'cnsmo0'), 'cnsmo0', LANES);
  };
  const open = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
  assert.deepEqual(saidOf(...open), []);
  assert.match(
    saidOf(':INPUT DROP [5:300]').join(),
    /^iptables-legacy: ip filter \(legacy\) INPUT: drops at input .*iptables-legacy -I INPUT -i cn/,
  );
  const rules = [
    ['-A INPUT -p tcp -m tcp --dport 443 -j DROP', 2],
    ['-A INPUT -p tcp -m multiport --dports 80,443 -j REJECT --reject-with tcp-reset', 2],
    ['-A INPUT -i cnsmo+ -p tcp -m tcp --dport 443 -j DROP', 1],
    ['-A INPUT ! -i cnsmo0 -p tcp -m tcp --dport 443 -j DROP', 1],
    ['-A INPUT -s 203.0.113.0/24 -j DROP', 1],
    ['-A INPUT -m conntrack --ctstate INVALID -j DROP', 0],
    ['-A INPUT -m string --string x -p tcp -m tcp --dport 443 -j DROP', 0],
    ['-A OUTPUT -p udp -m udp --dport 53 -j DROP', 1],
    ['-A INPUT -p tcp -m tcp --dport 8443 -j DROP', 0],
    ['-A INPUT -p tcp -m tcp --dport 443 -m comment --comment no -j DROP', 2],
    ['-A INPUT -p tcp -m tcp --dport 443 -m comment --comment "say \\" -j ACCEPT" -j DROP', 2],
    ['-A INPUT -p tcp -m tcp --dport 443 -m comment --comment -j -j DROP', 2],
    ['-A INPUT -p tcp -m tcp --dport 1024:65535 -j DROP', 1],
    ['-A INPUT -s 10.0.0.0/255.0.255.0 -j DROP', 0],
    ['-A INPUT -j LOG --log-prefix "-j DROP"', 0],
  ] as const;
  for (const [line, count] of rules) assert.equal(saidOf(...open, line).length, count, line);
  const web = '-A INPUT -p tcp -m tcp --dport 443';
  const accepting = [
    `${web} -m comment --comment "web in" -j ACCEPT`,
    `${web} -m comment --comment "a -j DROP" -j ACCEPT`,
    `${web} --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT`,
    `${web} -m set ! --match-set allowed src -j ACCEPT`,
    `${web} -m string --string "x y" --algo bm --to 65535 -g ACCEPT`,
    `${web} -j NFQUEUE --queue-num 0`,
  ];
  for (const line of accepting) {
    assert.deepEqual(saidOf(...open, line, `${web} -j DROP`), [], line);
  }
  const read = readNeighbours(UNASKED, 'cnsmo0');
  assert.equal(shadows(read, 'cnsmo0', LANES), shadows(read, 'cnsmo0', LANES), 'found once');
  const led = [...open, ':mine - [0:0]', '-A INPUT -j mine', '-A mine -p tcp --dport 443 -j DROP'];
  assert.equal(saidOf(...led).length, 2);
  assert.deepEqual(readNeighbours(UNASKED, 'cnsmo0'), []);
});

test('a chain that our interface leaves before its last rule is asked rule by rule', () => {
  // Goal: nothing of the mesh is said to be dropped that is not. Method: a chain that returns what
  // comes in on our interface and drops the rest, by an open policy and by one that drops, and one
  // where the return comes of a chain that it leads to; rules of the mesh and of the rest.
  const open = [rule('in', from('cnsmo0'), { return: null }), rule('in', { drop: null })];
  const led = [rule('in', { jump: { target: 'sub' } }), rule('in', { drop: null })];
  const cases = [
    ['accept', open, /^firewalld: inet firewalld in: drops tcp\/443 \(wan in\), which rule w/],
    ['drop', open, /^firewalld: inet firewalld in: drops at input what it does not accept/],
    ['accept', [...led, rule('sub', from('cnsmo0'), { return: null })], /: drops at input what it/],
  ] as const;
  const port = { protocol: 'tcp', ports: [[443, 443]] };
  const view = viewOf([memberOf(1)], {
    'rule/m': ruleOf({ zone: 'mesh', ...port }),
    'rule/w': ruleOf({ zone: 'wan', ...port }),
  });
  for (const [policy, rules, expected] of cases) {
    const base = chain('inet', 'firewalld', 'in', hooked('input', policy));
    const [all, table] = [listed(base), listed(base, ...rules)];
    const results = { chains: all, 'table inet firewalld': table };
    const lanes = (['mesh', 'wan'] as const).map((zone) => laneOf(siteOf(view), zone, 'in'));
    const said = shadows(readNeighbours(results, 'cnsmo0'), 'cnsmo0', lanes);
    assert.equal(said.length, 1, said.join());
    assert.match(said[0] ?? '', expected);
  }
});

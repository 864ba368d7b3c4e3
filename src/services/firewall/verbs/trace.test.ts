import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foresee } from '../../../crdt/foresight.ts';
import { finish, UNMETERED } from '../../../crdt/meter.ts';
import { trustPath } from '../../../crdt/paths.ts';
import { argumentsOf, CALLER, sceneOf, type Typed } from '../../test-ask.ts';
import { idOf, memberOf } from '../../test-view.ts';
import type { Reached } from '../../verb.ts';
import { viewOf } from '../test-policy.ts';
import { after, ask, refusalOf, threeMembers } from './test-ask.ts';
import { firewallVerbs } from './verbs.ts';

const view = threeMembers();

test('verbs: what would cut the operator, SSH or the mesh is refused, unless forced', () => {
  // Goal: nobody saws off the branch. Method: a table of cuts and of near misses.
  const desk = { view, caller: CALLER };
  for (const [verb, typed, expected] of [
    ['deny', { traffic: 'tcp/22', zone: 'wan' }, /^your session: 203\.0\.113\.7 to vm1, tcp\/22/],
    ['deny', { traffic: 'any', zone: 'wan', on: ['vm2'] }, /^SSH: 203\.0\.113\.7 to vm2, tcp\/22/],
    [
      'deny',
      { traffic: 'udp/7300', zone: 'wan' },
      /^mesh: vm\d to vm\d, udp\/7300: rule deny-udp-7/,
    ],
    ['reject', { traffic: 'tcp/7300', zone: 'wan', direction: 'out' }, /^mesh: /],
    ['deny', { traffic: 'tcp/22', from: ['203.0.113.0/24'] }, /^your session: /],
    ['deny', { traffic: 'tcp/22', from: ['198.51.100.0/24'] }, /^done$/],
    ['deny', { traffic: 'tcp/22', zone: 'mesh' }, /^done$/],
    ['deny', { traffic: 'tcp/22', zone: 'wan', disabled: true }, /^done$/],
    ['deny', { traffic: 'tcp/22', zone: 'wan', audit: true }, /^done$/],
    ['deny', { traffic: 'udp/7301', zone: 'wan' }, /^done$/],
    ['default', { direction: 'in', action: 'deny', zone: 'wan' }, /^done$/],
    [
      'deny',
      { traffic: 'udp/7300', from: ['::/0'] },
      /^mesh: .*rule deny-udp-7300 would cut it at vm\d for IPv6/,
    ],
    ['deny', { traffic: 'any', zone: 'mesh' }, /^mesh: vm1: nothing would pass between it and any/],
    ['reject', { traffic: 'any', from: ['mesh'], direction: 'out' }, /^mesh: vm1: nothing would/],
    ['deny', { traffic: 'any', from: ['role=web'] }, /^done$/],
    ['deny', { traffic: 'any', to: ['vm2'] }, /^done$/],
    ['deny', { traffic: 'icmp,icmpv6' }, /^traffic: /],
    ['deny', { traffic: 'icmp' }, /^done$/],
    ['deny', { traffic: 'tcp' }, /^done$/],
    ['default', { direction: 'in', action: 'deny' }, /^done$/],
  ] as const) {
    assert.match(refusalOf(desk, verb, typed), expected);
    if (String(expected).startsWith('/^traffic')) continue;
    assert.equal(refusalOf(desk, verb, { ...typed, force: true }), 'done');
  }
  assert.match(refusalOf({ view }, 'deny', { traffic: 'tcp/22', from: ['::/0'] }), /^SSH: 3fff::1/);
  const mesh = {
    ...CALLER,
    remote: { host: '10.10.0.2', port: 1 },
    local: { host: '10.10.0.1', port: 22 },
  };
  assert.match(
    refusalOf({ view, caller: mesh }, 'deny', { traffic: 'tcp/22' }),
    /^your session: vm2 to vm1, tcp\/22: rule deny-tcp-22 would cut it at vm/,
  );
  const mesh6 = {
    remote: { host: 'fd00:1::2', port: 1 },
    local: { host: 'fd00:1::1', port: 22 },
  };
  const deny = (from: string): string =>
    refusalOf({ view, caller: mesh6 }, 'deny', { traffic: 'tcp/22', from: [from], on: ['vm1'] });
  assert.match(deny('fd00:1::/64'), /^your session: vm2 to vm1, .* for IPv6/);
  assert.match(deny('10.10.0.0/16'), /^SSH: /, 'its session comes by IPv6');
  assert.match(
    refusalOf({ view, caller: mesh }, 'deny', {
      ...{ traffic: 'tcp/22', from: ['fd00:1::/64'], on: ['vm1'] },
    }),
    /^SSH: /,
    'its session comes by IPv4',
  );
});

test('verbs: of many members it is those that a change names whose ways count first', () => {
  // Goal: no mesh is too big to be guarded. Method: 40 members, of which the last is named by its
  // label, its name and its address; or gets the label of a rule. Twins: another port, and the
  // label of nobody.
  const numbers = Array.from({ length: 40 }, (_, index) => index + 1);
  const crowd = viewOf(
    numbers.map((n) => memberOf(n, n === 40 ? { role: 'last' } : {})),
    {},
  );
  const deny = (typed: Typed): string =>
    refusalOf({ view: crowd, caller: CALLER }, 'deny', {
      ...{ traffic: 'udp/7300', zone: 'wan', ...typed },
    });
  const cut = /^mesh: vm40 to vm1, udp\/7300: rule deny-udp-7300 would cut it at vm1/;
  for (const from of ['role=last', 'vm40', '192.0.2.40/32']) {
    assert.match(deny({ from: [from] }), cut, from);
  }
  assert.match(deny({ to: ['vm40'], direction: 'out' }), /^mesh: vm1 to vm40, /);
  assert.match(deny({ on: ['vm40'], direction: 'out' }), /^mesh: vm40 to vm1, /);
  for (const fine of [{ from: ['role=last'], traffic: 'udp/7301' }, { from: ['role=none'] }]) {
    assert.equal(deny(fine), 'done', JSON.stringify(fine));
  }
  const shut: Typed = { traffic: 'udp/7300', zone: 'wan', from: ['role=shut'] };
  const ruled = ask({ view: crowd }, 'deny', shut).view;
  const label = (role: string): void => {
    const edits = [{ path: trustPath('label', idOf(40)), value: { labels: { role } } }];
    const scene = sceneOf({ view: ruled, caller: CALLER });
    const labelled = foresee(ruled, edits, scene.self);
    finish(firewallVerbs.mustUphold?.(scene, labelled, false, UNMETERED) ?? assert.fail());
  };
  assert.throws(() => label('shut'), /mesh: vm40 to vm1, udp\/7300: /);
});

test('verbs: a limit too low for the ways that must stay is as good as a cut', () => {
  // Goal: nobody is locked out by a number. Method: limits on SSH and on the mesh's port, below and
  // above what is needed; on another port; by force; and one that was there before.
  const desk = { view, caller: CALLER };
  const allow = (typed: Typed): string =>
    refusalOf(desk, 'allow', { zone: 'wan', traffic: 'tcp/22', ...typed });
  assert.match(
    allow({ connections: 1 }),
    /^your session: .*: rule allow-tcp-22 at vm1 lets through only 1 at a time from one address, /,
  );
  assert.match(allow({ rate: '1/hour' }), /^your session: .* only 1 new ones a hour, and 3 a min/);
  assert.match(
    allow({ traffic: 'udp/7300', rate: '1/minute' }),
    /^mesh: vm\d to vm\d, udp\/7300: /,
  );
  assert.match(allow({ connections: 1, on: ['vm3'] }), /^SSH: 203.0.113.7 to vm3, tcp\/22: /);
  for (const fine of [
    { connections: 3 },
    { rate: '5/minute' },
    { rate: '1/second' },
    { traffic: 'udp/7300', rate: '100/second' },
    { traffic: 'tcp/80', connections: 1 },
    { connections: 1, force: true },
  ]) {
    assert.equal(allow(fine), 'done', JSON.stringify(fine));
  }
  const low = after(view, [
    'allow',
    { zone: 'wan', traffic: 'tcp/22', connections: 1, name: 'low', force: true },
  ]);
  const lower = { zone: 'wan', traffic: 'tcp/22', connections: 2, name: 'low', replace: true };
  assert.equal(refusalOf({ ...desk, view: low }, 'allow', lower), 'done', 'it was low before');
});

test('verbs: trace names who decides, on both ends', () => {
  // Goal: "why does it not work" in one line. Method: rule, default, guard, and nobody.
  const ruled = after(
    view,
    ['deny', { traffic: 'tcp/443', from: ['role=web'], name: 'no-web' }],
    ['reject', { traffic: 'tcp/25', direction: 'out', name: 'no-mail' }],
    ['default', { direction: 'in', action: 'deny', zone: 'wan', force: true }],
  );
  const trace = (from: string, to: string, traffic: string) =>
    ask({ view: ruled }, 'trace', { from, to, traffic }).shown.lines?.join();
  assert.equal(
    trace('vm2', 'vm1', 'tcp/443'),
    'tcp/443 from vm2 10.10.0.2 to vm1 10.10.0.1 (mesh): deny by rule no-web.',
  );
  assert.match(trace('vm1', 'vm2', 'tcp/443') ?? '', /: allow by default\.$/);
  assert.match(trace('vm1', 'vm2', 'tcp/25') ?? '', /: reject by rule no-mail\.$/);
  assert.match(trace('203.0.113.7', 'vm1', 'tcp/443') ?? '', /\(wan\): deny by default\.$/);
  assert.match(trace('203.0.113.7', 'vm1', 'icmp') ?? '', /: allow by always open: echo\.$/);
  assert.match(
    trace('203.0.113.7', '203.0.113.8', 'tcp/1') ?? '',
    /: allow by no member on the way enforces a firewall\.$/,
  );
  const off = viewOf([memberOf(1), { ...memberOf(2), services: ['vpn'] }], {});
  const denied = after(off, ['deny', { traffic: 'tcp/443', name: 'all' }]);
  const { body } = ask({ view: denied }, 'trace', { from: 'vm1', to: 'vm2', traffic: 'tcp/443' });
  assert.equal((body as { action: string }).action, 'allow', 'vm2 consents to no firewall');
  for (const traffic of ['tcp', 'tcp/1-2', 'tcp/1,2', 'any', 'icmp/echo-request,echo-reply']) {
    const line = refusalOf({ view }, 'trace', { from: 'vm1', to: 'vm2', traffic });
    assert.match(line, /^traffic: /, traffic);
  }
  assert.match(
    refusalOf({ view }, 'trace', { from: 'role=web', to: 'vm1', traffic: 'tcp/1' }),
    /^from: role=web: means more than one/,
  );
});

test('trace: an address asks for its family, and names for both where they differ', () => {
  // Goal: IPv6 between members as well. Method: a rule on an IPv6 address alone; asked by names, by
  // either family's addresses in several spellings, and in a mix.
  const ruled = after(view, ['deny', { traffic: 'tcp/80', to: ['fd00:1::2/128'], name: 'six' }]);
  const trace = (from: string, to: string, traffic = 'tcp/80') =>
    ask({ view: ruled }, 'trace', { from, to, traffic }).shown.lines;
  const six = 'tcp/80 from vm1 fd00:1::1 to vm2 fd00:1::2 (mesh): deny by rule six.';
  const four = 'tcp/80 from vm1 10.10.0.1 to vm2 10.10.0.2 (mesh): allow by default.';
  assert.deepEqual(trace('vm1', 'vm2'), [four, six]);
  assert.deepEqual(trace('vm1', 'vm3')?.length, 1, 'nothing differs');
  assert.deepEqual(trace('vm1', 'fd00:1::2'), [six]);
  assert.deepEqual(trace('fd00:1:0::1', 'FD00:1::2'), [six]);
  assert.deepEqual(trace('vm1', '10.10.0.2'), [four]);
  assert.deepEqual(trace('10.10.0.1', 'vm2'), [four]);
  const mixed = { from: '10.10.0.1', to: 'fd00:1::2', traffic: 'tcp/80' };
  assert.match(refusalOf({ view }, 'trace', mixed), /^to: vm2: the two have no address of one fam/);
  const verb = firewallVerbs.verbs.find(({ name }) => name === 'trace');
  const hostTo = (to: string) => {
    const given = argumentsOf({ from: 'vm1', to, traffic: 'tcp/80', live: true });
    return verb?.attempt?.(sceneOf({ view: ruled }), given)?.host;
  };
  assert.equal(hostTo('fd00:1::2'), 'fd00:1::2');
  assert.equal(hostTo('vm2'), '10.10.0.2');
  const live: Typed = { from: 'vm1', to: 'vm2', traffic: 'tcp/80', live: true };
  const said = ask({ view: ruled, reached: 'silent' }, 'trace', live).shown.lines?.at(-1);
  assert.match(said ?? '', /^Tried by IPv4: silent\. That is not what the rules say/);
});

test('trace: --live says whether what was tried fits what the rules say', () => {
  // Goal: a doubt is said. Method: each outcome against a deny and an allow; what cannot be tried.
  const ruled = after(view, ['deny', { traffic: 'tcp/443', name: 'no' }]);
  const typed = (traffic: string): Typed => ({ from: 'vm1', to: 'vm2', traffic, live: true });
  const trace = firewallVerbs.verbs.find(({ name }) => name === 'trace');
  const given = argumentsOf(typed('tcp/443'));
  assert.deepEqual(trace?.attempt?.(sceneOf({ view: ruled }), given), {
    ...{ from: idOf(1), host: '10.10.0.2', protocol: 'tcp', port: 443 },
  });
  const said = (traffic: string, reached: Reached) =>
    ask({ view: ruled, reached }, 'trace', typed(traffic)).shown.lines?.[1] ?? '';
  assert.equal(said('tcp/443', 'silent'), 'Tried: silent.');
  assert.match(said('tcp/443', 'answered'), /^Tried: answered\. That is not what the rules say/);
  assert.equal(said('tcp/80', 'answered'), 'Tried: answered.');
  assert.match(
    said('tcp/80', 'refused'),
    /^Tried: it was reset: nobody listens there, or a reject\.$/,
  );
  assert.match(said('tcp/80', 'silent'), /^Tried: silent\. That is not what/);
  for (const [way, expected] of [
    [typed('udp/53'), /^Fault: live: udp\/53: gives no answer that tells/],
    [{ ...typed('tcp/1'), from: '203.0.113.7' }, /^Fault: live: tcp\/1: only from a member/],
  ] as const) {
    const scene = sceneOf({ view });
    assert.throws(() => trace?.attempt?.(scene, argumentsOf(way)), expected);
  }
  assert.equal(trace?.attempt?.(sceneOf({ view }), argumentsOf({})), null);
});

test('verbs: the session counts where it comes in, whatever the member advertises', () => {
  // Goal: the address of the SSH connection is judged. Method: a member behind NAT, reached at its
  // inside address; a rule on that address, and its twin on the advertised one.
  const [first, ...others] = view.members;
  assert.ok(first?.endpoints !== null && first !== undefined);
  const advertised = { host: '198.51.100.1', port: 7300 };
  const inside = { ...first, endpoints: { ...first.endpoints, advertised } };
  const local = { host: '172.16.0.5', port: 22 };
  const desk = { view: { ...view, members: [inside, ...others] }, caller: { ...CALLER, local } };
  const deny = (to: string): string =>
    refusalOf(desk, 'deny', { traffic: 'tcp/22', to: [to], zone: 'wan', on: ['vm1'] });
  assert.match(deny('172.16.0.5/32'), /^your session: /);
  assert.match(deny('198.51.100.1/32'), /^SSH: /);
  assert.equal(deny('172.16.0.6/32'), 'done');
});

test('verbs: a group that changes is weighed by the rules that name it', () => {
  // Goal: no cut by way of a group. Method: a rule on a group that is harmless until the group is
  // changed to hold the operator; the twin changes it to hold somebody else.
  const desk = { view, caller: CALLER };
  const ruled = after(
    view,
    ['group set', { name: 'bad', members: ['198.51.100.0/24'] }],
    ['deny', { traffic: 'any', from: ['group:bad'], zone: 'wan', name: 'no-bad' }],
  );
  const set = (cidr: string): string =>
    refusalOf({ ...desk, view: ruled }, 'group set', { name: 'bad', members: [cidr] });
  assert.match(set('203.0.113.0/24'), /^your session: .*rule no-bad would cut it/);
  assert.equal(set('198.51.100.7/32'), 'done');
  const kept = after(
    view,
    ['allow', { traffic: 'tcp/22', zone: 'wan', priority: 1, name: 'ssh' }],
    ['deny', { traffic: 'tcp', from: ['203.0.113.0/24'], zone: 'wan', name: 'no-tcp' }],
  );
  assert.match(
    refusalOf({ ...desk, view: kept }, 'delete', { names: ['ssh'] }),
    /^your session: .*rule no-tcp would cut it/,
  );
  assert.equal(refusalOf({ ...desk, view: kept }, 'delete', { names: ['no-tcp'] }), 'done');
});

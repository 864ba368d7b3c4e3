import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../test-view.ts';
import { FORWARDING, forwardSteps, readForwarding } from './forwarding.ts';
import { LISTENERS, readListeners } from './listeners.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { at, selfOf, viewOf, WEB } from './test-balancers.ts';

const said = (stdout: string, status = 0) => ({ status, stdout, stderr: '' });
const ON = { ...WEB, on: [{ kind: 'member', id: idOf(1) }] };

/** As ss of iproute2 6.1 prints them. */
const LISTED = `udp UNCONN 0      0 127.0.0.1:323 0.0.0.0:* users:(("chronyd",pid=5,fd=5))
udp UNCONN 0      0 10.0.0.9%eth0:68 0.0.0.0:* users:(("dhclient",pid=7,fd=9))
tcp LISTEN 0      511          0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=812,fd=6))
tcp LISTEN 0      128             [::]:22             [::]:*
tcp LISTEN 0      511                *:81                *:*    users:(("node",pid=9,fd=1))
tcp LISTEN 0      128  [fe80::1]%eth0:546             [::]:*
tcp LISTEN 0      50  [::ffff:127.0.0.1]:8005             *:*    users:(("java",pid=3,fd=4))
tcp LISTEN 0      128        10.10.0.1:443         0.0.0.0:*    users:(("nginx",pid=812,fd=7))
`;

test('lb: who listens here is read, whatever the form of its address', () => {
  // Goal: a program that has the port is found and named. Method: lines as ss prints them.
  assert.deepEqual(
    readListeners(said(LISTED))?.map((each) => Object.values(each).join(' ')),
    [
      'udp 127.0.0.1 323 chronyd, process 5',
      'udp 10.0.0.9 68 dhclient, process 7',
      'tcp 0.0.0.0 80 nginx, process 812',
      'tcp :: 22 ',
      'tcp * 81 node, process 9',
      'tcp fe80::1 546 ',
      'tcp ::ffff:127.0.0.1 8005 java, process 3',
      'tcp 10.10.0.1 443 nginx, process 812',
    ],
  );
  assert.equal(readListeners(said('', 127)), null);
});

test('lb: nobody loses a port to a balancer; it stays at its virtual address', () => {
  // Goal: a port that a program, the mesh or another balancer has is not taken. Method: balancers
  // at each kind of port, beside twins that can listen.
  const ports = (first: number, last = first) => ({ protocol: 'tcp', ports: [first, last] });
  const view = viewOf({
    'balancer/a-free': { ...ON, addresses: at(1), listen: ports(8_000, 8_010) },
    'balancer/b-other': { ...ON, addresses: at(2), listen: ports(8_010) },
    'balancer/c-nginx': { ...ON, addresses: at(3), listen: ports(80) },
    'balancer/d-mesh': { ...ON, addresses: at(4), listen: ports(7_300) },
    'balancer/e-own': { ...ON, addresses: at(5), listen: ports(443) },
    'balancer/f-udp': {
      ...{ ...ON, addresses: at(6), check: { kind: 'none' } },
      listen: { protocol: 'udp', ports: [80, 80] },
    },
    'balancer/g-elsewhere': {
      ...{ ...ON, addresses: at(7), on: [{ kind: 'member', id: idOf(2) }] },
      listen: ports(22),
    },
  });
  const table = { chains: new Map(), sets: new Map(), counters: new Map() };
  const { state } = plan(view, selfOf(1), {
    ...{ kind: 'present', table, proxy: { kind: 'unasked' } },
    ...{ listeners: readListeners(said(LISTED)), forwarding: null, closed: [] },
  });
  const isFrontend = (state?.dispatches ?? []).flatMap(({ balancer, isFrontend: is }) =>
    is ? [balancer.name] : [],
  );
  assert.deepEqual(isFrontend, ['a-free', 'e-own', 'f-udp']);
  assert.deepEqual(state?.dispatches.length, 7, 'all have their virtual addresses');
  const why = Object.fromEntries(state?.withheld ?? []);
  assert.deepEqual(Object.keys(why).length, 3);
  assert.match(why['intent/lb/balancer/b-other'] ?? '', /balancer a-free has tcp\/8010/);
  assert.match(why['intent/lb/balancer/c-nginx'] ?? '', /tcp\/80 .*nginx, process 812 has it/);
  assert.match(why['intent/lb/balancer/d-mesh'] ?? '', /port 7300 .*the mesh's own/);
});

test('lb: forwarding is switched on where it was off, and router advertisements go on', () => {
  // Goal: a frontend passes packets on and keeps its own way out. Method: what the kernel says on
  // such hosts, and the commands; nothing is asked of a VM that is no frontend.
  const place = '/proc/sys/net';
  const lines = (ipv4: number, ipv6: number) =>
    `${place}/ipv4/ip_forward:${ipv4}\n${place}/ipv6/conf/all/forwarding:${ipv6}\n` +
    `${place}/ipv6/conf/all/accept_ra:1\n${place}/ipv6/conf/eth0/accept_ra:1\n` +
    `${place}/ipv6/conf/eth1/accept_ra:2\n${place}/ipv6/conf/lo/accept_ra:1\n`;
  const steps = (text: string, made: readonly string[] = []) =>
    forwardSteps(readForwarding(said(text)), new Set(made)).map((command) =>
      command.kind === 'run' ? command.argv.slice(-2).join(' ').replaceAll(place, '') : '',
    );
  const on = ['1 /ipv4/ip_forward', '2 /ipv6/conf/eth0/accept_ra', '1 /ipv6/conf/all/forwarding'];
  assert.deepEqual(steps(lines(0, 0)), on);
  assert.deepEqual(steps(lines(1, 1)), []);
  assert.deepEqual(steps(lines(1, 1), ['lb-forward-ipv6']), [on[1]]);
  assert.deepEqual(steps(`${place}/ipv4/ip_forward:0\n`), [on[0]], 'a host without IPv6');

  const names = (view: Parameters<typeof probes>[1]) =>
    probes(selfOf(1), view, {}).map(({ name }) => name);
  assert.deepEqual(names(viewOf({ 'balancer/web': WEB })), ['table']);
  assert.deepEqual(names(viewOf({ 'balancer/web': ON })), [
    ...['table', LISTENERS.name, FORWARDING.name, 'chains'],
  ]);
});

test('lb: who drops what a frontend passes on is named, until it lets our interface pass', () => {
  // Goal: Docker's policy is no riddle. Method: its chain as nft lists it, without and with a rule
  // for our interface; a twin that drops nothing, and a VM that is no frontend.
  const chain = (policy: string) => ({
    chain: {
      ...{ family: 'ip', table: 'filter', name: 'FORWARD', handle: 1, type: 'filter' },
      ...{ hook: 'forward', prio: 0, policy },
    },
  });
  const listing = (policy: string) => said(JSON.stringify({ nftables: [chain(policy)] }));
  const notes = (policy: string, rules: string, wish: object = ON) => {
    const view = viewOf({ 'balancer/web': wish as typeof ON });
    const results = {
      ...{ table: said('{"nftables": []}'), listeners: said(''), chains: listing(policy) },
      ...{ forwarding: said(''), 'passage ip filter': said(rules) },
    };
    const asked = probes(selfOf(1), view, results).map(({ name }) => name);
    const seen = Object.fromEntries(
      Object.entries(results).filter(([name]) => asked.includes(name)),
    );
    return plan(view, selfOf(1), read(seen, selfOf(1), null).state).notes?.join() ?? '';
  };
  assert.match(notes('drop', ''), /^chain FORWARD of table ip filter drops .*DOCKER-USER/);
  assert.equal(notes('drop', '{"left": {"meta": "oifname"}, "right": "cnsmo0"}'), '');
  assert.equal(notes('accept', ''), '');
  assert.equal(notes('drop', '', WEB), '');
});

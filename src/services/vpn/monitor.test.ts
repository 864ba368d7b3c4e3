import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exampleFacts, exampleMember, exampleSelf, exampleView } from './example.table.ts';
import { monitors } from './monitor.ts';

const view = exampleView([exampleMember(1), exampleMember(2)]);
const self = exampleSelf();

/** As iproute2 6.1 and nft 1.0.6 print them. */
const LINES: readonly (readonly [string, boolean])[] = [
  ['3: cnsmo0: <POINTOPOINT,NOARP> mtu 1420 qdisc noop state DOWN group default ', true],
  ['Deleted 3: cnsmo0@NONE: <BROADCAST,MULTICAST> mtu 1420 qdisc noop state DOWN', true],
  ['Deleted 3: cnsmo0    inet 10.10.0.1/16 scope global cnsmo0', true],
  ['5: eth0@ep0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1400 qdisc noqueue state UP', true],
  ['32765:\tfrom 1.2.3.4 lookup 77', true],
  ['    link/ether 86:61:29:63:a7:bd brd ff:ff:ff:ff:ff:ff', false],
  ['       valid_lft forever preferred_lft forever', false],
  ['Deleted 10.10.0.0/16 dev cnsmo0 proto kernel scope link src 10.10.0.1 ', true],
  ['Deleted fd00:1::/64 dev cnsmo0 proto kernel metric 256 pref medium', true],
  ['10.10.8.0/24 dev eth1 scope link ', true],
  ['unreachable 10.10.8.0/24 proto static ', true],
  ['10.10.8.7 dev eth1 table 77 scope link ', true],
  ['172.16.0.0/12 dev cnsmo0 scope link ', true],
  ['198.51.100.0/24 dev eth0 scope link ', false],
  ['192.0.2.0/24 dev eth1 scope link mtu 1300 ', true],
  ['default via 192.0.2.9 dev eth0 ', true],
  ['Deleted default via 2001:db8::9 dev eth0 metric 1024 pref medium', true],
  ['fe80::/64 dev cnsmo0 proto kernel metric 256 pref medium', false],
  ['multicast ff00::/8 dev cnsmo0 table local proto kernel metric 256 pref medium', false],
  ['broadcast 10.255.255.255 dev eth1 table local proto kernel scope link src 10.1.1.1 ', false],
  ['', false],
];

test('lines that can concern the tunnel count, and the chatter of the host does not', () => {
  // Goal: every change of ours is seen, no other costs a look. Method: lines of the real tool.
  const [ip] = monitors(self);
  for (const [line, expected] of LINES) assert.equal(ip?.concerns(line, view), expected, line);
});

test('of the rules of nftables those of our table count', () => {
  // Goal: the same for nft. Method: our table, one of a like name, another; a host without nft.
  const [, nft] = monitors(self);
  assert.deepEqual(nft?.argv, ['nft', 'monitor', 'rules']);
  assert.equal(nft.concerns('delete rule inet cnsmo_vpn forward handle 2', view), true);
  assert.equal(nft.concerns('add rule inet cnsmo forward counter', view), false);
  assert.equal(nft.concerns('# new generation 12 by process 123 (nft)', view), false);
  const facts = { ...exampleFacts, tools: { ip: true, wg: true } };
  assert.equal(monitors(exampleSelf({ facts })).length, 1);
});

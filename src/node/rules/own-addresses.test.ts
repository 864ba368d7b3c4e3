import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnAddress } from '../../ports.ts';
import { bestAddresses, isPrivate } from './own-addresses.ts';

const at = (name: string, host: string, isUplink = false): OwnAddress => ({
  interface: name,
  host,
  isUplink,
});

test('own addresses: a public one goes before the bridges of containers', () => {
  // Goal: a token whose first addresses can be dialled. Method: four bridges, one public address.
  const bridges = ['docker0', 'br-1f', 'br-2e', 'br-3d'].map((name, index) =>
    at(name, `172.${17 + index}.0.1`),
  );
  assert.deepEqual(bestAddresses([...bridges, at('eth0', '203.0.113.5')]), [
    '203.0.113.5',
    '172.17.0.1',
    '172.18.0.1',
    '172.19.0.1',
    '172.20.0.1',
  ]);
});

test('own addresses: the uplink first, then public, private and virtual ones', () => {
  // Goal: the whole order, whatever the host's own. Method: one of each kind, in both directions.
  const addresses = [
    at('br-ex', '2001:db8::9', true),
    at('br-ex', '10.0.0.9', true),
    at('eth1', '198.51.100.7'),
    at('eth1', '2001:db8::7'),
    at('eth2', '192.168.1.7'),
    at('eth2', 'fd12::7'),
    at('virbr0', '192.168.122.1'),
    at('docker0', '2001:db8:d::1'),
  ];
  const expected = [
    '2001:db8::9',
    '10.0.0.9',
    '198.51.100.7',
    '2001:db8::7',
    '192.168.1.7',
    'fd12::7',
    '2001:db8:d::1',
    '192.168.122.1',
  ];
  assert.deepEqual(bestAddresses(addresses), expected);
  assert.deepEqual(bestAddresses(addresses.toReversed()), expected);
});

test('own addresses: which interfaces are made for containers and guests', () => {
  // Goal: no name of a real card is taken for one. Method: each beside a private address.
  const isLast = (name: string): boolean =>
    bestAddresses([at(name, '203.0.113.5'), at('eth0', '10.0.0.5')])[0] === '10.0.0.5';
  for (const name of [
    ...['docker0', 'docker_gwbridge', 'br-9f86d081884c', 'virbr0', 'veth1a2b3c4', 'cni0'],
    ...['flannel.1', 'lxcbr0', 'lxc1a2b', 'lxdbr0', 'podman0', 'cali12ab'],
  ]) {
    assert.equal(isLast(name), true, name);
  }
  for (const name of ['eth0', 'ens3', 'enp1s0', 'br0', 'bond0', 'vmbr0', 'wlan0', 'dockyard0']) {
    assert.equal(isLast(name), false, name);
  }
});

test('own addresses: none twice, no loopback and link-local, at most 16', () => {
  // Goal: only what others may dial, and a short list. Method: each of these; more than fit.
  const unfit = ['127.0.0.1', '::1', '169.254.1.1', 'fe80::1', '0.0.0.0', 'ff02::1'];
  const twice = [at('eth0', '10.0.0.5'), at('eth1', '10.0.0.5')];
  assert.deepEqual(bestAddresses([...unfit.map((host) => at('eth0', host)), ...twice]), [
    '10.0.0.5',
  ]);
  const many = Array.from({ length: 20 }, (_, n) => at('docker0', `172.17.0.${n + 1}`));
  const best = bestAddresses([...many, at('eth0', '203.0.113.5')]);
  assert.equal(best.length, 16);
  assert.equal(best[0], '203.0.113.5');
});

test('own addresses: what is private', () => {
  // Goal: addresses of one site. Method: both sides of each border.
  for (const host of ['10.1.2.3', '192.168.1.1', '172.31.255.1', '100.64.0.1', 'fd99::1']) {
    assert.equal(isPrivate(host), true, host);
  }
  for (const host of ['172.32.0.1', '100.128.0.1', '198.51.100.1', '192.169.1.1', '2001:db8::1']) {
    assert.equal(isPrivate(host), false, host);
  }
});

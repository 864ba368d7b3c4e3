import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import type { Sign } from '../../sign.ts';
import { failureOf } from './failed-connect.ts';
import { glance as glanceIn } from './glance.ts';

const glance = (sign: Sign) => glanceIn(sign, '/nonexistent');

test('one byte goes to each address, and what arrives is no complaint', async () => {
  // Goal: the packet that makes the kernel's WireGuard answer. Method: a socket that receives it;
  // what WireGuard itself answers is seen in the kernel world.
  const receiver = createSocket('udp4');
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address();
  const arrived = once(receiver, 'message') as Promise<[Buffer]>;
  const to = [
    { host: '127.0.0.1', port },
    { host: '::1', port: 9 },
  ];
  assert.equal(await glance({ kind: 'tunnels', to }), '');
  assert.equal((await arrived)[0].length, 1);
  receiver.close();
});

test('other refusals than those of WireGuard are none of its', async () => {
  // Goal: a missing route or a firewall marks nothing. Method: a broadcast, which is not permitted;
  // an address without a route; nothing at all; an interface that is not there.
  const to = [
    { host: '255.255.255.255', port: 9 },
    { host: '2001:db8::9', port: 9 },
  ];
  assert.equal(await glance({ kind: 'tunnels', to }), '');
  assert.equal(await glance({ kind: 'tunnels', to: [] }), '');
  const sign = { kind: 'wireguard-go', interface: 'no-such-thing', heardMs: 1 } as const;
  assert.equal(await glance(sign), 'none');
});

test('a new connection is answered, reset, or nothing comes back', async () => {
  // Goal: what `trace --live` tells. Method: a listener, its port once it is gone, and no way
  // there.
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reach = { kind: 'reach', host: '127.0.0.1', port } as const;
  assert.equal(await glance(reach), 'answered');
  server.close();
  await once(server, 'close');
  assert.equal(await glance(reach), 'refused');
  assert.equal(await glance({ ...reach, host: '255.255.255.255' }), 'unable ENETUNREACH');
});

test('what this host lacks is not held against who was to be reached', () => {
  // Goal: a VM out of descriptors takes nobody for dead. Method: errors of a connection.
  const said = ['EMFILE', 'ENOBUFS', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'EHOSTUNREACH', 'ETIMEDOUT'];
  assert.deepEqual(
    said.map((code) => failureOf(Object.assign(new Error(code), { code }))),
    ['unable EMFILE', 'unable ENOBUFS', 'unable EADDRNOTAVAIL', 'refused', 'silent', 'silent'],
  );
});

test('a program is found or missing', async () => {
  // Goal: what is installed later is noticed. Method: one that is everywhere, and one nowhere.
  assert.equal(await glance({ kind: 'tool', name: 'sh' }), 'found');
  assert.equal(await glance({ kind: 'tool', name: 'no-such-program' }), 'missing');
});

test('lists of the kernel are read, and an absent one has no lines', async () => {
  // Goal: what other programs loaded is seen. Method: a list that every kernel has, and none.
  const lists = { kind: 'kernel-lists', names: ['protocols', 'no_such_list'] } as const;
  const said = await glance(lists);
  assert.match(said, /^protocols:protocol .*protocols:TCP /);
  assert.doesNotMatch(said, /no_such_list/);
});

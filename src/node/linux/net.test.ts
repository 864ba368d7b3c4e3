import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { openNet } from './net.ts';
import { freePort } from './test-ports.ts';

const net = openNet('/nonexistent', { error: assert.fail });

test('a port that nobody has is free, and asking does not take it', async () => {
  // Goal: the positive case. Method: ask twice about a port that was given back.
  const port = await freePort();
  assert.equal(await net.isPortFree(port), true);
  assert.equal(await net.isPortFree(port), true);
});

for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`a port taken on ${host} is not free, by TCP or by UDP`, async () => {
    // Goal: every family, protocol and address counts. Method: take it, ask, give it back, ask.
    const port = await freePort();
    const server = createServer().listen({ port, host });
    await once(server, 'listening');
    assert.equal(await net.isPortFree(port), false);
    server.close();
    await once(server, 'close');
    assert.equal(await net.isPortFree(port), true);
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.bind(port, host);
    await once(socket, 'listening');
    assert.equal(await net.isPortFree(port), false);
    socket.close();
    await once(socket, 'close');
    assert.equal(await net.isPortFree(port), true);
  });
}

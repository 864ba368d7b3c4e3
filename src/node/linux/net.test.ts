import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { openNet } from './net.ts';

const net = openNet('/nonexistent', { error: assert.fail });

/** A port that was free a moment ago. */
async function somePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('a port that nobody has is free, and asking does not take it', async () => {
  // Goal: the positive case. Method: ask twice about a port that was just given back.
  const port = await somePort();
  assert.equal(await net.isPortFree(port), true);
  assert.equal(await net.isPortFree(port), true);
});

for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`a port taken on ${host} is not free, by TCP or by UDP`, async () => {
    // Goal: every family, protocol and address counts. Method: take it, ask, give it back, ask.
    const port = await somePort();
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

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { glance } from './glance.ts';
import { freePort } from './test-ports.ts';

for (const family of [4, 6] as const) {
  test(`a UDP port is bound while a socket of IPv${family} has it`, async () => {
    // Goal: the sign of a port. Method: look before, while and after a socket has it; what the
    // kernel's WireGuard has is seen in the kernel world.
    const port = await freePort();
    const look = (): Promise<string> => glance({ kind: 'udp-port', port }, '/nonexistent');
    assert.equal(await look(), 'free');
    const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6 }).bind(port);
    await once(socket, 'listening');
    assert.equal(await look(), 'bound');
    socket.close();
    await once(socket, 'close');
    assert.equal(await look(), 'free');
  });
}

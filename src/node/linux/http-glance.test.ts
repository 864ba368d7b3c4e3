import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { getStatus } from './http-glance.ts';

/** Asks a server that does this with a connection, for 300 ms at most. */
async function askOf(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = { kind: 'http', host: '127.0.0.1', port, path: '/health', withinMs: 300 } as const;
  const answer = await getStatus(asked);
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  assert.equal(await getStatus(asked), 'refused');
  return answer;
}

test('http glance: the status of the answer decides, and its body is not waited for', async () => {
  // Goal: 200 to 399 is good. Method: servers that answer by hand: each class of status, a body
  // that never ends, and twins that answer nothing, garbage, a head that trickles or is too long.
  let head = '';
  const answered = await askOf((socket) => {
    socket.on('data', (data) => {
      head += String(data);
      socket.write('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });
  assert.equal(answered, 'answered');
  assert.match(head, /^GET \/health HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
  const statusOf = (line: string) =>
    askOf((socket) => void socket.write(`HTTP/1.1 ${line}\r\ncontent-length: 99999\r\n\r\nx`));
  assert.equal(await statusOf('200 OK'), 'answered');
  assert.equal(await statusOf('302 Found'), 'answered');
  assert.equal(await statusOf('404 Not Found'), 'status 404');
  assert.equal(await statusOf('503 Busy'), 'status 503');
  assert.equal(await askOf(() => undefined), 'silent');
  assert.equal(await askOf((socket) => void socket.write('SSH-2.0-OpenSSH\r\n')), 'silent');
  assert.equal(await askOf((socket) => socket.destroy()), 'silent');
  const long = `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}`;
  assert.equal(await askOf((socket) => void socket.write(long)), 'silent');
});

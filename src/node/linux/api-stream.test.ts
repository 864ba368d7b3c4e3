import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveApi } from './api-server.ts';
import { eventually } from './test-swarm-loopback.ts';

test('a stream goes line by line, ends with its reader, and holds up no stop', async () => {
  // Goal: whoever follows hears at once and costs nothing afterwards. Method: three lines, the
  // second far larger than a socket takes; one reader leaves, another one is there at the stop.
  const ended: string[] = [];
  const handler: Parameters<typeof serveApi>[2] = async ({ path }) => ({
    status: 200,
    body: null,
    lines: async function* (signal) {
      try {
        yield { n: 1 };
        yield { n: 2, text: 'x'.repeat(4_000_000) };
        yield { n: 3 };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      } finally {
        ended.push(path);
      }
    },
  });
  const begin = async (socket: string, path: string) => {
    const client = connect(socket);
    client.write(`GET ${path} HTTP/1.1\r\nhost: cnsmo\r\n\r\n`);
    let text = '';
    for await (const chunk of client) {
      text += String(chunk);
      if (text.includes('{"n":3}\n')) break;
    }
    assert.match(text, /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/x-ndjson\r\n/);
    assert.ok(text.includes('{"n":1}\n'));
  };
  const startMs = performance.now();
  const run = mkdtempSync(join(tmpdir(), 'cnsmo-stream-'));
  const socket = join(run, 'api.sock');
  const stop = await serveApi(run, { error: assert.fail }, handler);
  try {
    await begin(socket, '/leaves'); // Leaving the loop destroys the socket.
    while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(ended, ['/leaves']);
    const stays = connect(socket);
    stays.resume();
    stays.write('GET /stays HTTP/1.1\r\nhost: cnsmo\r\n\r\n');
    await once(stays, 'data');
  } finally {
    await stop();
    rmSync(run, { recursive: true, force: true });
  }
  assert.deepEqual(ended, ['/leaves', '/stays']);
  assert.ok(performance.now() - startMs < 20_000);
});

test('a reader that leaves before the first line is noticed, and no stream begun', async () => {
  // Goal: no stream for nobody. Method: a reader leaves while the first answer is waited for; the
  // handler is told, and what it answers then is not read; the next request is.
  let [begun, asked, left] = [0, 0, 0];
  const handler: Parameters<typeof serveApi>[2] = async ({ path }, reader) => {
    asked += 1;
    if (path === '/leaves') {
      await new Promise((resolve) => reader.addEventListener('abort', resolve));
      left += 1;
    }
    return {
      ...{ status: 200, body: null },
      lines: async function* () {
        begun += 1;
        for (let n = 0; n < 3; n += 1) yield { n };
      },
    };
  };
  await serving(handler, async (socket) => {
    const client = connect(socket);
    client.write('GET /leaves HTTP/1.1\r\nhost: cnsmo\r\n\r\n');
    await eventually('the handler is asked', () => asked === 1);
    client.destroy();
    await eventually('the handler is told', () => left === 1);
    const stays = connect(socket);
    stays.write('GET /stays HTTP/1.1\r\nhost: cnsmo\r\n\r\n');
    let text = '';
    for await (const chunk of stays) text += String(chunk);
    assert.ok(text.includes('{"n":2}\n'));
    assert.equal(begun, 1);
  });
});

test('a slow reader costs one listener, however many lines it waits for', async () => {
  // Goal: a stream of weeks holds no more than one of minutes. Method: 20 lines, each larger than a
  // socket takes; how many wait for the end before each; then it leaves in the midst of one.
  const counts: number[] = [];
  let isOver = false;
  const handler: Parameters<typeof serveApi>[2] = async () => ({
    ...{ status: 200, body: null },
    lines: async function* (signal) {
      try {
        for (let n = 0; ; n += 1) {
          counts.push(getEventListeners(signal, 'abort').length);
          yield { n, text: 'x'.repeat(1_000_000) };
        }
      } finally {
        isOver = true;
      }
    },
  });
  await serving(handler, async (socket) => {
    const client = connect(socket);
    client.write('GET / HTTP/1.1\r\nhost: cnsmo\r\n\r\n');
    client.resume();
    await eventually('it has 20 lines', () => counts.length >= 20);
    client.pause();
    client.destroy();
    await eventually('the stream has ended', () => isOver);
    assert.equal(Math.max(...counts), Math.min(...counts));
  });
});

/** Serves while `act` runs. */
async function serving(
  handler: Parameters<typeof serveApi>[2],
  act: (socket: string) => Promise<void>,
): Promise<void> {
  const run = mkdtempSync(join(tmpdir(), 'cnsmo-stream-'));
  const stop = await serveApi(run, { error: assert.fail }, handler);
  try {
    await act(join(run, 'api.sock'));
  } finally {
    await stop();
    rmSync(run, { recursive: true, force: true });
  }
}

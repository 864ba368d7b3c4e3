import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { serveApi } from './api-server.ts';

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

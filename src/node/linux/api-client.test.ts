import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault, type FaultCode } from '../../fault.ts';
import type { ApiRequest } from '../../ports.ts';
import { callApi } from './api-client.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-client-'));
after(() => rmSync(root, { recursive: true, force: true }));
const get = (path: string): ApiRequest => ({ method: 'GET', path, query: {}, body: null });

function isFault(code: FaultCode, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  };
}

/** Another process that serves; every request hangs for ever. */
async function startServer(run: string): Promise<ChildProcess> {
  const code = `
    import { serveApi } from '${import.meta.dirname}/api-server.ts';
    await serveApi(process.argv[1], console, () => new Promise(() => undefined));
    console.log('ready');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, run]);
  await once(child.stdout, 'data');
  return child;
}

test('without a daemon the client says how to start one', async () => {
  // Goal: exit 4. Method: no directory, no socket, a plain file, the socket of a dead daemon.
  const run = join(root, 'gone');
  const path = join(run, 'api.sock');
  const expected = isFault(
    'no-daemon',
    /^daemon: .*\/api\.sock: not running; start it with: cnsmo/,
  );
  await assert.rejects(callApi(path, get('/x'), 1000), expected);
  const daemon = await startServer(run);
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  await assert.rejects(callApi(path, get('/x'), 1000), expected);
  rmSync(path);
  await assert.rejects(callApi(path, get('/x'), 1000), expected);
  writeFileSync(path, '');
  await assert.rejects(callApi(path, get('/x'), 1000), expected);
});

test('a daemon that hangs times out, one that dies while answering is told apart', async () => {
  // Goal: exits 5 and 1. Method: a server that hangs, killed before and after the deadline.
  const run = join(root, 'hanging');
  const path = join(run, 'api.sock');
  const daemon = await startServer(run);
  const late = callApi(path, get('/x'), 199.5);
  await assert.rejects(late, isFault('timeout', /no answer within 200 ms; repeating it is safe/));
  const dying = callApi(path, get('/x'), 20_000);
  setTimeout(() => daemon.kill('SIGKILL'), 100);
  await assert.rejects(dying, isFault('internal', /ended while answering; look at its log/));
});

test('an answer that is not JSON is a clear Fault', async () => {
  // Goal: no SyntaxError reaches a person. Method: a server of plain text on the socket.
  const path = join(root, 'plain.sock');
  const server = createServer((_, response) => void response.end('hello')).listen(path);
  await once(server, 'listening');
  const expected = isFault('internal', /answered something that is not JSON; look at its log/);
  await assert.rejects(callApi(path, get('/x'), 5000), expected);
  server.close();
});

test('an answer in lines is read as it comes, and each wait for more has its limit', async () => {
  // Goal: a long list is held by nobody. Method: lines cut anywhere; a reader slower than the limit
  // between them; a server that goes silent, and one that leaves a line half.
  const path = join(root, 'lines.sock');
  const whole = Array.from({ length: 9 }, (_, n) => ({ n, text: 'é' }));
  let [part, isSilent] = [7, false];
  const serve = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const bytes = Buffer.from(whole.map((line) => `${JSON.stringify(line)}\n`).join(''));
    for (let at = 0; at < bytes.length; at += part) {
      response.write(bytes.subarray(at, at + part));
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!isSilent) response.end('{"n":');
  };
  const server = createServer((_, response) => void serve(response)).listen(path);
  await once(server, 'listening');
  const read = async (waitMs: number): Promise<readonly unknown[]> => {
    const { lines } = await callApi(path, get('/x'), 200);
    const found: unknown[] = [];
    for await (const line of lines?.(new AbortController().signal) ?? []) {
      found.push(line);
      if (found.length === 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    return found;
  };
  assert.deepEqual(await read(300), whole);
  part = 1_000;
  assert.deepEqual(await read(0), whole);
  isSilent = true;
  await assert.rejects(read(0), isFault('timeout', /no answer within 200 ms/));
  server.closeAllConnections();
  server.close();
});

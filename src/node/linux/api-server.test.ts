import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Fault, type FaultCode } from '../../fault.ts';
import type { ApiAnswer, ApiRequest } from '../../ports.ts';
import { callApi } from './api-client.ts';
import { serveApi } from './api-server.ts';

const root = mkdtempSync(join(tmpdir(), 'cnsmo-api-'));
after(() => rmSync(root, { recursive: true, force: true }));
chmodSync(root, 0o755);
let count = 0;
const quiet = { error: assert.fail };

type Handler = (request: ApiRequest) => Promise<ApiAnswer>;
const echo: Handler = async (request) => ({ status: 200, body: request });
const unasked: Handler = async () => assert.fail();
const get = (path: string): ApiRequest => ({ method: 'GET', path, query: {}, body: null });

function isFault(code: FaultCode, text: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    return true;
  };
}

/** Serves in a fresh run directory while `act` runs. */
async function serving(
  handler: Handler,
  act: (socket: string, run: string) => Promise<void>,
  log: Parameters<typeof serveApi>[1] = quiet,
): Promise<void> {
  count += 1;
  const run = join(root, `run-${count}`);
  const stop = await serveApi(run, log, handler);
  try {
    await act(join(run, 'api.sock'), run);
  } finally {
    await stop();
  }
}

/** Sends bytes as they are and returns all that comes back. */
async function raw(socket: string, text: string | Buffer): Promise<string> {
  const client = connect(socket);
  client.end(text);
  let answer = '';
  for await (const chunk of client) answer += String(chunk);
  return answer;
}

test('a request arrives whole and its answer comes back', async () => {
  // Goal: both ends agree. Method: every method, a query, bodies of every JSON kind; echo.
  await serving(echo, async (socket) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'] as const) {
      for (const body of [null, { a: [1, 'é', null] }, 'text', 0, false, []]) {
        const request = { method, path: '/v1/x/y', query: { a: '1 &=', b: '' }, body };
        assert.deepEqual(await callApi(socket, request, 5000), { status: 200, body: request });
      }
    }
  });
});

test('the handler decides about unknown paths, statuses and empty answers', async () => {
  // Goal: the edge adds no meaning. Method: statuses through, undefined as null.
  const answers: Record<string, ApiAnswer> = {
    '/none': { status: 404, body: { error: 'x' } },
    '/empty': { status: 200, body: undefined },
  };
  const handler: Handler = async ({ path }) => answers[path] ?? { status: 418, body: path };
  await serving(handler, async (socket) => {
    assert.deepEqual(await callApi(socket, get('/none'), 5000), answers['/none']);
    assert.deepEqual(await callApi(socket, get('/empty'), 5000), { status: 200, body: null });
    assert.deepEqual(await callApi(socket, get('/a%2e%2E/b'), 5000), {
      status: 418,
      body: '/a%2e%2E/b',
    });
  });
});

test('a thrown Fault becomes its status and facts, anything else 500 without details', async () => {
  // Goal: contract of errors. Method: one Fault per code; then a bug, whose text is only in the
  // log.
  const logged: string[] = [];
  const facts = { field: 'name', value: 'x', why: 'taken', remedy: 'choose another' };
  const handler: Handler = async ({ path }) => {
    if (path === '/bug') throw new Error('canary');
    throw new Fault(path.slice(1) as FaultCode, facts);
  };
  const log = { error: (event: string) => void logged.push(event) };
  const act = async (socket: string): Promise<void> => {
    for (const [code, status] of Object.entries({ usage: 400, refused: 409, timeout: 504 })) {
      const answer = await callApi(socket, get(`/${code}`), 5000);
      assert.deepEqual(answer, { status, body: { error: facts } });
    }
    assert.deepEqual(logged, []);
    const answer = await callApi(socket, get('/bug'), 5000);
    assert.equal(answer.status, 500);
    assert.equal(JSON.stringify(answer).includes('canary'), false);
    assert.deepEqual(logged, ['api-failed']);
  };
  await serving(handler, act, log);
});

for (const [name, text, status] of [
  ['broken JSON', 'POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n{', 400],
  [
    'broken UTF-8',
    Buffer.from('POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n"\xff"', 'latin1'),
    400,
  ],
  ['a method unknown here', 'PATCH /x HTTP/1.1\r\nhost: a\r\n\r\n', 405],
  ['a URL in place of a path', 'GET http://a/x HTTP/1.1\r\nhost: a\r\n\r\n', 400],
  ['no HTTP at all', 'hello\r\n\r\n', 400],
] as const) {
  test(`${name} is answered with ${status}`, async () => {
    // Goal: nothing wrong reaches the handler. Method: bytes as they are on the socket.
    await serving(unasked, async (socket) => {
      const answer = await raw(socket, text);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      if (text !== 'hello\r\n\r\n') assert.match(answer, /"error":\{"field":/);
    });
  });
}

test('a body of 4 MiB is taken, one byte more is 413 and harms nobody', async () => {
  // Goal: bounded memory. Method: both sides of the limit, ten times the limit, then a good
  // request.
  await serving(echo, async (socket) => {
    const post = (length: number) =>
      callApi(socket, { ...get('/x'), method: 'POST', body: 'x'.repeat(length - 2) }, 20_000);
    assert.equal((await post(4 * 1024 * 1024)).status, 200);
    for (const length of [4 * 1024 * 1024 + 1, 40 * 1024 * 1024]) {
      const answer = await post(length);
      assert.equal(answer.status, 413);
      assert.match(JSON.stringify(answer.body), /longer than 4194304 bytes/);
    }
    assert.equal((await callApi(socket, get('/x'), 5000)).status, 200);
  });
});

test('a request that is refused unread still gets its answer, however long it is', async () => {
  // Goal: an answer in place of a broken pipe. Method: a long body by an unknown method, sent
  // whole before anything is read.
  await serving(unasked, async (socket) => {
    const length = 5_000_000;
    const head = `PATCH /x HTTP/1.1\r\nhost: a\r\ncontent-length: ${length}\r\n\r\n`;
    const client = connect(socket);
    await new Promise<void>((sent, failed) => {
      client.once('error', failed);
      client.write(head + 'x'.repeat(length), () => sent());
    });
    const [answer] = await once(client, 'data');
    client.destroy();
    assert.match(String(answer), /^HTTP\/1.1 405 /);
  });
});

test('the socket is never open to others, and open to the group where there is one', async () => {
  // Goal: invariant 1. Method: the loosest umask; mode and owner at the first moment it answers.
  const group = /^cnsmo:[^:]*:(\d+):/m.exec(readFileSync('/etc/group', 'utf8'))?.[1];
  const before = process.umask(0);
  try {
    await serving(echo, async (socket, run) => {
      assert.equal(process.umask(), 0);
      const { mode, gid } = statSync(socket);
      assert.equal(mode & 0o777, group === undefined ? 0o600 : 0o660);
      assert.equal(gid, group === undefined ? process.getgid?.() : Number(group));
      assert.equal(statSync(run).mode & 0o777, 0o755);
    });
  } finally {
    process.umask(before);
  }
});

test('with a group cnsmo its members get in and others do not', async (t) => {
  // Goal: who may use the API. Method: a mount namespace with a group file of its own; the same
  // request as user nobody with the group and without it.
  if (process.getuid?.() !== 0) return t.skip('needs root for a mount namespace');
  const place = join(root, 'grouped');
  mkdirSync(place, { mode: 0o755 });
  writeFileSync(join(place, 'group'), 'root:x:0:\ncnsmo:x:54321:\n');
  const code = `
    const { serveApi } = await import('${import.meta.dirname}/api-server.ts');
    const { callApi } = await import('${import.meta.dirname}/api-client.ts');
    const { statSync } = await import('node:fs');
    const path = process.argv[1] + '/run/api.sock';
    await serveApi(process.argv[1] + '/run', console, async () => ({ status: 200, body: 'hello' }));
    const { mode, uid, gid } = statSync(path);
    console.log((mode & 0o777).toString(8), uid, gid);
    const ask = async () => {
      const request = { method: 'GET', path: '/', query: {}, body: null };
      console.log(await callApi(path, request, 5000).then((a) => a.body, (e) => e.message));
    };
    process.setgroups([54321]); process.setegid(65534); process.seteuid(65534);
    await ask();
    process.seteuid(0); process.setgroups([]); process.setegid(65534); process.seteuid(65534);
    await ask();
    process.exit(0);`;
  const script = 'mount --bind "$1/group" /etc/group && exec "$0" --input-type=module -e "$2" "$1"';
  const argv = ['-m', 'sh', '-c', script, process.execPath, place, code];
  const lines = execFileSync('unshare', argv, { encoding: 'utf8' }).trim().split('\n');
  const denied = 'not permitted; run it as root, or join the group cnsmo';
  assert.deepEqual(lines, ['660 0 54321', 'hello', `daemon: ${place}/run/api.sock: ${denied}`]);
});

test('a live socket is refused, a dead one replaced, a file in its place refused', async () => {
  // Goal: invariant 2. Method: a second server beside a live one; one after a kill -9; a plain
  // file.
  await serving(echo, async (socket, run) => {
    const second = serveApi(run, quiet, echo);
    await assert.rejects(second, isFault('refused', /another daemon serves it; stop that one/));
    assert.equal((await callApi(socket, get('/x'), 5000)).status, 200);
  });
  const run = join(root, 'dead');
  const daemon = await startServer(run);
  daemon.kill('SIGKILL');
  await once(daemon, 'exit');
  assert.ok(existsSync(join(run, 'api.sock')));
  const stop = await serveApi(run, quiet, echo);
  assert.equal((await callApi(join(run, 'api.sock'), get('/x'), 5000)).status, 200);
  await stop();
  assert.equal(existsSync(join(run, 'api.sock')), false);
  writeFileSync(join(run, 'api.sock'), 'precious');
  await assert.rejects(serveApi(run, quiet, echo), isFault('refused', /no socket; rm /));
  assert.equal(readFileSync(join(run, 'api.sock'), 'utf8'), 'precious');
});

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

test('stopping lets a request under way finish, and takes no new one', async () => {
  // Goal: the answer to "stop" still comes. Method: stop while the handler runs.
  let stop = async (): Promise<void> => undefined;
  let stopping: Promise<void> | undefined;
  const run = join(root, 'stopping');
  stop = await serveApi(run, quiet, async () => {
    stopping = stop();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { status: 200, body: 'bye' };
  });
  const socket = join(run, 'api.sock');
  assert.deepEqual(await callApi(socket, get('/stop'), 5000), { status: 200, body: 'bye' });
  await stopping;
  await assert.rejects(callApi(socket, get('/x'), 5000), isFault('no-daemon', /not running/));
});

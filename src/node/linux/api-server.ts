/**
 * Edge: API server — HTTP/1.1 with JSON on a unix socket, for the CLI.
 *
 * 1. Nobody but root and the group `cnsmo` ever reaches the socket: it comes into being as 0600 and
 *    is opened to the group only after it has become the group's.
 * 2. A live daemon's socket is never replaced, a dead one's always.
 * 3. Every request is answered, in bounded time and memory; what went wrong inside goes to the log,
 *    not to the caller.
 */

import { chmodSync, chownSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { FAULT_STATUS, Fault, type FaultFacts } from '../../fault.ts';
import type { ApiAnswer, ApiRequest, Log } from '../../ports.ts';
import { codeOf, diskFault, readText, removeFile } from './files.ts';
import { jsonInParts } from './json-parts.ts';
import { openRunDirectory, socketPath } from './run-directory.ts';

/** Largest body of a request: 4 MiB, for a file of thousands of rules. All else is a few KiB. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** Longest that a request may take to arrive, and an answer to come. Unit: ms. */
const ARRIVAL_MS_MAX = 30_000;
const ANSWER_MS_MAX = 10 * 60_000;

/** How long requests under way may go on after the server was told to stop. Unit: ms. */
const FAREWELL_MS = 2_000;

/** Most connections at once; people and their scripts need a handful. */
const CONNECTIONS_MAX = 128;

/** Group whose members may use the API. */
const GROUP = 'cnsmo';

/** `reader` aborts when the connection ends before its answer does. */
type Handler = (request: ApiRequest, reader: AbortSignal) => Promise<ApiAnswer>;

/** Serves the API in the run directory. Returns what stops it. Fault 'refused' by invariant 2. */
export async function serveApi(
  runDirectory: string,
  log: Pick<Log, 'error'>,
  handler: Handler,
): Promise<() => Promise<void>> {
  const path = socketPath(await openRunDirectory(runDirectory));
  await clearWay(path);
  const gid = process.geteuid?.() === 0 ? await groupId(GROUP) : null;
  const ending = new AbortController();
  const server = createServer(
    { requestTimeout: ARRIVAL_MS_MAX, headersTimeout: ARRIVAL_MS_MAX },
    (message, response) => void answer(message, response, { handler, log, ending: ending.signal }),
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listenPrivately(server, path, gid);
  return () => {
    ending.abort();
    return stop(server);
  };
}

/** Invariant 1: the socket is made while the umask leaves nothing to anybody else. */
async function listenPrivately(server: Server, path: string, gid: number | null): Promise<void> {
  const before = process.umask(0o177);
  const isListening = new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(diskFault(error, path)));
    server.once('listening', resolve);
  });
  try {
    server.listen(path); // Binds before it returns.
  } finally {
    process.umask(before);
  }
  await isListening;
  if (gid === null) return;
  chownSync(path, 0, gid);
  chmodSync(path, 0o660);
}

/** Invariant 2. */
async function clearWay(path: string): Promise<void> {
  const stats = await lstat(path).catch((error) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw diskFault(error, path);
  });
  if (stats === null) return;
  const refusal = (why: string, remedy: string): Fault =>
    new Fault('refused', { field: 'run', value: path, why, remedy });
  if (!stats.isSocket()) throw refusal('is there, but is no socket', `rm ${path}`);
  const isLive = await new Promise<boolean>((answered) => {
    const socket = connect(path);
    socket.once('connect', () => answered(true));
    socket.once('error', (error) => answered(codeOf(error) !== 'ECONNREFUSED'));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
  if (isLive) throw refusal('another daemon serves it', 'stop that one with: cnsmo stop');
  await removeFile(path);
}

async function groupId(name: string): Promise<number | null> {
  const lines = ((await readText('/etc/group')) ?? '').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([group]) => group === name);
  const id = Number(fields?.[2] ?? Number.NaN);
  return Number.isSafeInteger(id) ? id : null;
}

async function stop(server: Server): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
  await new Promise((closed) => server.close(closed)); // Idle connections are closed with it.
  clearTimeout(timer);
}

/** What answers. `ending`: the server stops. */
interface Desk {
  readonly handler: Handler;
  readonly log: Pick<Log, 'error'>;
  readonly ending: AbortSignal;
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  { handler, log, ending }: Desk,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const answering = (request: ApiRequest): Promise<ApiAnswer> => handler(request, gone.signal);
  const { status, body, lines } = await produce(message, answering, log);
  if (response.destroyed) return; // Nobody is there any more.
  if (lines !== undefined) {
    // Nothing else comes over its connection.
    const headers = { 'content-type': 'application/x-ndjson', connection: 'close' };
    response.writeHead(status, headers);
    const signal = AbortSignal.any([gone.signal, ending]);
    await writeLines(response, lines, signal).catch((error: unknown) =>
      log.error('api-failed', { method: message.method, path: message.url, error }),
    );
    response.end();
    return;
  }
  const parts = await jsonInParts(body ?? null);
  if (response.destroyed) return;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  // No `connection: close`: it would cut off a sender whose body was not read to its end.
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length });
  for (const part of parts) response.write(part);
  response.end();
}

/** A line for each, as fast as they are read, until there are no more or nobody listens. */
async function writeLines(
  response: ServerResponse,
  lines: NonNullable<ApiAnswer['lines']>,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of lines(signal)) {
    if (signal.aborted) return;
    if (!response.write(`${JSON.stringify(line)}\n`)) await drained(response, signal);
  }
}

/** Resolves when there is room again, or nobody to read it. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (): void => resolve();
  response.once('drain', settle);
  signal.addEventListener('abort', settle);
  await promise;
  response.off('drain', settle);
  signal.removeEventListener('abort', settle);
}

/** Invariant 3: never rejects. */
async function produce(
  message: IncomingMessage,
  handler: (request: ApiRequest) => Promise<ApiAnswer>,
  log: Pick<Log, 'error'>,
): Promise<ApiAnswer> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const request = await readRequest(message);
    if ('status' in request) return request;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(lateAnswer(request)), ANSWER_MS_MAX);
    });
    return await Promise.race([handler(request), late]);
  } catch (error) {
    if (error instanceof Fault) {
      return { status: FAULT_STATUS[error.code].http, body: { error: error.facts } };
    }
    log.error('api-failed', { method: message.method, path: message.url, error });
    return failure(500, {
      field: 'daemon',
      value: `${message.method} ${message.url?.split('?')[0]}`,
      why: 'failed in a way that it should not',
      remedy: 'read why in its log, and report it',
    });
  } finally {
    clearTimeout(timer);
  }
}

function lateAnswer({ method, path }: ApiRequest): Fault {
  const why = `no answer after ${ANSWER_MS_MAX / 60_000} minutes`;
  const remedy = 'repeating it is safe';
  return new Fault('timeout', { field: 'request', value: `${method} ${path}`, why, remedy });
}

function failure(status: number, error: FaultFacts): ApiAnswer {
  return { status, body: { error } };
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;

/** The request, or the answer to one that is none. */
async function readRequest(message: IncomingMessage): Promise<ApiRequest | ApiAnswer> {
  const method = METHODS.find((known) => known === message.method);
  if (method === undefined) {
    const remedy = `use one of ${METHODS.join(', ')}`;
    const value = message.method ?? '';
    return failure(405, { field: 'method', value, why: 'not known here', remedy });
  }
  const [path = '', ...rest] = (message.url ?? '').split('?');
  if (!/^\/[\w.~%/:@!$&'()*+,;=-]*$/.test(path)) {
    const remedy = 'begin it with a slash, and escape what is not allowed in a path';
    const value = path.slice(0, 100);
    return failure(400, { field: 'path', value, why: 'is no path of a URL', remedy });
  }
  const query = Object.fromEntries(new URLSearchParams(rest.join('?')));
  const content = await readBody(message);
  if (content === null) {
    const [why, remedy] = [`longer than ${BODY_BYTES_MAX} bytes`, 'send less at once'];
    return failure(413, { field: 'body', value: 'too long', why, remedy });
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return { method, path, query, body: text === '' ? null : JSON.parse(text) };
  } catch {
    const [why, remedy] = ['is not JSON in UTF-8', 'send one JSON value, or nothing'];
    return failure(400, { field: 'body', value: `${content.length} bytes`, why, remedy });
  }
}

/** The whole body, or null when it is too long. */
async function readBody(message: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  return await new Promise((resolve, reject) => {
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= BODY_BYTES_MAX) chunks.push(chunk);
      else resolve(null);
    });
    message.once('end', () => resolve(Buffer.concat(chunks)));
    message.once('error', reject);
  });
}

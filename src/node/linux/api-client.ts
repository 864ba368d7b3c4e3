/**
 * Edge: API client — one request to the daemon of this host, as the CLI makes it.
 */
import { type IncomingMessage, request as openRequest, type RequestOptions } from 'node:http';
import { Fault, type FaultCode } from '../../fault.ts';
import type { ApiAnswer, ApiRequest } from '../../ports.ts';
import { codeOf } from './files.ts';

/** Longest answer that is read: 64 MiB, far above the state of the largest mesh. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** What a failing connection means to a person, by the system's error code. */
const FAILURES: Readonly<Record<string, readonly [FaultCode, why: string, remedy: string]>> = {
  ...Object.fromEntries(
    ['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'ENOTSOCK'].map((code) => [
      code,
      ['no-daemon', 'not running', 'start it with: cnsmo start'] as const,
    ]),
  ),
  EACCES: ['forbidden', 'not permitted', 'run it as root, or join the group cnsmo'],
  EPERM: ['forbidden', 'not permitted', 'run it as root, or join the group cnsmo'],
};

/**
 * Sends one request and waits for the answer, an error's answer too. Fault 'no-daemon' when nobody
 * listens, 'forbidden' without the rights, 'timeout' when no answer came in time, 'internal' when
 * the daemon ended in the middle or answered something else than JSON.
 */
export async function callApi(
  socketPath: string,
  request: ApiRequest,
  timeoutMs: number,
): Promise<ApiAnswer> {
  const limitMs = Math.ceil(timeoutMs); // What is left of a deadline has fractions.
  const signal = AbortSignal.timeout(limitMs);
  try {
    const { status, text } = await exchange(socketPath, request, signal);
    return { status, body: JSON.parse(text) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (signal.aborted) {
      const [why, remedy] = [`no answer within ${limitMs} ms`, 'repeating it is safe'];
      throw new Fault('timeout', { field: 'daemon', value: socketPath, why, remedy }, error);
    }
    const [code, why, remedy] = FAILURES[codeOf(error)] ?? [
      'internal',
      error instanceof SyntaxError
        ? 'answered something that is not JSON'
        : 'ended while answering',
      'look at its log, then try again',
    ];
    throw new Fault(code, { field: 'daemon', value: socketPath, why, remedy }, error);
  }
}

function exchange(
  socketPath: string,
  { method, path, query, body }: ApiRequest,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const search = new URLSearchParams(query).toString();
  const content = body === null ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const options: RequestOptions & { readonly servername: string } = {
      socketPath,
      method,
      path: search === '' ? path : `${path}?${search}`,
      agent: false,
      // Else Node asks whether `host` is an address: 3 ms for an expression of all of IPv6.
      servername: '',
      signal,
      headers: {
        host: 'cnsmo',
        'content-length': Buffer.byteLength(content),
        ...(content === '' ? {} : { 'content-type': 'application/json' }),
      },
    };
    const outgoing = openRequest(options);
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      readAnswer(incoming).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, text }),
        (error) => {
          outgoing.destroy();
          reject(error);
        },
      );
    });
    outgoing.end(content);
  });
}

async function readAnswer(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) {
      const [why, remedy] = [`answer longer than ${ANSWER_BYTES_MAX} bytes`, 'ask for less'];
      throw new Fault('internal', { field: 'daemon', value: `${length} bytes`, why, remedy });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

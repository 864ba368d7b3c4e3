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
 * the daemon ended in the middle or answered something else than JSON. An answer in lines is read
 * as they are asked for, with the same Faults; `timeoutMs` is the longest wait for some of it.
 */
export async function callApi(
  socketPath: string,
  request: ApiRequest,
  timeoutMs: number,
): Promise<ApiAnswer> {
  const patience = openPatience(socketPath, Math.ceil(timeoutMs)); // A deadline has fractions.
  return await patience.within(async () => {
    const incoming = await begin(socketPath, request, patience.signal);
    const status = incoming.statusCode ?? 0;
    if (incoming.headers['content-type'] === LINES_TYPE) {
      return { status, body: null, lines: () => linesOf(incoming, patience) };
    }
    try {
      return { status, body: JSON.parse(await readAnswer(incoming)) };
    } finally {
      incoming.destroy();
    }
  });
}

const LINES_TYPE = 'application/x-ndjson';

/** Waits for a daemon, no longer than so long each time. */
type Patience = ReturnType<typeof openPatience>;

function openPatience(socketPath: string, limitMs: number) {
  const late = new AbortController();
  const told = (error: unknown): unknown => {
    if (error instanceof Fault) return error;
    if (late.signal.aborted) {
      const [why, remedy] = [`no answer within ${limitMs} ms`, 'repeating it is safe'];
      return new Fault('timeout', { field: 'daemon', value: socketPath, why, remedy }, error);
    }
    const [code, why, remedy] = FAILURES[codeOf(error)] ?? [
      'internal',
      error instanceof SyntaxError
        ? 'answered something that is not JSON'
        : 'ended while answering',
      'look at its log, then try again',
    ];
    return new Fault(code, { field: 'daemon', value: socketPath, why, remedy }, error);
  };
  return {
    signal: late.signal,
    within: async <Result>(act: () => Promise<Result>): Promise<Result> => {
      const timer = setTimeout(() => late.abort(), limitMs);
      try {
        return await act();
      } catch (error) {
        throw told(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Opens the request; resolves when the answer begins. */
function begin(
  socketPath: string,
  { method, path, query, body }: ApiRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> {
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
    outgoing.once('response', resolve);
    outgoing.end(content);
  });
}

/** An answer line by line. The time that whoever reads it takes does not count. */
async function* linesOf(incoming: IncomingMessage, patience: Patience): AsyncGenerator<unknown> {
  const chunks: AsyncIterator<Buffer> = incoming[Symbol.asyncIterator]();
  let parts: Buffer[] = [];
  let length = 0;
  try {
    for (;;) {
      const { value: chunk, done } = await patience.within(() => chunks.next());
      if (done === true) return;
      const lines: unknown[] = [];
      let from = 0;
      for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, from)) {
        const line = Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8');
        lines.push(await patience.within(async () => JSON.parse(line)));
        [parts, length, from] = [[], 0, end + 1];
      }
      parts.push(chunk.subarray(from));
      length += chunk.length - from;
      if (length > ANSWER_BYTES_MAX) throw tooLong(length);
      yield* lines;
    }
  } finally {
    incoming.destroy();
  }
}

const LINE_END = '\n'.charCodeAt(0);

async function readAnswer(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw tooLong(length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(length: number): Fault {
  const [why, remedy] = [`answer longer than ${ANSWER_BYTES_MAX} bytes`, 'ask for less'];
  return new Fault('internal', { field: 'daemon', value: `${length} bytes`, why, remedy });
}

/**
 * Edge: swarm requests — one question and one answer on a fresh stream of a connection that is
 * there.
 *
 * 1. A stream of a protocol that is not for invite holders never reaches a handler on a limited
 *    connection: libp2p refuses it by `runOnLimitedConnection`. `registrar.use()` is never called:
 *    each inbound stream would append its handler again.
 * 2. Streams are limited for each protocol and connection, the asking side more than the answering
 *    one, so that an honest member never runs into the other's limit.
 * 3. What a peer's requests hold until they are answered, and their answers until they are read, is
 *    limited over all its connections; so is how many requests a member has in a second.
 * 4. So are the lines of log that it causes by requests that are refused, or that find a bug.
 */
import type { Libp2p, Connection as Libp2pConnection, Stream } from '@libp2p/interface';
import type { PeerKey } from '../../crdt/ids.ts';
import { Fault } from '../../fault.ts';
import type { Log, ProtocolOptions, RequestHandler, SwarmNode } from '../../ports.ts';
import { type Buckets, createBuckets } from '../rules/bucket.ts';
import { createLineBudget } from '../rules/line-budget.ts';
import type { ConnectionTable, Live } from './swarm-connections.ts';
import { createShares, type Shares } from './swarm-shares.ts';
import { finish, protocolIdOf, readMessage, sendMessage } from './swarm-streams.ts';
import { inTurn } from './turns.ts';

/** Streams of one protocol on one connection. */
const ASKED_MAX = 16;
const ANSWERED_MAX = 32;
/**
 * How long a request may take to arrive, and an answer to leave. Unit: ms. 8 MiB in 30 s are 2.2
 * Mbit/s.
 */
const TRANSFER_MS = 30_000;
/**
 * Longest answer to a protocol that this node asks but does not serve, as a joiner does. Unit:
 * bytes.
 */
const ANSWER_BYTES_MAX = 8 * 1_048_576;
/**
 * What the requests of one peer may hold at once. Unit: bytes. An honest one has one exchange under
 * way, of 10 MiB at most, for which room doubles.
 */
const HELD_BYTES_MAX = 24 * 1_048_576;
/**
 * Answers that wait for one peer to read them. Unit: bytes. An honest one has one exchange under
 * way, of 10 MiB at most, beside lists of 2 MiB.
 */
const ANSWERED_BYTES_MAX = 24 * 1_048_576;
/** Requests of one member: at once, and per second. An honest one has some tens when it starts. */
const REQUESTS_BURST = 1_024;
const REQUESTS_PER_SECOND = 128;

/** What requests need. */
interface RequestContext {
  readonly node: Pick<Libp2p, 'handle' | 'unhandle'>;
  readonly connections: ConnectionTable;
  readonly meshId: string;
  readonly log: Log;
}

/** Three methods of the port. */
export function createRequests(
  context: RequestContext,
): Pick<SwarmNode, 'request' | 'requestEach' | 'handle'> {
  const { node, connections, log, meshId } = context;
  const served = new Map<string, ProtocolOptions>();
  const limits = openLimits();
  const notes = openNotes(log);
  const idOf = (name: string): string => protocolIdOf(meshId, name);
  const question = (protocol: string, body: Uint8Array, timeoutMs: number): Question => ({
    body,
    bytesMax: served.get(protocol)?.bytesMax ?? ANSWER_BYTES_MAX,
    signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
  });
  const request: SwarmNode['request'] = async (peer, protocol, body, timeoutMs) => {
    const connection = connections.best(peer)?.connection;
    if (connection === undefined) throw refused(peer, 'is not connected', 'dial it first');
    const asked = question(protocol, body, timeoutMs);
    try {
      return await ask(connection, idOf(protocol), asked);
    } catch (error) {
      throw asFault(peer, protocol, asked.signal, error);
    }
  };
  const requestEach: SwarmNode['requestEach'] = async (peer, protocol, body, timeoutMs) => {
    const lives = connections.members().find(([first]) => first?.peer === peer) ?? [];
    const asked = question(protocol, body, timeoutMs);
    const answers = await Promise.allSettled(
      lives.map(({ connection }) => ask(connection, idOf(protocol), asked)),
    );
    return answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  };
  const handle: SwarmNode['handle'] = (protocol, options, handler) => {
    if (served.has(protocol)) throw new Error(`protocol ${protocol} has a handler already`);
    served.set(protocol, options);
    const noted = (error: unknown) => log.error('swarm-handle', { protocol, error });
    const service = { protocol, options, handler, notes, limits };
    const serveStream = (stream: Stream, on: Libp2pConnection): Promise<void> =>
      serveOn(connections.find(on), stream, service);
    node.handle(idOf(protocol), serveStream, libp2pOptionsOf(options)).catch(noted);
    return () => {
      if (served.get(protocol) !== options) return;
      served.delete(protocol);
      node.unhandle(idOf(protocol)).catch(noted);
    };
  };
  return { request, requestEach, handle };
}

const libp2pOptionsOf = ({ inviteMayUse }: ProtocolOptions) => ({
  maxInboundStreams: ANSWERED_MAX,
  maxOutboundStreams: ASKED_MAX,
  runOnLimitedConnection: inviteMayUse,
});

interface Question {
  readonly body: Uint8Array;
  readonly bytesMax: number;
  readonly signal: AbortSignal;
}

const ask = async (
  connection: Libp2pConnection,
  protocolId: string,
  { body, bytesMax, signal }: Question,
): Promise<Uint8Array> => {
  const stream = await connection.newStream(protocolId, {
    signal,
    maxOutboundStreams: ASKED_MAX,
  });
  try {
    const reading = readMessage(stream, bytesMax, signal);
    const [answer] = await Promise.all([reading, sendMessage(stream, body, inTurn, signal)]);
    return answer;
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error('no answer'));
    throw error;
  } finally {
    void finish(stream, TRANSFER_MS);
  }
};

interface Service {
  readonly protocol: string;
  readonly options: ProtocolOptions;
  readonly handler: RequestHandler;
  readonly notes: Notes;
  readonly limits: Limits;
}

/** What one peer may have here, over all protocols. */
interface Limits {
  readonly asked: Shares;
  readonly answered: Shares;
  readonly rate: Buckets;
}

const openLimits = (): Limits => ({
  asked: createShares(HELD_BYTES_MAX),
  answered: createShares(ANSWERED_BYTES_MAX),
  rate: createBuckets(REQUESTS_BURST, REQUESTS_PER_SECOND),
});

/** What the log is told of requests that fail. */
interface Notes {
  bug(live: Live, protocol: string, error: unknown): void;
  failure(live: Live, protocol: string, error: unknown): void;
}

/** Invariant 4. Bugs have a budget of their own, which refusals do not use up. */
function openNotes(log: Log): Notes {
  const [bugs, failures] = [createLineBudget(), createLineBudget()];
  return {
    bug: ({ peer }, protocol, error) => {
      const left = bugs.take(peer, performance.now());
      if (left !== null) log.error('swarm-handler-bug', { protocol, peer, error, ...left });
    },
    failure: ({ peer, remote: { host } }, protocol, error) => {
      const left = failures.take(peer, performance.now());
      const why = error instanceof Error ? error.message : String(error);
      if (left !== null) log.warn('swarm-request-failed', { protocol, peer, host, why, ...left });
    },
  };
}

const serveOn = async (live: Live | null, stream: Stream, service: Service): Promise<void> => {
  if (live === null) stream.abort(new Error('unknown connection'));
  else await serve(stream, live, service);
};

const serve = async (stream: Stream, live: Live, service: Service): Promise<void> => {
  const { protocol, options, notes, limits } = service;
  const { peer } = live;
  const asked = limits.asked.open(peer);
  const answered = limits.answered.open(peer);
  try {
    keepPace(live, limits);
    const signal = AbortSignal.timeout(TRANSFER_MS);
    const request = await readMessage(stream, options.bytesMax, signal, asked.claim);
    const answer = await answerTo(live, request, service);
    answered.claim(answer.byteLength);
    await sendMessage(stream, answer, inTurn, AbortSignal.timeout(TRANSFER_MS));
    await finish(stream, TRANSFER_MS);
  } catch (error) {
    notes.failure(live, protocol, error);
    stream.abort(new Error('refused'));
  } finally {
    asked.end();
    answered.end();
  }
};

/** Who holds an invite has its key in common with others: the entry counts them. */
const keepPace = ({ peer, standing }: Live, { rate }: Limits): void => {
  if (standing !== 'member') return;
  const nowMs = performance.now();
  if (!rate.hasLeft(peer, nowMs)) {
    throw new Error(`it asks more than ${REQUESTS_PER_SECOND} times a second`);
  }
  rate.spend(peer, 1, nowMs);
};

const answerTo = async (
  live: Live,
  request: Uint8Array,
  { protocol, options, handler, notes }: Service,
): Promise<Uint8Array> => {
  const { peer, standing, remote } = live;
  const answer = await handler({ peer, standing, remote }, request).catch((error) => {
    if (!(error instanceof Fault)) notes.bug(live, protocol, error);
    throw error;
  });
  if (answer.byteLength > options.bytesMax) throw new Error('the answer is too long');
  return answer;
};

const refused = (peer: PeerKey, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'peer', value: peer, why, remedy });

/** Error names of libp2p 3.3.11 that tell more than that the stream is gone. */
const REASONS: Readonly<Record<string, string>> = {
  UnsupportedProtocolError: 'does not know the protocol',
  LimitedConnectionError: 'holds an invite and answers nothing',
  TooManyOutboundProtocolStreamsError: 'has too many open questions of ours',
};

const asFault = (peer: PeerKey, protocol: string, signal: AbortSignal, error: unknown): Fault => {
  if (signal.aborted) {
    const why = `gave no answer to ${protocol} in time`;
    return new Fault('timeout', { field: 'peer', value: peer, why, remedy: 'try again' }, error);
  }
  const name = error instanceof Error ? error.name : '';
  const why = `${REASONS[name] ?? 'closed without an answer'} (${protocol})`;
  return new Fault(
    'refused',
    { field: 'peer', value: peer, why, remedy: 'see the log of that member' },
    error,
  );
};

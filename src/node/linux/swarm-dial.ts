/**
 * Edge: swarm dial — reaches exactly one peer at one of several endpoints, or says why not.
 *
 * 1. A dial has succeeded when the remote was heard over the finished connection, not when libp2p
 *    says so: a gated dialler's own dial resolves and is aborted afterwards.
 * 2. What libp2p throws at the dialler does not say what happened. How far the handshake came does:
 *    no TCP connection, no psk nonce, no Noise, no first ping.
 */
import { isIP } from 'node:net';
import type { Libp2p } from '@libp2p/interface';
import { endpointText } from '../../crdt/endpoints.ts';
import type { PeerKey } from '../../crdt/ids.ts';
import { Fault } from '../../fault.ts';
import type { Endpoint, SwarmConfig, SwarmNode } from '../../ports.ts';
import { LETS_NOT_IN, NOBODY_LISTENS } from '../rules/gated.ts';
import type { ConnectionTable } from './swarm-connections.ts';
import { multiaddrOf } from './swarm-keys.ts';

/**
 * The least that one endpoint gets while there is time left: three round trips around the world,
 * and a lost packet.
 */
const ATTEMPT_MS_MIN = 1_500;

/** What a dial needs. */
interface DialContext {
  readonly node: Pick<Libp2p, 'dial'>;
  readonly connections: ConnectionTable;
  readonly isOverlay: SwarmConfig['isOverlay'];
  /** Aborts when the node stops. */
  readonly stopped: AbortSignal;
}

/** Why one endpoint did not do. */
interface Failure {
  readonly code: 'timeout' | 'refused';
  readonly why: string;
  readonly cause?: unknown;
}

/** The method of the port. */
export const createDial = (context: DialContext): SwarmNode['dial'] => {
  const { connections, isOverlay } = context;
  return async (peer, endpoints, timeoutMs) => {
    const endMs = performance.now() + timeoutMs;
    const failures: (Failure & { readonly endpoint: Endpoint })[] = [];
    for (const [index, endpoint] of endpoints.entries()) {
      const leftMs = endMs - performance.now();
      if (connections.best(peer) !== null) return;
      if (leftMs <= 0) break;
      const share = Math.max(ATTEMPT_MS_MIN, leftMs / (endpoints.length - index));
      const failure =
        unfit(endpoint.host, isOverlay) ??
        (await attempt(context, peer, endpoint, Math.min(share, leftMs)));
      if (failure === null) return;
      failures.push({ ...failure, endpoint });
    }
    if (connections.best(peer) === null) throw summary(failures, endpoints);
  };
};

const unfit = (host: string, isOverlay: SwarmConfig['isOverlay']): Failure | null => {
  if (isIP(host) === 0) return { code: 'refused', why: 'is no numeric address' };
  return isOverlay(host) ? { code: 'refused', why: 'lies inside the VPN itself' } : null;
};

const summary = (
  failures: readonly (Failure & { readonly endpoint: Endpoint })[],
  endpoints: readonly Endpoint[],
): Fault => {
  // That the member itself answered tells more than what came of its other addresses.
  const told =
    failures.find(({ why }) => why === LETS_NOT_IN) ??
    failures.find(({ code }) => code === 'refused') ??
    failures[0];
  const isAlike = failures.every(({ why }) => why === told?.why);
  const others = isAlike ? '' : `, ${failures.length - 1} other(s) failed too`;
  const facts = {
    field: 'endpoint',
    value:
      told === undefined
        ? endpoints.map(endpointText).join(' ') || 'none'
        : endpointText(told.endpoint),
    why: `${told?.why ?? 'no address to dial, or no time'}${others}`,
    remedy: 'check address, port and firewall, and that the member runs',
  };
  return new Fault(told?.code ?? 'timeout', facts, told?.cause);
};

type Stage = 'connect' | 'handshake' | 'gate';

const attempt = async (
  { node, connections, stopped }: DialContext,
  peer: PeerKey,
  endpoint: Endpoint,
  budgetMs: number,
): Promise<Failure | null> => {
  const signal = AbortSignal.any([AbortSignal.timeout(Math.ceil(budgetMs)), stopped]);
  let stage: Stage = 'connect';
  try {
    const connection = await node.dial(multiaddrOf(peer, endpoint), {
      signal,
      onProgress: ({ type }: { type: string }) => {
        if (type === 'upgrader:encrypt-outbound-connection') stage = 'handshake';
      },
    });
    stage = 'gate';
    const live = connections.find(connection);
    const isAdmitted = live !== null && (await before(signal, live.admitted));
    return isAdmitted ? null : GATED;
  } catch (error) {
    return signal.aborted ? late(stage, error) : early(stage, error);
  }
};

const GATED: Failure = { code: 'refused', why: LETS_NOT_IN };
const OTHER_PSK = 'has another pre-shared key: it belongs to another mesh';

const UNFINISHED = 'did not finish the handshake: it has another pre-shared key, or no time';

const late = (stage: Stage, cause: unknown): Failure => {
  if (stage === 'connect') return { code: 'timeout', why: 'no answer', cause };
  // With another psk each end reads noise; what looks like a long message, it waits for.
  if (stage === 'handshake') return { code: 'refused', why: UNFINISHED, cause };
  return { code: 'timeout', why: 'connected, then silent', cause };
};

/** What the kernel says when nobody is there; nobody answered, so these count as time-outs. */
const UNREACHED: Readonly<Record<string, string>> = {
  ECONNREFUSED: NOBODY_LISTENS,
  EHOSTUNREACH: 'no route to that host',
  ENETUNREACH: 'no route to that network',
  EADDRNOTAVAIL: 'no address of that kind here',
  ETIMEDOUT: 'no answer',
};

/** Error names of libp2p 3.3.11 whose meaning does not depend on the stage. */
const NAMED: Readonly<Record<string, string>> = {
  ConnectionInterceptedError: 'is no member as far as this node knows',
  ConnectionClosedError: GATED.why,
  MuxerUnavailableError: GATED.why,
};

const early = (stage: Stage, cause: unknown): Failure => {
  const { name = '', code = '', message = '' } = cause as Record<string, string | undefined>;
  const unreached = UNREACHED[code];
  if (unreached !== undefined) return { code: 'timeout', why: unreached, cause };
  const named = NAMED[name];
  if (named !== undefined) return { code: 'refused', why: named, cause };
  if (stage === 'connect') return { code: 'refused', why: 'closed the connection at once', cause };
  const why = message.includes('identity key') ? 'is another member than expected' : OTHER_PSK;
  return { code: 'refused', why, cause };
};

/** The promise's value, or the signal's reason thrown, whichever comes first. */
const before = <T>(signal: AbortSignal, promise: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });

/**
 * Edge: swarm messages — small messages without an answer, on a stream that stays open.
 *
 * Each side opens a stream for what it sends itself, at its first message, and a new one when that
 * has ended. Only members are heard; who says too much at once loses its stream.
 */
import type { Libp2p, Connection as Libp2pConnection, Stream } from '@libp2p/interface';
import type { Log, SwarmNode } from '../../ports.ts';
import type { ConnectionTable } from './swarm-connections.ts';
import { createLine, type Line, unframe } from './swarm-line.ts';
import { protocolIdOf } from './swarm-streams.ts';

/** How long a stream may take to open. Unit: ms. */
const OPEN_MS = 5_000;
/** Streams of one channel on one connection: one, and one that has not ended yet. */
const STREAMS_MAX = 2;

/** What messages need. */
interface MessageContext {
  readonly node: Pick<Libp2p, 'handle' | 'unhandle'>;
  readonly connections: ConnectionTable;
  readonly meshId: string;
  readonly log: Log;
}

/** Two methods of the port. */
export function createMessages(context: MessageContext): Pick<SwarmNode, 'send' | 'receive'> {
  const { node, connections, meshId, log } = context;
  const lines = new WeakMap<Libp2pConnection, Map<string, Line>>();
  const lineOf = (connection: Libp2pConnection, channel: string): Line => {
    const ofConnection = lines.get(connection) ?? new Map<string, Line>();
    lines.set(connection, ofConnection);
    const line =
      ofConnection.get(channel) ??
      createLine(() =>
        connection.newStream(protocolIdOf(meshId, channel), {
          signal: AbortSignal.timeout(OPEN_MS),
          maxOutboundStreams: STREAMS_MAX,
        }),
      );
    ofConnection.set(channel, line);
    return line;
  };
  return {
    send: (peer, channel, message) => {
      const live = connections.best(peer);
      if (live === null || live.standing !== 'member') return false;
      return lineOf(live.connection, channel).send(message);
    },
    receive: (channel, bytesMax, listener) => {
      const noted = (error: unknown): void => log.error('swarm-receive', { channel, error });
      const read = (stream: Stream, connection: Libp2pConnection): void => {
        const live = connections.find(connection);
        if (live?.standing === 'member')
          readFrom(stream, bytesMax, (one) => listener(live.peer, one));
        else stream.abort(new Error('no member'));
      };
      const id = protocolIdOf(meshId, channel);
      const options = { maxInboundStreams: STREAMS_MAX, maxOutboundStreams: STREAMS_MAX };
      node.handle(id, read, options).catch(noted);
      return () => void node.unhandle(id).catch(noted);
    },
  };
}

function readFrom(stream: Stream, bytesMax: number, hear: (message: Uint8Array) => void): void {
  const take = unframe(bytesMax);
  stream.addEventListener('message', ({ data }) => {
    try {
      for (const message of take(data.subarray())) hear(message);
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error('odd message'));
    }
  });
  stream.addEventListener('remoteCloseWrite', () => {
    stream.close().catch(() => stream.abort(new Error('not closed')));
  });
}

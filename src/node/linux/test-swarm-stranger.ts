/**
 * Edge: test swarm stranger — a libp2p client that knows the pre-shared key and tries everything:
 * the tests' own attacker, which shares no code with the edge under test.
 */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';

/** What the client was told, whoever told it. */
interface Loot {
  /** What came in on streams that the node opened to us for gossip, as latin1. */
  readonly gossip: string[];
  /** How often the node opened such a stream. */
  streams: number;
}

/** The client, and what it was told. */
interface Stranger {
  readonly client: Libp2p;
  readonly loot: Loot;
  /** Connects; null where nothing but an error came of it. */
  connect(port: number): Promise<Connection | null>;
}

/** Opens a client with the key of `seed`. It takes any gossip stream that is opened to it. */
export async function openStranger(seed: Uint8Array, psk: Uint8Array): Promise<Stranger> {
  const text = `/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(psk).toString('hex')}`;
  const client = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seed),
    transports: [tcp()],
    connectionProtector: preSharedKey({ psk: Buffer.from(text) }),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
  });
  const loot: Loot = { gossip: [], streams: 0 };
  await client.handle('/meshsub/1.2.0', (stream) => {
    loot.streams += 1;
    stream.addEventListener('message', ({ data }) => {
      loot.gossip.push(Buffer.from(data.subarray()).toString('latin1'));
    });
  });
  const connect = async (port: number): Promise<Connection | null> => {
    try {
      return await client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`));
    } catch {
      return null;
    }
  };
  return { client, loot, connect };
}

/** Opens a stream with no protocol, asks for the list of protocols; gives what comes back. */
export async function askList(
  connection: Connection | null,
  chunks: readonly string[],
): Promise<string> {
  // A muxer is what every libp2p connection has, though the interface does not show it.
  const { muxer } = connection as unknown as { muxer: { createStream(): Promise<Stream> } };
  return exchange(await muxer.createStream(), chunks, (heard) => heard.endsWith('\n\n'));
}

/** Opens a stream of a protocol and says something; gives the first thing heard, if any. */
export async function ask(
  connection: Connection,
  protocol: string,
  request: string,
): Promise<string> {
  const stream = await connection.newStream(protocol);
  return exchange(stream, [request], () => true);
}

const exchange = (
  stream: Stream,
  chunks: readonly string[],
  isOver: (heard: string) => boolean,
): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    const end = (): void => resolve(heard);
    stream.addEventListener('close', end);
    stream.addEventListener('remoteCloseWrite', end);
    stream.addEventListener('message', ({ data }) => {
      heard += Buffer.from(data.subarray()).toString('latin1');
      if (isOver(heard)) end();
    });
    if (stream.status !== 'open') end();
    else for (const chunk of chunks) stream.send(Buffer.from(chunk, 'latin1'));
  });

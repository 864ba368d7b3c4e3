/**
 * Edge: stranger — a libp2p client that has the pre-shared key and some key, and tries everything.
 *
 * A program of its own, run inside a VM's network; it shares no code with the swarm under test. It
 * reads an Attempt as JSON from standard input and prints its Loot.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import type { Connection, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';

/** What to try. Keys in hexadecimal. */
export interface Attempt {
  readonly seed: string;
  readonly psk: string;
  readonly mesh: string;
  /** Addresses; the port is the mesh's. */
  readonly hosts: readonly string[];
  /** How long to stay and listen, where one may stay. Unit: ms. */
  readonly stayMs: number;
}

/** What came of it, over all hosts. */
export interface Loot {
  /** Hosts whose connection was still open in the end. */
  readonly stayed: readonly string[];
  /** What came back when the list of protocols was asked for, on a stream without a protocol. */
  readonly list: string;
  /** Protocols that could be opened. */
  readonly opened: readonly string[];
  /** Protocols that identify told. */
  readonly identified: readonly string[];
  /** Topics to which others are subscribed, as gossip told. */
  readonly topics: readonly string[];
  /** Messages that gossip brought. */
  readonly frames: number;
}

const PORT = 7300;
/** How long one attempt on one host may take. Unit: ms. */
const PATIENCE_MS = 5_000;
/** multistream-select's own name, and its question for the list, as it is on the wire. */
const QUESTION = '\x13/multistream/1.0.0\n\x03ls\n';

const pskText = (psk: string): Uint8Array => Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${psk}`);

async function openClient({ seed, psk, mesh }: Attempt) {
  const client = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(seed, 'hex')),
    transports: [tcp()],
    connectionProtector: preSharedKey({ psk: pskText(psk) }),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      gossip: gossipsub({ globalSignaturePolicy: 'StrictNoSign', emitSelf: false }),
    },
  });
  client.services.gossip.subscribe(`/cnsmo/1/${mesh}/frames`);
  return client;
}

/** Asks for the list of protocols; gives what is heard until it ends or patience does. */
async function askList(connection: Connection): Promise<string> {
  // Every libp2p connection has a muxer, though the interface does not show it.
  const { muxer } = connection as unknown as { muxer: { createStream(): Promise<Stream> } };
  const stream = await muxer.createStream();
  let heard = '';
  stream.addEventListener('message', ({ data }) => {
    heard += Buffer.from(data.subarray()).toString('latin1');
  });
  stream.send(Buffer.from(QUESTION, 'latin1'));
  const endMs = performance.now() + PATIENCE_MS;
  while (performance.now() < endMs && stream.status === 'open' && !heard.endsWith('\n\n')) {
    await sleep(50);
  }
  return heard;
}

async function openProtocols(connection: Connection, mesh: string): Promise<readonly string[]> {
  const own = ['sync', 'join', 'status'].map((name) => `/cnsmo/1/${mesh.slice(0, 16)}/${name}`);
  const usual = ['/ipfs/id/1.0.0', '/ipfs/ping/1.0.0', '/meshsub/1.1.0', '/meshsub/1.2.0'];
  const opened: string[] = [];
  for (const protocol of [...own, ...usual]) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await connection.newStream(protocol, { signal }).then(
      () => opened.push(protocol),
      () => {}, // That is what is to be shown.
    );
  }
  return opened;
}

async function attempt(wish: Attempt): Promise<Loot> {
  const client = await openClient(wish);
  const identified: string[] = [];
  let frames = 0;
  client.addEventListener('peer:identify', ({ detail }) => identified.push(...detail.protocols));
  client.services.gossip.addEventListener('message', () => {
    frames += 1;
  });
  const [list, opened]: [string[], string[]] = [[], []];
  const connections = new Map<string, Connection>();
  for (const host of wish.hosts) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const address = multiaddr(`/ip4/${host}/tcp/${PORT}`);
    const connection = await client.dial(address, { signal }).catch(() => null);
    if (connection === null) continue;
    connections.set(host, connection);
    // Gossipsub opens its streams to whom identify names; a swarm without identify names nobody.
    opened.push(...(await openProtocols(connection, wish.mesh)));
    list.push(await askList(connection).catch(() => ''));
  }
  await sleep(wish.stayMs);
  const stayed = [...connections].filter(([, { status }]) => status === 'open');
  const loot = {
    stayed: stayed.map(([host]) => host),
    list: list.join(''),
    opened: [...new Set(opened)],
    identified,
    topics: topicsOf(client.services.gossip),
    frames,
  };
  await client.stop();
  return loot;
}

/** Gossipsub shows the subscribers of a topic, not the topics of others; it keeps them all. */
function topicsOf(gossip: unknown): readonly string[] {
  const { topics } = gossip as { topics: ReadonlyMap<string, ReadonlySet<string>> };
  return [...topics].filter(([, peers]) => peers.size > 0).map(([topic]) => topic);
}

if (import.meta.main) {
  const wish = JSON.parse(await text(process.stdin)) as Attempt;
  console.log(JSON.stringify(await attempt(wish)));
}

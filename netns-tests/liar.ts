/**
 * Edge: liar — a member that lies about others: it has a member's key, answers when it is asked,
 * and forges, replays and reorders everything that members tell each other of who is alive. In the
 * end it passes on a frame of the state whose signature is spoilt; to the last member several.
 *
 * A program of its own, run inside a VM's network; it shares no code with the swarm under test. It
 * reads a Lie as JSON from standard input and prints its Harvest.
 */
import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Connection, Stream } from '@libp2p/interface';
import { noise } from '@libp2p/noise';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import * as cborg from 'cborg';
import { createLibp2p } from 'libp2p';

/** What to say, to whom and of whom. Keys in hexadecimal. */
export interface Lie {
  readonly seed: string;
  readonly psk: string;
  readonly mesh: string;
  /** Addresses; the port is the mesh's. */
  readonly hosts: readonly string[];
  /** Ids of those of whom it lies. */
  readonly members: readonly string[];
  readonly durationMs: number;
}

/** What it did and heard. */
export interface Harvest {
  readonly connected: number;
  readonly sent: number;
  /** Messages of others that it has and repeats. */
  readonly recorded: number;
  /** Answers to its own questions: they show that it is understood. */
  readonly answers: number;
  /** Members that got a spoilt frame. */
  readonly spoilt: number;
}

const PORT = 7300;
const PATIENCE_MS = 5_000;
/** Pause between two messages to one member. Unit: ms. Members hear 50 a second of one. */
const PAUSE_MS = 25;
/** In the end as much as will go. */
const FLOOD = 2_000;
/** Acts and kinds of rumours, as they stand in a message. */
const [PING, ACK, NACK, NEWS] = [0, 1, 2, 4];
const [ALIVE, HEARSAY, SUSPECT, DEAD] = [0, 1, 2, 3];
const ABBREVIATION_LENGTH = 13;
/** The number of its own questions. */
const OWN_QUESTION = 7;
/** Messages of others that it keeps. */
const RECORDED_MAX = 10_000;
/** How long it stays after the flood. Unit: ms. */
const AFTERMATH_MS = 1_000;

interface Message {
  readonly a: number;
  readonly s?: number;
}

const framed = (message: Uint8Array): Uint8Array => {
  const header = Buffer.alloc(2);
  header.writeUInt16BE(message.length);
  return Buffer.concat([header, message]);
};

const any = <Item>(items: readonly Item[]): Item | undefined =>
  items[Math.floor(Math.random() * items.length)];

/** Incarnations of members whose daemons started in these minutes. */
const MINUTE = Math.floor((Date.now() - Date.UTC(2026, 0)) / 60_000);
const LIVES = [0, 1, 2].flatMap((ago) =>
  [0, 1].map((denials) => (MINUTE - ago) * 2 ** 24 + denials),
);

/** Everything that it may say, by turns. */
function lies(members: readonly string[], recorded: readonly Uint8Array[]) {
  const names = members.map((id) => id.slice(0, ABBREVIATION_LENGTH));
  const about = (kind: number, incarnation: number): Uint8Array =>
    cborg.encode({ v: 1, a: NEWS, r: names.map((name) => [kind, name, incarnation]) });
  const replay = (): Uint8Array => any(recorded) ?? about(DEAD, 0);
  return [
    () => about(DEAD, 0),
    () => about(DEAD, 2 ** 47),
    () => about(SUSPECT, any([0, 1, ...LIVES, 2 ** 46]) ?? 0),
    () => about(HEARSAY, any([0, 1, ...LIVES]) ?? 0),
    () =>
      cborg.encode({
        ...{ v: 1, a: NEWS },
        r: names.map((name) => [ALIVE, name, 2 ** 46, randomBytes(64)]),
      }),
    () => cborg.encode({ v: 1, a: ACK, s: any([0, 1, 2 ** 30]) ?? 0, g: randomBytes(64), r: [] }),
    () => cborg.encode({ v: 1, a: NACK, s: any([0, 1, 2 ** 30]) ?? 0, r: [] }),
    () => cborg.encode({ v: 1, a: PING, s: OWN_QUESTION, r: [] }),
    ...[replay, replay, replay],
    () => replay().toReversed(),
    () => randomBytes(200),
  ];
}

/** What the liar has of its own. */
interface Bench {
  /** What it sends, by the member that it goes to. */
  readonly streams: Map<string, Stream>;
  readonly recorded: Uint8Array[];
  sent: number;
  answers: number;
}

function send(bench: Bench, stream: Stream, message: Uint8Array): void {
  try {
    stream.send(framed(message));
    bench.sent += 1;
  } catch {
    // It was cut off.
  }
}

/** Keeps what it hears, and answers questions: who does not is soon heard no more. */
function hear(bench: Bench, message: Uint8Array, peer: string): void {
  if (bench.recorded.length < RECORDED_MAX) bench.recorded.push(message);
  const { a, s } = cborg.decode(message) as Message;
  if (a === ACK && s === OWN_QUESTION) bench.answers += 1;
  const back = bench.streams.get(peer);
  if (a === PING && back !== undefined) {
    send(bench, back, cborg.encode({ v: 1, a: ACK, s, r: [] }));
  }
}

function readFrom(stream: Stream, take: (message: Uint8Array) => void): void {
  let held = Buffer.alloc(0);
  stream.addEventListener('message', ({ data }) => {
    held = Buffer.concat([held, data.subarray()]);
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE()) {
      const end = 2 + held.readUInt16BE();
      take(new Uint8Array(held.subarray(2, end)));
      held = held.subarray(end);
    }
  });
}

/** One message of the state and its answer: four bytes of length before each. */
async function exchange(
  connection: Connection,
  mesh: string,
  frames: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const stream = await connection.newStream(`/cnsmo/1/${mesh.slice(0, 16)}/sync`, { signal });
  const answer = new Promise<Uint8Array>((resolve, reject) => {
    let held = Buffer.alloc(0);
    signal.addEventListener('abort', () => reject(signal.reason));
    stream.addEventListener('message', ({ data }) => {
      held = Buffer.concat([held, data.subarray()]);
      if (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) resolve(held.subarray(4));
    });
  });
  const message = cborg.encode({ v: 1, document: 1, heads: [], frames });
  const header = Buffer.alloc(4);
  header.writeUInt32BE(message.length);
  stream.send(Buffer.concat([header, message]));
  return (cborg.decode(await answer) as { readonly frames: readonly Uint8Array[] }).frames;
}

/** So many bad frames mute whoever sends them. */
const TOO_MANY = 3;

/** Gives a member a frame back that it told, so often, each time with another signature. */
async function spoil(connection: Connection, mesh: string, times: number): Promise<void> {
  const [frame = new Uint8Array()] = await exchange(connection, mesh, []);
  const content = cborg.decode(frame) as Record<string, unknown>;
  const spoilt = Array.from({ length: times }, () =>
    cborg.encode({ ...content, signature: randomBytes(64) }),
  );
  // Who is muted by them gets no answer.
  await exchange(connection, mesh, spoilt).catch((error: unknown) => {
    if (times < TOO_MANY) throw error;
  });
}

const openClient = async ({ seed, psk }: Lie) =>
  await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', Buffer.from(seed, 'hex')),
    transports: [tcp()],
    connectionProtector: preSharedKey({
      psk: Buffer.from(`/key/swarm/psk/1.0.0/\n/base16/\n${psk}`),
    }),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  });

async function lie(wish: Lie): Promise<Harvest> {
  const protocol = `/cnsmo/1/${wish.mesh.slice(0, 16)}/liveness`;
  const bench: Bench = { streams: new Map(), recorded: [], sent: 0, answers: 0 };
  const { streams, recorded } = bench;
  const client = await openClient(wish);
  await client.handle(protocol, (stream, { remotePeer }) =>
    readFrom(stream, (message) => hear(bench, message, remotePeer.toString())),
  );
  const connections: Connection[] = [];
  for (const host of wish.hosts) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const connection = await client.dial(multiaddr(`/ip4/${host}/tcp/${PORT}`), { signal });
    const stream = await connection.newStream(protocol, { signal });
    streams.set(connection.remotePeer.toString(), stream);
    connections.push(connection);
  }
  const all = lies(wish.members, recorded);
  const endMs = performance.now() + wish.durationMs;
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const next = all[turn % all.length];
    for (const stream of streams.values()) if (next !== undefined) send(bench, stream, next());
    await sleep(PAUSE_MS);
  }
  for (const [index, connection] of connections.entries()) {
    await spoil(connection, wish.mesh, index === connections.length - 1 ? TOO_MANY : 1);
  }
  for (let turn = 0; turn < FLOOD; turn += 1) {
    for (const stream of streams.values()) send(bench, stream, any(all)?.() ?? randomBytes(8));
  }
  await sleep(AFTERMATH_MS);
  await client.stop();
  const { sent, answers } = bench;
  const counts = { connected: streams.size, spoilt: connections.length };
  return { ...counts, sent, recorded: recorded.length, answers };
}

if (import.meta.main) {
  const wish = JSON.parse(await text(process.stdin)) as Lie;
  console.log(JSON.stringify(await lie(wish)));
}

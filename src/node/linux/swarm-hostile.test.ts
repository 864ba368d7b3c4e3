import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Connection, Stream } from '@libp2p/interface';
import { type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import type { Standing } from '../../ports.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';
import { freePort } from './test-ports.ts';
import { eventually, silentLog } from './test-swarm-loopback.ts';
import { openStranger } from './test-swarm-stranger.ts';

const MESH = 'm'.repeat(52);
const PSK = new Uint8Array(32).fill(77);
const KIB = 1_024;
/** A whole message. */
const PING = Buffer.from('\0\0\0\x04ping');
const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const keyOf = (n: number): PeerKey => peerKeyOf(openCrypto().publicKey(seedOf(n)));
const protocolOf = (name: string): string => `/cnsmo/1/${MESH.slice(0, 16)}/${name}`;

/** Key 5 and 6 hold tokens; all others are members. */
const standing = (peer: PeerKey): Standing =>
  [keyOf(5), keyOf(6)].includes(peer) ? 'invite' : 'member';

const open = async (context: TestContext, n: number, port: number | null) => {
  const node = await openSwarm(silentLog).open({
    seed: seedOf(n),
    psk: PSK,
    port,
    meshId: MESH,
    standing,
    isOverlay: () => false,
    judge: () => 'accept',
  });
  context.after(() => node.stop());
  return node;
};

/** A node that answers joins and exchanges, and an attacker of a standing that is connected. */
async function stage(context: TestContext, attacker: number) {
  const port = await freePort();
  const node = await open(context, 1, port);
  const seen = { join: 0, sync: 0 };
  const answer = (name: 'join' | 'sync') => async (_from: unknown, body: Uint8Array) => {
    seen[name] += 1;
    return body.subarray(0, 4);
  };
  node.handle('join', { bytesMax: 16 * KIB, inviteMayUse: true }, answer('join'));
  node.handle('sync', { bytesMax: 10 * KIB * KIB, inviteMayUse: false }, answer('sync'));
  const { client, connect } = await openStranger(seedOf(attacker), PSK);
  context.after(() => client.stop());
  const connection = await connect(port);
  assert.ok(connection);
  const dial = async (n: number) => {
    const other = await open(context, n, null);
    await other.dial(node.self, [{ host: '127.0.0.1', port }], 5_000);
    return (name: string) => other.request(node.self, name, Buffer.from('ping'), 5_000);
  };
  return { node, seen, connection, connect: () => connect(port), dial };
}

const opened = async (connection: Connection, name: string): Promise<Stream | null> =>
  connection.newStream(protocolOf(name)).catch(() => null);

/** Says something on a stream that may be gone by now. */
const say = (stream: Stream | null | undefined, bytes: Uint8Array): void => {
  try {
    stream?.send(bytes);
  } catch {
    // That the node has reset it is fine.
  }
};

/** Lets a hostile act pass beside honest requests. */
async function beside(act: () => Promise<void>, honest: () => Promise<unknown>): Promise<void> {
  let isOver = false;
  const acting = act().finally(() => {
    isOver = true;
  });
  do await honest();
  while (!isOver);
  await acting;
}

test('the holder of a token with many slow and noisy streams keeps nobody else out', async (t) => {
  // Goal: "others unaffected". Method: 100 streams that send a byte or nothing, garbage of every
  // length, and pieces of a megabyte; another token's holder joins all the while, a member syncs.
  const { node, seen, connection, dial } = await stage(t, 5);
  const [join, sync] = [await dial(6), await dial(2)];
  const act = async (): Promise<void> => {
    const slow = await Promise.all(Array.from({ length: 100 }, () => opened(connection, 'join')));
    const open = () => slow.filter((stream) => stream !== null && stream.status === 'open');
    // The node's word that one is too many comes a little later.
    await eventually('32 streams are open at most', () => open().length <= 32);
    const held = open();
    for (const stream of held) say(stream, Uint8Array.of(0));
    for (const stream of held.slice(0, 16)) stream?.abort(new Error('on to the next'));
    for (let length = 1; length < 2_000; length *= 3) {
      say(await opened(connection, 'join'), randomBytes(length));
    }
    say(await opened(connection, 'join'), Buffer.alloc(KIB * KIB, 'a'));
    say(await opened(connection, 'sync'), PING);
  };
  const answers: string[] = [];
  await beside(act, async () => {
    answers.push(Buffer.from(await join('join')).toString());
    answers.push(Buffer.from(await sync('sync')).toString());
  });
  assert.ok(answers.length >= 2 && answers.every((one) => one === 'ping'));
  assert.equal(seen.join + seen.sync, answers.length);
  assert.ok(node.connections().some(({ peer }) => peer === keyOf(2)));
});

test('a member that begins many long messages holds no more than its share', async (t) => {
  // Goal: bounded memory from a certified member. Method: 12 streams, 3 MiB of 10 on each: some are
  // reset by the node, none reaches a handler; an honest member is served, and so is this one once
  // it has let go.
  const { seen, connection, dial } = await stage(t, 3);
  const sync = await dial(2);
  const streams: Stream[] = [];
  for (let count = 0; count < 12; count += 1) {
    const stream = await opened(connection, 'sync');
    if (stream === null) continue;
    streams.push(stream);
    const header = Buffer.alloc(4);
    header.writeUInt32BE(10 * KIB * KIB);
    say(stream, Buffer.concat([header, Buffer.alloc(3 * KIB * KIB)]));
  }
  const resets = (): number => streams.filter(({ status }) => status === 'reset').length;
  await eventually('half are reset', () => resets() >= 6);
  assert.equal(seen.sync, 0);
  assert.equal(Buffer.from(await sync('sync')).toString(), 'ping');
  for (const stream of streams) stream.abort(new Error('enough'));
  const again = await opened(connection, 'sync');
  say(again, PING);
  await eventually('it is served again', () => seen.sync === 2);
});

test('a member that reads no answers makes nobody hold more than its share of them', async (t) => {
  // Goal: bounded memory from who asks and does not read. Method: 24 questions with answers of
  // 2 MiB: 12 at most are kept for it; an honest member gets its own, and so does this one later.
  const { node, connection, dial } = await stage(t, 3);
  const long = new Uint8Array(2 * KIB * KIB);
  node.handle('list', { bytesMax: long.length, inviteMayUse: false }, async () => long);
  const honest = await dial(2);
  const streams: Stream[] = [];
  for (let count = 0; count < 24; count += 1) {
    const stream = await opened(connection, 'list');
    if (stream === null) continue;
    stream.pause();
    streams.push(stream);
    say(stream, PING);
  }
  const resets = (): number => streams.filter(({ status }) => status === 'reset').length;
  await eventually('what is more than its share is reset', () => resets() >= 12);
  assert.equal((await honest('list')).length, long.length);
  assert.equal(resets(), streams.length - 12);
  for (const stream of streams) stream.abort(new Error('enough'));
  const again = await opened(connection, 'list');
  let came = 0;
  again?.addEventListener('message', ({ data }) => {
    came += data.byteLength;
  });
  say(again, PING);
  await eventually('it gets one', () => came === 4 + long.length);
});

test('a member that asks thousands of times at once is refused, and nobody else is', async (t) => {
  // Goal: a flood of small questions keeps nobody's loops awake. Method: 1,400 of one member, one
  // after the other as fast as they go; fewer reach a handler, an honest member is answered.
  const { seen, connection, dial } = await stage(t, 3);
  const honest = await dial(2);
  const streams: Stream[] = [];
  for (let count = 0; count < 1_400; count += 1) {
    const stream = await opened(connection, 'join');
    if (stream === null) continue;
    streams.push(stream);
    say(stream, PING);
    void stream.close().catch(() => undefined);
  }
  const resets = (): number => streams.filter(({ status }) => status === 'reset').length;
  await eventually('some are refused', () => resets() > 0);
  assert.ok(seen.join < streams.length, `${seen.join} of ${streams.length}`);
  assert.equal(Buffer.from(await honest('sync')).toString(), 'ping');
});

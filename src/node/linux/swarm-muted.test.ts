import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type FrameContent, makeFrame, readFrame } from '../../crdt/frame.ts';
import { clientIdOf } from '../../crdt/gate.ts';
import { type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import { attacksAfter, honestUpdates } from '../../crdt/test-attacks.ts';
import type { GossipVerdict } from '../../ports.ts';
import { createJudge } from '../gossip-judge.ts';
import { createMutes } from '../rules/mutes.ts';
import { adoptionOf, createDisk, idOf, open as openReplica } from '../test-replica.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';
import { freePort } from './test-ports.ts';
import { eventually, silentLog } from './test-swarm-loopback.ts';

const seedOf = (n: number): Uint8Array => new Uint8Array(32).fill(n);
const keyOf = (n: number): PeerKey => peerKeyOf(openCrypto().publicKey(seedOf(n)));

/**
 * Longest time until a sender is muted. Unit: ms. gossipsub believes in a good peer for a second or
 * 128 messages, and in its score for another second; the rest is for a slow machine.
 */
const MUTED_MS_MAX = 20_000;

const verdictOf = (text: string): GossipVerdict => (text.startsWith('bad') ? 'reject' : 'accept');

const open = async (
  context: TestContext,
  n: number,
  port: number | null,
  judge: (from: PeerKey, frame: Uint8Array) => GossipVerdict = () => 'accept',
) => {
  const node = await openSwarm(silentLog).open({
    seed: seedOf(n),
    psk: seedOf(77),
    port,
    meshId: 'm'.repeat(52),
    standing: () => 'member',
    isOverlay: () => false,
    judge,
  });
  context.after(() => node.stop());
  return node;
};

test('whoever sends rejected frames is muted within seconds, and nobody else', async (t) => {
  // Goal: "the sender muted". Method: one member sends bad frames, another good ones; the first is
  // heard as long as it is good, then no more, whatever it sends; the other is heard all the while.
  const port = await freePort();
  const heard = new Map<PeerKey, string[]>();
  const node = await open(t, 1, port, (from, frame) => {
    const text = Buffer.from(frame).toString();
    heard.set(from, [...(heard.get(from) ?? []), text]);
    return verdictOf(text);
  });
  const [bad, good] = [await open(t, 2, null), await open(t, 3, null)];
  for (const other of [bad, good]) {
    await other.dial(node.self, [{ host: '127.0.0.1', port }], 5_000);
  }
  const of = (n: number): readonly string[] => heard.get(keyOf(n)) ?? [];
  let sent = 0;
  const send = (from: typeof bad, kind: string): void => {
    sent += 1;
    void from.publish(Buffer.from(`${kind} ${sent}`));
  };
  /** Sends so many of a kind from the attacker; until good ones that the other sent later came. */
  const attack = async (kind: string, count: number): Promise<void> => {
    const others = of(3).length;
    for (let number = 0; number < count; number += 1) send(bad, kind);
    await eventually('the other is heard', () => {
      send(good, 'fine');
      return of(3).length > others + 2;
    });
  };
  await eventually('who will attack is heard', () => {
    send(bad, 'fine');
    return of(2).length > 0;
  });
  const startMs = performance.now();
  for (let quiet = 0; quiet < 2; ) {
    const known = of(2).length;
    await attack('bad', 5);
    quiet = known === of(2).length ? quiet + 1 : 0;
    assert.ok(performance.now() - startMs < MUTED_MS_MAX, `${of(2).length} were looked at`);
  }
  assert.ok(of(2).filter((text) => text.startsWith('bad')).length >= 3);
  const muted = of(2).length;
  await attack('fine again', 5);
  assert.equal(of(2).length, muted);
});

/** What a member of the mesh signed: an honest beginning, and each attack as what comes next. */
function framesOf(n: number, mesh: Uint8Array) {
  const crypto = openCrypto();
  const author = crypto.publicKey(seedOf(n));
  const client = clientIdOf(crypto, author, 0);
  const frameOf = (place: Pick<FrameContent, 'sequence' | 'previous' | 'body'>): Uint8Array =>
    makeFrame(crypto, seedOf(n), { mesh, author, generation: 0, ...place });
  const [first, second] = honestUpdates(client) as [Uint8Array, Uint8Array];
  const begin = frameOf({ sequence: 0, previous: null, body: first });
  const next = (body: Uint8Array): Uint8Array =>
    frameOf({ sequence: 1, previous: crypto.sha256(begin), body });
  const later = (sequence: number): Uint8Array =>
    frameOf({ sequence, previous: new Uint8Array(32), body: second });
  const attacks = attacksAfter(client).map(([, body]) => next(body));
  return { begin, later, attacks, honest: next(second) };
}

test('a member that sends harmful updates of Yjs is muted by its own bytes', async (t) => {
  // Goal: the gate, the score and the mute are one thing. Method: a real replica judges what two
  // members sign; one of them sends each attack of `test-attacks.ts`, and then something honest.
  const port = await freePort();
  const replica = await openReplica(createDisk().disk);
  await replica.write([7, 8, 9].map(adoptionOf));
  const own = readFrame(replica.framesAfter([], 1e9)[0] ?? new Uint8Array());
  assert.ok(own.ok);
  const [hostile, honest] = [8, 9].map((n) => framesOf(n, own.frame.mesh));
  assert.ok(hostile !== undefined && honest !== undefined);
  replica.receive([hostile.begin, honest.begin]);
  const verdicts = new Map<PeerKey, string[]>([8, 9].map((n) => [keyOf(n), []]));
  const of = (n: number): readonly string[] => verdicts.get(keyOf(n)) ?? [];
  const mutes = createMutes();
  // It stands still: however slow the machine is, the bad frames come together.
  const clock = { monotonicMs: () => 1_000 };
  const nothing = (): void => undefined;
  const judge = createJudge({
    ...{ clock, replica, strangers: new Map(), marks: { add: nothing } },
    isMuted: (peer) => mutes.isMuted(peer, clock.monotonicMs()),
    onBad: (peer) => void mutes.blame(peer, 1, clock.monotonicMs()),
    onFork: nothing,
    onFlood: nothing,
  });
  const node = await open(t, 7, port, (from, frame) => {
    const verdict = judge(from, frame);
    verdicts.get(from)?.push(verdict);
    return verdict;
  });
  const [bad, good] = [await open(t, 8, null), await open(t, 9, null)];
  for (const other of [bad, good]) {
    await other.dial(node.self, [{ host: '127.0.0.1', port }], 5_000);
  }
  let sequence = 2;
  await eventually('both are heard', () => {
    sequence += 1;
    void bad.publish(hostile.later(sequence));
    void good.publish(honest.later(sequence));
    return of(8).length > 0 && of(9).length > 0;
  });
  const isMuted = (n: number): boolean => mutes.isMuted(keyOf(n), clock.monotonicMs());
  const before = replica.view();
  for (const attack of hostile.attacks) void bad.publish(attack);
  await eventually('it is muted', () => isMuted(8));
  await bad.publish(hostile.honest);
  await good.publish(honest.honest);
  const holds = (n: number): boolean =>
    replica.heads().some((head) => head.author === idOf(n) && head.sequence === 1);
  await eventually('the other is heard', () => holds(9));
  assert.ok(!holds(8), 'what it says honestly now is not taken either');
  const rejected = of(8).filter((verdict) => verdict === 'reject').length;
  assert.ok(rejected === 3, `${rejected} were rejected, and no more was looked at`);
  assert.ok(!of(8).includes('accept') && !of(9).includes('reject') && !isMuted(9));
  assert.deepEqual(replica.view(), before);
});

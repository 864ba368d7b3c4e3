import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type PeerKey, peerKeyOf } from '../../crdt/ids.ts';
import type { GossipVerdict } from '../../ports.ts';
import { openCrypto } from './crypto.ts';
import { openSwarm } from './swarm.ts';
import { eventually, silentLog } from './swarm-loopback.ts';
import { freePort } from './test-ports.ts';

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
  onFrame: (from: PeerKey, text: string) => void,
) => {
  const node = await openSwarm(silentLog).open({
    seed: seedOf(n),
    psk: seedOf(77),
    port,
    meshId: 'm'.repeat(52),
    standing: () => 'member',
    isOverlay: () => false,
    judge: (from, frame) => {
      const text = Buffer.from(frame).toString();
      onFrame(from, text);
      return verdictOf(text);
    },
  });
  context.after(() => node.stop());
  return node;
};

test('whoever sends rejected frames is muted within seconds, and nobody else', async (t) => {
  // Goal: "the sender muted". Method: one member sends bad frames, another good ones; the first is
  // heard as long as it is good, then no more, whatever it sends; the other is heard all the while.
  const port = await freePort();
  const heard = new Map<PeerKey, string[]>();
  const node = await open(t, 1, port, (from, text) => {
    heard.set(from, [...(heard.get(from) ?? []), text]);
  });
  const ignore = (): void => undefined;
  const [bad, good] = [await open(t, 2, null, ignore), await open(t, 3, null, ignore)];
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

/**
 * Edge: flooder — a program of its own that has a member's key and sends others what is wrong, as
 * fast as it goes: frames with some bytes changed, cut, too long and of chance.
 *
 * It runs in the network of the VM whose key it has. It reads a Flood as JSON from standard input
 * and prints how much it sent, in messages and bytes.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { PeerKey } from '../../src/crdt/ids.ts';
import { decodeJournal } from '../../src/crdt/journal.ts';
import { openCrypto } from '../../src/node/linux/crypto.ts';
import { openSwarm } from '../../src/node/linux/swarm.ts';
import { encodeSync, NO_INTRODUCTION } from '../../src/node/rules/sync-message.ts';
import type { SwarmNode } from '../../src/ports.ts';

/** Whom to flood, and as whom. Bytes in hexadecimal. */
export interface Flood {
  readonly seed: string;
  readonly psk: string;
  readonly mesh: string;
  readonly journal: string;
  readonly victim: string;
  readonly host: string;
  readonly durationMs: number;
}

const PORT = 7300;
const WAIT_MS = 5_000;
/** Frames of one message, and requests that are under way at a time. */
const FRAMES = 400;
const REQUESTS = 8;
/** The longest frame of chance. Unit: bytes. */
const CHANCE_BYTES_MAX = 400_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A frame that somebody said, spoilt. */
function spoilt(frames: readonly Uint8Array[]): Uint8Array {
  const frame = frames[randomInt(frames.length)] ?? randomBytes(200);
  const bytes = Uint8Array.from(frame);
  for (let count = 1 + randomInt(4); count > 0; count -= 1) {
    bytes[randomInt(bytes.length)] = randomInt(256);
  }
  return randomInt(8) === 0 ? bytes.subarray(0, randomInt(bytes.length)) : bytes;
}

function* messages(frames: readonly Uint8Array[]): Generator<readonly Uint8Array[], never> {
  for (;;) {
    yield Array.from({ length: FRAMES }, () => spoilt(frames));
    yield [randomBytes(1 + randomInt(CHANCE_BYTES_MAX))];
  }
}

async function flood(node: SwarmNode, wish: Flood, frames: readonly Uint8Array[]) {
  const victim = wish.victim as PeerKey;
  const endpoints = [{ host: wish.host, port: PORT }];
  const endMs = performance.now() + wish.durationMs;
  const endless = messages(frames);
  let [sent, bytes] = [0, 0];
  const send = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const some = endless.next().value;
      const body = encodeSync({ ...NO_INTRODUCTION, heads: [], frames: some, wallMs: Date.now() });
      try {
        await node.dial(victim, endpoints, WAIT_MS);
        for (const frame of some.slice(0, 8)) void node.publish(frame);
        await node.request(victim, 'sync', body, WAIT_MS);
      } catch {
        // It was cut off, or is heard no more.
      }
      sent += 1;
      bytes += body.length;
    }
  };
  await Promise.all(Array.from({ length: REQUESTS }, send));
  return { sent, bytes };
}

const wish = JSON.parse(await text(process.stdin)) as Flood;
const hex = (words: string): Uint8Array => new Uint8Array(Buffer.from(words, 'hex'));
const node = await openSwarm(silent).open({
  ...{ seed: hex(wish.seed), psk: hex(wish.psk), port: null, meshId: wish.mesh },
  ...{ standing: () => 'member', isOverlay: () => false, judge: () => 'ignore' },
});
const { frames } = decodeJournal(openCrypto(), hex(wish.journal));
process.stdout.write(JSON.stringify(await flood(node, wish, frames)));
process.exit(0);

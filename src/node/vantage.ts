/**
 * Loop: vantage — from where other members see this VM: the public side of a NAT, which it cannot
 * know by itself, and which is another one when the cloud so wants.
 *
 * 1. Each connection is asked once, three at most at a time: then one liar among them is outvoted.
 * 2. What was seen is forgotten with its connection; what is said of it (`rules/facts.ts`) stays.
 */
import { canBeHost } from '../crdt/addresses.ts';
import { decode, encode } from '../crdt/codec.ts';
import { plainHost } from '../crdt/endpoints.ts';
import { isRecord } from '../crdt/entry.ts';
import type { PeerKey } from '../crdt/ids.ts';
import type { SwarmNode, Unsubscribe } from '../ports.ts';

const PROTOCOL = 'vantage';
const VERSION = 1;
/** Longest question and answer. Unit: bytes. An address is 45 at most. */
const BYTES_MAX = 128;
/** Longest wait for an answer. Unit: ms. */
const ANSWER_MS = 3_000;
/** Members whose word is wanted. */
const WITNESSES = 3;

/** What others see. */
export interface Vantage {
  /** Asks members until enough have said; for who may be behind a NAT. */
  look(swarm: Pick<SwarmNode, 'connections' | 'request'>): Promise<void>;
  /** The host that each witness saw, as it was said. */
  seen(): readonly string[];
}

/** Nobody was asked yet. */
export function createVantage(): Vantage {
  /** Host, or null while it is asked and for who gave none. */
  const said = new Map<PeerKey, string | null>();
  const seen = (): readonly string[] => [...said.values()].filter((host) => host !== null);
  return {
    seen,
    look: async (swarm) => {
      const peers = new Set(swarm.connections().map(({ peer }) => peer));
      for (const peer of said.keys()) if (!peers.has(peer)) said.delete(peer);
      const unasked = [...peers].filter((peer) => !said.has(peer));
      await Promise.all(
        unasked.slice(0, Math.max(0, WITNESSES - seen().length)).map(async (peer) => {
          said.set(peer, null);
          const host = await ask(swarm, peer);
          if (said.has(peer)) said.set(peer, host);
        }),
      );
    },
  };
}

/** Says to members from where it sees them, until the returned function is called. */
export const serveVantage = (swarm: Pick<SwarmNode, 'handle'>): Unsubscribe =>
  swarm.handle(PROTOCOL, { bytesMax: BYTES_MAX, inviteMayUse: false }, async ({ remote }) =>
    encode({ v: VERSION, host: remote.host }),
  );

async function ask(swarm: Pick<SwarmNode, 'request'>, peer: PeerKey): Promise<string | null> {
  try {
    return hostIn(await swarm.request(peer, PROTOCOL, new Uint8Array([VERSION]), ANSWER_MS));
  } catch {
    return null; // It has gone, or does not know the question.
  }
}

function hostIn(bytes: Uint8Array): string | null {
  const read = decode(bytes, BYTES_MAX);
  if (!read.ok || !isRecord(read.value) || read.value.v !== VERSION) return null;
  const { host } = read.value;
  if (typeof host !== 'string') return null;
  const plain = plainHost(host);
  return canBeHost(plain) ? plain : null;
}

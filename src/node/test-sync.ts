/**
 * Loop: test sync — a sync loop whose peers answer when they are told to, for tests only.
 */
import assert from 'node:assert/strict';
import type { PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import type { Connection, RequestHandler, SwarmNode } from '../ports.ts';
import type { Replica } from './replica.ts';
import type { Ahead } from './rules/clocks.ts';
import { encodeSync, NO_INTRODUCTION } from './rules/sync-message.ts';
import { createSync } from './sync.ts';
import { createTime, settle } from './test-time.ts';
import { openTwins } from './test-twins.ts';

const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };

type Answer = (wallMs?: number | null, frames?: readonly Uint8Array[]) => void;

/** What the swarm was asked, and who waits for an answer. */
const openScene = (peers: readonly string[]) => ({
  peers,
  open: [] as { readonly peer: string; readonly answer: Answer }[],
  asked: [] as string[],
  published: [] as Uint8Array[],
  listeners: new Set<(peer: PeerKey) => void>(),
  served: { handler: null } as { handler: RequestHandler | null },
});

type Scene = ReturnType<typeof openScene>;

const swarmOf = ({ peers, open, asked, published, listeners, served }: Scene): SwarmNode =>
  ({
    self: 'self' as PeerKey,
    connections: () => peers.map((peer) => ({ peer }) as Connection),
    onConnectionChange: (listener: (peer: PeerKey) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish: async (frame: Uint8Array) => {
      published.push(frame);
      return peers as readonly PeerKey[];
    },
    handle: (_name: string, _options: unknown, handler: RequestHandler) => {
      served.handler = handler;
      return () => undefined;
    },
    request: (peer: PeerKey) => {
      assert.ok(!open.some((one) => one.peer === peer), `two exchanges with ${peer}`);
      asked.push(peer);
      const { promise, resolve } = Promise.withResolvers<Uint8Array>();
      const one = {
        peer,
        answer: (wallMs: number | null = null, frames: readonly Uint8Array[] = []) => {
          open.splice(open.indexOf(one), 1);
          resolve(encodeSync({ heads: [], frames, wallMs, ...NO_INTRODUCTION }));
        },
      };
      open.push(one);
      return promise;
    },
  }) as unknown as SwarmNode;

const replicaOf = (
  receipt: Receipt,
  { ahead, lacking }: { readonly ahead: readonly Ahead[]; readonly lacking: readonly Uint8Array[] },
): Replica =>
  ({
    receive: (frames: readonly Uint8Array[]) => frames.map(() => receipt),
    receiveInPieces: async (frames: readonly Uint8Array[]) => frames.map(() => receipt),
    screen: () => (receipt.verdict === 'taken' ? null : receipt),
    heads: () => [],
    framesAfter: () => lacking,
    onChange: () => () => undefined,
    reassure: () => undefined,
    confirm: () => undefined,
    ahead: () => ahead,
  }) as unknown as Replica;

/**
 * A sync loop whose peers answer when they are told to. Peers whose names begin with `invite` hold
 * invites.
 */
export function stage(
  peers: readonly string[],
  receipt: Receipt = { verdict: 'held', why: 'gap' },
) {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (event: string) => void warnings.push(event),
    error: () => undefined,
  };
  const { clock, pass, step } = createTime();
  const scene = openScene(peers);
  const { open, asked, published, listeners, served } = scene;
  const ahead: Ahead[] = [];
  /** What every peer lacks. */
  const lacking: Uint8Array[] = [];
  const isMember = (peer: PeerKey): boolean => !peer.startsWith('invite');
  const replica = replicaOf(receipt, { ahead, lacking });
  const sync = createSync({ clock, random, log }, replica, isMember, openTwins(1));
  const stop = new AbortController();
  const answer = async (peer: string, wallMs: number | null = null): Promise<void> => {
    open.find((one) => one.peer === peer)?.answer(wallMs);
    await settle();
  };
  const start = async (): Promise<() => Promise<void>> => {
    const done = sync.run(swarmOf(scene), stop.signal);
    await settle();
    return async () => {
      stop.abort();
      for (const one of [...open]) one.answer();
      await done;
    };
  };
  const gone = (peer: string): void => {
    for (const listener of listeners) listener(peer as PeerKey);
  };
  const told = { asked, published, warnings };
  return { sync, start, answer, ...told, served, open, pass, step, ahead, lacking, gone };
}

/** Where a request of a member comes from. */
export const FROM = { standing: 'member' as const, remote: { host: '192.0.2.2', port: 1 } };

/**
 * Loop: relay — what an exchange brought goes on to the other neighbours.
 *
 * 1. By gossip, which nobody is sent twice, where it is little and short: in a crowd that joins at
 *    once each has the news from several.
 * 2. By an exchange with each where gossip would not do: for much, for what is long, for the proof
 *    of a fork (to who lacks the other frame it looks bad), and for authors of whom gossip was
 *    ignored here within `SEEN_MS`, since gossip carries the same bytes only once.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Clock, SwarmNode } from '../ports.ts';
import type { News } from './exchange.ts';
import type { Marks } from './marks.ts';

/**
 * Longest frame that is gossiped. Unit: bytes. It is judged in one piece: 16 KiB of admissions take
 * some 7 ms, the longest frame of all would take 30.
 */
export const GOSSIP_BYTES_MAX = 16 * 1024;
/** Frames of one exchange that are gossiped: a join brings three, and its admission. */
const GOSSIP_FRAMES_MAX = 8;
/** How long gossip knows a frame again. Unit: ms. gossipsub's `seenTTL`. */
const SEEN_MS = 120_000;

/** Where what was brought goes. */
export interface Relay {
  /** A peer brought this by an exchange. */
  pass(swarm: SwarmNode, signal: AbortSignal, source: PeerKey, news: readonly News[]): void;
  /** Gossip of this author was ignored. */
  noteIgnored(author: MemberId): void;
}

/** Nothing was ignored yet. */
export function createRelay(clock: Clock, marks: Marks): Relay {
  const ignoredMs = new Map<MemberId, number>();
  const isFit = ({ frame, author, isFork }: News): boolean =>
    !isFork && frame.length <= GOSSIP_BYTES_MAX && !ignoredMs.has(author);
  const forgetOld = (): void => {
    const sinceMs = clock.monotonicMs() - SEEN_MS;
    for (const [author, atMs] of ignoredMs) if (atMs < sinceMs) ignoredMs.delete(author);
  };
  return {
    noteIgnored: (author) => {
      forgetOld();
      ignoredMs.set(author, clock.monotonicMs());
    },
    pass: (swarm, signal, source, news) => {
      forgetOld();
      if (news.length <= GOSSIP_FRAMES_MAX && news.every(isFit)) {
        for (const { frame } of news) swarm.publish(frame);
        return;
      }
      for (const { peer } of swarm.connections()) if (peer !== source) marks.passOn(peer, signal);
    },
  };
}

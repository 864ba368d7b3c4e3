/**
 * Loop: relay — what an exchange brought goes on to the other neighbours.
 *
 * 1. By gossip, where it is little and short: in a crowd that joins at once each has the news from
 *    several, and gossip carries it to nobody twice.
 * 2. By an exchange with each where gossip would not do: for much, for what is long, and for the
 *    proof of a fork (to who lacks the other frame it looks bad); and with whomever gossip did not
 *    send it to, as it does when it brought the same here before it could be taken.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { SwarmNode } from '../ports.ts';
import type { News } from './exchange.ts';
import type { Marks } from './marks.ts';

/**
 * Longest frame that is gossiped. Unit: bytes. It is judged in one piece: 16 KiB of admissions take
 * some 7 ms, the longest frame of all would take 30.
 */
export const GOSSIP_BYTES_MAX = 16 * 1024;
/** Frames of one exchange that are gossiped: a join brings three, and its admission. */
const GOSSIP_FRAMES_MAX = 8;

/** Passes on what a peer brought by an exchange. Never rejects. */
export async function relay(
  swarm: SwarmNode,
  marks: Pick<Marks, 'passOn'>,
  { source, news }: { readonly source: PeerKey; readonly news: readonly News[] },
  signal: AbortSignal,
): Promise<void> {
  const isFit = news.length <= GOSSIP_FRAMES_MAX && news.every(isShort);
  const sent = isFit ? await Promise.all(news.map(({ frame }) => swarm.publish(frame))) : [[]];
  if (signal.aborted) return;
  for (const { peer } of swarm.connections()) {
    const isSent = sent.every((peers) => peers.includes(peer));
    if (peer !== source && !isSent) marks.passOn(peer, signal);
  }
}

const isShort = ({ frame, isFork }: News): boolean => !isFork && frame.length <= GOSSIP_BYTES_MAX;

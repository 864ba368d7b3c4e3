/**
 * Loop: digests — asks the members that live what they hold, and answers when they ask.
 *
 * Only when somebody looks, and kept nowhere: in step is what changes by itself.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Crypto, SwarmNode, Unsubscribe } from '../ports.ts';
import type { Links } from './links.ts';
import type { Replica } from './replica.ts';
import {
  type Comparison,
  compareDigests,
  DIGEST_BYTES_MAX,
  type Digest,
  decodeDigest,
  digestOf,
  encodeDigest,
} from './rules/digest.ts';

/** Longest wait for one member. Unit: ms. All are asked at once. */
const ANSWER_MS = 2_000;
/** What is asked. */
const QUESTION = new Uint8Array([1]);

type Held = Pick<Replica, 'heads' | 'view'>;

const ownDigest = (crypto: Crypto, { heads, view }: Held): Digest =>
  digestOf(crypto, heads(), view());

/**
 * Answers other members until the returned function is called. The view is hashed once for each
 * change, however often somebody asks: that takes a large mesh some time.
 */
export function serveDigests(
  crypto: Crypto,
  replica: Held,
  swarm: Pick<SwarmNode, 'handle'>,
): Unsubscribe {
  let known: { readonly view: View; readonly bytes: Uint8Array } | null = null;
  const answer = (): Uint8Array => {
    const view = replica.view();
    if (known?.view !== view) known = { view, bytes: encodeDigest(ownDigest(crypto, replica)) };
    return known.bytes;
  };
  const options = { bytesMax: DIGEST_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('digest', options, async () => answer());
}

/** How each member that lives stands to this one; who does not answer in time is left out. */
export async function gatherDigests(
  crypto: Crypto,
  replica: Held,
  swarm: Pick<SwarmNode, 'connections' | 'request'> & Pick<Links, 'meet'>,
): Promise<ReadonlyMap<MemberId, Comparison>> {
  await swarm.meet(replica.view().members.map(({ id }) => id));
  const connected = new Set<PeerKey>(swarm.connections().map(({ peer }) => peer));
  const members = replica.view().members.filter(({ id }) => connected.has(id));
  const found = await Promise.all(
    members.map(async ({ id }) => [id, await askDigest(swarm, id)] as const),
  );
  // After the answers: what came meanwhile makes nobody ahead.
  const ours = ownDigest(crypto, replica);
  return new Map(
    found.flatMap(([id, theirs]) =>
      theirs === null ? [] : [[id, compareDigests(ours, theirs)] as const],
    ),
  );
}

async function askDigest(
  swarm: Pick<SwarmNode, 'request'>,
  member: MemberId,
): Promise<Digest | null> {
  try {
    return decodeDigest(await swarm.request(member, 'digest', QUESTION, ANSWER_MS));
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

/**
 * Loop: digests — asks the members that live what they hold, and answers when they ask.
 *
 * Only when somebody looks, and kept nowhere: in step is what changes by itself.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import { openMeter } from '../crdt/meter.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import type { Links } from './links.ts';
import { inPieces } from './pieces.ts';
import type { Replica } from './replica.ts';
import {
  type Comparison,
  compareDigests,
  DIGEST_BYTES_MAX,
  type Digest,
  decodeDigest,
  digestInPieces,
  encodeDigest,
} from './rules/digest.ts';

/** Longest wait for one member. Unit: ms. All are asked at once. */
const ANSWER_MS = 2_000;
/** What is asked. */
const QUESTION = new Uint8Array([1]);

type Held = Pick<Replica, 'heads' | 'view'>;
type DigestPorts = Pick<Ports, 'clock' | 'crypto'>;

/** What was found of views that are still looked at: a large one takes some time. */
const known = new WeakMap<View, Promise<Digest>>();

/** Of what is held now, whatever comes while it is worked out. */
const ownDigest = ({ clock, crypto }: DigestPorts, { heads, view }: Held): Promise<Digest> => {
  const now = view();
  const digest =
    known.get(now) ??
    inPieces(clock, digestInPieces(crypto, heads(), now, openMeter(clock.monotonicMs)));
  known.set(now, digest);
  return digest;
};

/** Answers other members until the returned function is called. */
export function serveDigests(
  ports: DigestPorts,
  replica: Held,
  swarm: Pick<SwarmNode, 'handle'>,
): Unsubscribe {
  const options = { bytesMax: DIGEST_BYTES_MAX, inviteMayUse: false };
  return swarm.handle('digest', options, async () => encodeDigest(await ownDigest(ports, replica)));
}

/** How each member that lives stands to this one; who does not answer in time is left out. */
export async function gatherDigests(
  ports: DigestPorts,
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
  const ours = await ownDigest(ports, replica);
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

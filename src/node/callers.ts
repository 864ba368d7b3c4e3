/**
 * Loop: callers — members open new connections to one that asks for them, so that it learns what
 * still comes in: its own connections to itself meet no rule.
 *
 * 1. Nobody scans by way of this VM: the asker is called at the address from which its live
 *    connection comes and at its place in the overlay, at ports that services name; so often and
 *    not more.
 * 2. Who does not know the question, or is too busy, tells nothing.
 */
import * as z from 'zod/mini';
import { decode, encode } from '../crdt/codec.ts';
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock, Net, SwarmNode, Unsubscribe } from '../ports.ts';
import { type Call, type Callers, callText, WAYS, type Way } from '../services/callers.ts';
import { reachedBy } from '../sign.ts';
import { createBuckets } from './rules/bucket.ts';

const PROTOCOL = 'call';
/** Longest question and answer. Unit: bytes. */
const BYTES_MAX = 256;
/** Longest wait for an answer. Unit: ms. `Net.glance` gives a connection 1.5 s. */
const ANSWER_MS = 3_000;
/** Longest time of all rounds. Unit: ms. Three take 4.5 s where nothing comes back. */
const ROUNDS_MS = 5_000;
/** Questions of one member: so many at once, then one in so many ms. A trial asks every 2 s. */
const BURST = 8;
const EACH_MS = 1_000;
/** Questions of all that are worked on at once. */
const AT_ONCE_MAX = 32;

const wishSchema = z.object({
  v: z.literal(1),
  port: z.int().check(z.gte(1), z.lte(65_535)),
  ways: z.array(z.enum(['outside', 'inside'])).check(z.maxLength(2)),
});
const reachedSchema = z.enum(['answered', 'refused', 'silent']);
const answerSchema = z.object({
  v: z.literal(1),
  outside: z.optional(reachedSchema),
  inside: z.optional(reachedSchema),
});

/** What both sides need of the node. */
interface CallersContext {
  readonly view: () => View;
  /** TCP ports at which members may ask to be called. */
  readonly ports: (view: View) => readonly number[];
}

/** Calls members that ask for it until the returned function is called. */
export function serveCallers(
  { clock, net }: { readonly clock: Clock; readonly net: Pick<Net, 'glance'> },
  { view, ports }: CallersContext,
  swarm: Pick<SwarmNode, 'handle'>,
): Unsubscribe {
  const buckets = createBuckets(BURST, 1_000 / EACH_MS);
  let working = 0;
  const admit = (peer: PeerKey, port: number): void => {
    const nowMs = clock.monotonicMs();
    if (!buckets.hasLeft(peer, nowMs)) throw refusal(peer, 'asks too often');
    buckets.spend(peer, 1, nowMs);
    // Long policies take time to read, so only after the limit.
    if (!ports(view()).includes(port)) throw refusal(String(port), 'no port to be called at');
    if (working >= AT_ONCE_MAX) throw refusal(peer, 'others are called just now');
  };
  const options = { bytesMax: BYTES_MAX, inviteMayUse: false };
  return swarm.handle(PROTOCOL, options, async ({ peer, standing, remote }, bytes) => {
    const read = decode(bytes, BYTES_MAX);
    const wish = z.safeParse(wishSchema, read.ok ? read.value : null);
    const asker = view().members.find(({ id, hasLeft }) => id === peer && !hasLeft);
    if (!wish.success || standing !== 'member' || asker === undefined) {
      throw refusal(standing, 'no question of a member');
    }
    const { port, ways } = wish.data;
    admit(peer, port);
    const hosts = { outside: remote.host, inside: asker.ipv4 ?? asker.ipv6 };
    working += 1;
    try {
      const told = ways.map(async (way) => {
        const reached = reachedBy(await net.glance({ kind: 'reach', host: hosts[way], port }));
        return [way, reached] as const;
      });
      return encode({ v: 1, ...Object.fromEntries(await Promise.all(told)) });
    } finally {
      working -= 1;
    }
  });
}

/** Who can be asked. */
type Asked = Pick<SwarmNode, 'connections' | 'request'>;

/**
 * Has members open new connections to this VM: a line for each of which they tell (`callText`),
 * sorted. Never rejects for what others do.
 */
export async function askCallers(
  clock: Pick<Clock, 'monotonicMs'>,
  swarm: Asked,
  callers: Callers,
): Promise<string> {
  const told = new Map<string, Call>();
  const untilMs = clock.monotonicMs() + ROUNDS_MS;
  for (let round = 0; round < callers.rounds; round += 1) {
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) break;
    const calls = await askAll(swarm, callers, Math.min(ANSWER_MS, leftMs));
    for (const call of calls) {
      const key = `${call.member} ${call.way}`;
      // A packet that is lost takes nothing back.
      if (call.reached !== 'silent' || !told.has(key)) told.set(key, call);
    }
    if (calls.some(isAnswered) || !calls.some(({ reached }) => reached === 'silent')) break;
  }
  return [...told.values()].map(callText).toSorted().join('\n');
}

/** What all that were asked told; or those until one of them was enough. */
async function askAll(
  swarm: Asked,
  { from, ways, port, rounds }: Callers,
  timeoutMs: number,
): Promise<readonly Call[]> {
  const connected = new Set<PeerKey>(swarm.connections().map(({ peer }) => peer));
  const question = encode({ v: 1, port, ways: [...ways] });
  const asked = from.filter((member) => connected.has(member));
  const isEnough = (calls: readonly Call[]): boolean =>
    rounds > 1 && ways.every((way) => calls.some((call) => isAnswered(call) && call.way === way));
  const told: Call[] = [];
  let left = asked.length;
  if (left === 0) return told;
  await new Promise<void>((resolve, reject) => {
    for (const member of asked) {
      askOne(swarm, member, question, timeoutMs).then((calls) => {
        told.push(...calls);
        left -= 1;
        if (left === 0 || isEnough(calls)) resolve();
      }, reject);
    }
  });
  return [...told];
}

const isAnswered = ({ reached }: Call): boolean => reached === 'answered';

async function askOne(
  swarm: Asked,
  member: MemberId,
  question: Uint8Array,
  timeoutMs: number,
): Promise<readonly Call[]> {
  try {
    const read = decode(await swarm.request(member, PROTOCOL, question, timeoutMs), BYTES_MAX);
    const answer = z.safeParse(answerSchema, read.ok ? read.value : null);
    if (!answer.success) return [];
    const calls = (way: Way): readonly Call[] => {
      const reached = answer.data[way];
      return reached === undefined ? [] : [{ member, way, reached }];
    };
    return WAYS.flatMap(calls);
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

const refusal = (value: string, why: string): Fault =>
  new Fault('refused', { field: 'call', value, why, remedy: 'ask again later' });

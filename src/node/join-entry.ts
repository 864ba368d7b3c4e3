/**
 * Loop: join entry — what a joiner asks of one member, and what that one says: `hello`, then
 * `admit`.
 */
import { type Genesis, readGenesis } from '../crdt/genesis.ts';
import type { PeerKey } from '../crdt/ids.ts';
import type { Token, TokenEntry } from '../crdt/token.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import {
  type Bound,
  forgetFresh,
  formerOf,
  freshKeys,
  isOwnAddress,
  type KeyRing,
  signWith,
} from './join-keys.ts';
import type { Keys } from './local-state.ts';
import { checkOverlay } from './preflight.ts';
import { isOff, wrongBy } from './rules/join-clock.ts';
import { firstContacts } from './rules/join-entries.ts';
import { badToken, joinFault, noAnswer, otherClock, otherVersion } from './rules/join-fault.ts';
import {
  decodeJoinAnswer,
  encodeJoin,
  type JoinAnswer,
  type JoinAsk,
} from './rules/join-message.ts';
import type { LocalConfig } from './rules/local-config.ts';
import type { Settings } from './rules/settings.ts';

/** Longest dial of one entry, and longest wait for its answer. Unit: ms. */
const PATIENCE = { dialMs: 4_000, answerMs: 6_000 };
/**
 * Where there is no other to turn to. An entry that a crowd asks may take long on a small VM, and
 * who turns away has it do the work in vain; 20 who began beside it on its two cores left one a
 * 15th of a core, and it took 45 s to decide on all. One that is gone is noticed by its connection,
 * sooner. Both answers fit into the time that a holder of an invite has.
 */
const LAST_PATIENCE = { dialMs: 6_000, answerMs: 25_000 };
/** Nothing of a daemon's is needed. */
export type JoinPorts = Omit<Ports, 'process' | 'logBook'>;

/** One attempt to join. */
export interface Attempt {
  readonly token: Token;
  readonly settings: Settings;
  readonly ring: KeyRing;
  /** Whether only an address is signed that is the keys' own, so that no entry chose it. */
  readonly isChoosy: boolean;
  /** Whom to ask: the token's entries, and whom those name. Others are cut. */
  readonly reach: { entries: readonly TokenEntry[] };
  /** Whether a member may have admitted our keys without our hearing of it. */
  readonly doubt: { isOpen: boolean };
  /** Told in a few words what is going on. */
  readonly onStep: (step: string) => void;
  /** By how much our clock is ahead of each member's that answered, ms. */
  readonly clocks: Map<PeerKey, number>;
  /** By the monotonic clock. */
  readonly deadlineMs: number;
}

/** How and by whom this VM was let in. */
export interface Admitted {
  readonly mesh: string;
  readonly name: string;
  readonly ipv4: string;
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  readonly observed: string;
  readonly entries: LocalConfig['entries'];
}

/** What an entry says: this VM is in, or others may do better. */
type Word = { readonly admitted: Admitted } | { readonly named: Retry['entries'] };

type Retry = Extract<JoinAnswer, { kind: 'retry' }>;

const ASK_OTHERS: Word = { named: [] };

/**
 * Keys that are shown to one entry, at most: each next one costs a message. Of 16 one has an own
 * address that is free, but for one time in five, where nine of ten addresses are taken.
 */
const SHOWN_MAX = 16;

/** One entry, and how it is spoken with. */
interface Talk {
  readonly entry: TokenEntry;
  readonly exchange: (body: JoinAsk) => Promise<JoinAnswer>;
  /** When it has had its time to offer. By the monotonic clock. */
  readonly offerUntilMs: number;
}

/** What an entry offered, and for whom. */
interface Offer {
  readonly bound: Bound;
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  readonly observed: string;
}

/**
 * One entry's word. A Fault with field `entry` when it did not answer, another Fault when no entry
 * would do better.
 */
export async function askEntry(
  ports: JoinPorts,
  swarm: SwarmNode,
  entry: TokenEntry,
  attempt: Attempt,
): Promise<Word> {
  const { reach, ring, settings } = attempt;
  const patience = reach.entries.length > 1 ? PATIENCE : LAST_PATIENCE;
  const leftMs = () => Math.max(0, attempt.deadlineMs - ports.clock.monotonicMs());
  const msFor = (what: keyof typeof patience) => Math.min(patience[what], leftMs());
  const exchange = (body: JoinAsk) => exchangeWithin(swarm, entry, body, msFor);
  const offerUntilMs = ports.clock.monotonicMs() + patience.answerMs;
  const talk: Talk = { entry, exchange, offerUntilMs };
  const offer = await findOffer(ports, talk, attempt);
  if (offer === null) return ASK_OTHERS;
  const answer = await askToAdmit(ports, talk, attempt, offer);
  if (answer.kind !== 'refused') return wordOf(answer, entry, attempt, offer);
  if (answer.why === 'address-taken') return ASK_OTHERS;
  for (const former of formerOf(ring)) {
    // A use of the invite or our name may be with keys that signed before: then those are let in.
    const isSame = answer.why === 'name-taken' && former.name === settings.member;
    if (answer.why !== 'used-up' && !isSame) continue;
    const again = await offerTo(ports, talk, attempt, { ...former });
    if (again === null || again.bound.ipv4 !== former.ipv4) continue;
    const second = await askToAdmit(ports, talk, attempt, { ...again, bound: former });
    if (second.kind === 'admitted') return wordOf(second, entry, attempt, again);
  }
  throw joinFault(answer.why, answer.detail, settings.member);
}

/** An offer that our keys can sign; null when this entry makes none. */
async function findOffer(ports: JoinPorts, talk: Talk, attempt: Attempt): Promise<Offer | null> {
  const { ring, settings, isChoosy } = attempt;
  const name = settings.member;
  const last = ring.signed.at(-1);
  if (last?.name === name) {
    const offer = await offerTo(ports, talk, attempt, last);
    if (offer === null) return null;
    if (offer.bound.ipv4 === last.ipv4) return { ...offer, bound: last };
  }
  for (let count = 0; count < SHOWN_MAX; count += 1) {
    const offer = await offerTo(ports, talk, attempt, {
      keys: freshKeys(ring, ports.random),
      name,
    });
    if (offer === null) return null;
    const { keys, ipv4 } = offer.bound;
    const memberKey = ports.crypto.publicKey(keys.memberSeed);
    const isOwn = isOwnAddress(ports.crypto, offer.genesis.prefix, memberKey, ipv4);
    if (isOwn || !isChoosy) return offer;
    forgetFresh(ring);
    if (ports.clock.monotonicMs() >= talk.offerUntilMs) return null;
  }
  return null;
}

/** What the entry offers these keys. */
async function offerTo(
  ports: JoinPorts,
  { entry, exchange }: Talk,
  attempt: Attempt,
  { keys, name }: { readonly keys: Keys; readonly name: string },
): Promise<Offer | null> {
  const memberKey = ports.crypto.publicKey(keys.memberSeed);
  const welcome = await exchange({ kind: 'hello', memberKey });
  if (welcome.kind !== 'welcome') return null;
  const { ipv4, observed } = welcome;
  return {
    ...(await checkWelcome(ports, attempt, entry, welcome)),
    observed,
    bound: { keys, name, ipv4 },
  };
}

async function askToAdmit(
  ports: JoinPorts,
  { exchange }: Talk,
  { token, ring, doubt }: Attempt,
  { bound }: Offer,
): Promise<JoinAnswer> {
  const request = await signWith(ports, ring, token, bound);
  const wasOpen = doubt.isOpen;
  doubt.isOpen = true;
  const answer = await exchange({ kind: 'admit', ...request });
  doubt.isOpen = wasOpen;
  return answer;
}

/** What an answer that is no refusal comes to. */
function wordOf(answer: JoinAnswer, entry: TokenEntry, { reach }: Attempt, offer: Offer): Word {
  if (answer.kind === 'retry') return { named: answer.entries };
  if (answer.kind !== 'admitted') return ASK_OTHERS;
  const { name, ipv4 } = answer;
  const { genesis, genesisBytes, observed } = offer;
  const entries = firstContacts(entry, reach.entries, answer.entries);
  const mesh = genesis.name;
  return { admitted: { mesh, name, ipv4, genesis, genesisBytes, observed, entries } };
}

type Welcome = Extract<JoinAnswer, { kind: 'welcome' }>;

/** Whether this host can be in that mesh, before the mesh is asked to admit it. */
async function checkWelcome(
  ports: JoinPorts,
  { token, settings, clocks }: Attempt,
  entry: TokenEntry,
  welcome: Welcome,
): Promise<{ readonly genesis: Genesis; readonly genesisBytes: Uint8Array }> {
  const read = readGenesis(ports.crypto, welcome.genesis);
  if (!read.ok || read.meshId !== token.meshId) {
    throw badToken('its entry belongs to another mesh', 'ask for a new token');
  }
  const aheadMs = ports.clock.wallMs() - welcome.wallMs;
  clocks.set(entry.memberId, aheadMs);
  const isOurs = wrongBy([...clocks.values()]) !== null;
  if (isOff(aheadMs) || isOurs) throw otherClock(entry, aheadMs);
  await checkOverlay(ports.host, read.genesis, settings);
  if (welcome.ipv4 === '') throw joinFault('full', read.genesis.prefix, settings.member);
  return { genesis: read.genesis, genesisBytes: welcome.genesis };
}

async function exchangeWithin(
  swarm: SwarmNode,
  entry: TokenEntry,
  body: JoinAsk,
  msFor: (what: keyof typeof PATIENCE) => number,
): Promise<JoinAnswer> {
  try {
    await swarm.dial(entry.memberId, [entry.address], msFor('dialMs'));
    const raw = await swarm.request(entry.memberId, 'join', encodeJoin(body), msFor('answerMs'));
    const answer = decodeJoinAnswer(raw);
    if (answer.kind === 'other-version') throw otherVersion(entry, answer.versions);
    if (answer.kind === 'said') return answer.said;
  } catch (error) {
    if (!(error instanceof Fault) || error.facts.field === 'entry') throw error;
    throw noAnswer(entry, error.facts.why, error);
  }
  throw noAnswer(entry, 'answered what this version does not understand', null);
}

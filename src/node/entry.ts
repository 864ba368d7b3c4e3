/**
 * Loop: entry — the member's side of a join: any member can be one.
 *
 * 1. Requests are judged one after the other, so that checking an invite's uses and spending one of
 *    them is one step.
 * 2. Who is admitted while others' admissions are passed on shares the next passing on with all who
 *    come meanwhile: a crowd would have the entry speak with somebody for each of its own.
 * 3. What it heard until it answers counts: whom it let in before its own eviction is no member.
 * 4. Each invite has its share of requests: to judge one takes two signatures, and whoever holds a
 *    token may send as many as fit the line.
 */
import type { InviteId, PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Clock, Crypto, Endpoint, Log, Standing, SwarmNode } from '../ports.ts';
import type { LocalState } from './local-state.ts';
import type { Replica } from './replica.ts';
import { reservedIn } from './reserved.ts';
import { type AdmitAsk, type AdmitContext, admit, maySpeak, offerIpv4 } from './rules/admit.ts';
import { createBuckets } from './rules/bucket.ts';
import { othersOf } from './rules/join-entries.ts';
import {
  decodeJoinAsk,
  encodeJoin,
  JOIN_BYTES_MAX,
  type JoinAnswer,
} from './rules/join-message.ts';
import type { Sync } from './sync.ts';
import { createTurns } from './turns.ts';

/**
 * Longest wait for another member to hold an admission, and for a wait under way before it. Unit:
 * ms. The joiner waits 6 s.
 */
const SPREAD_MS = 2_000;

/**
 * Requests of one invite's holders, all together: at once, and per second. 128 VMs may join with
 * one token in a moment; each asks twice. To judge so many takes 80 ms of CPU.
 */
const ASKED_BURST = 256;
const ASKED_PER_SECOND = 32;

interface EntryPorts {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly log: Log;
}

interface EntryContext {
  readonly local: LocalState;
  readonly replica: Replica;
  readonly sync: Sync;
  readonly connected: () => readonly PeerKey[];
  readonly self: AdmitContext['self'];
}

/** Serves the join protocol on a swarm node until the returned function is called. */
export function serveJoins(ports: EntryPorts, context: EntryContext, swarm: SwarmNode): () => void {
  let turn: Promise<unknown> = Promise.resolve();
  const options = { bytesMax: JOIN_BYTES_MAX, inviteMayUse: true };
  const shares = createBuckets(ASKED_BURST, ASKED_PER_SECOND);
  const spread = createTurns(() => reachOne(ports.clock, context));
  return swarm.handle('join', options, async ({ peer, standing, remote }, request) => {
    const nowMs = ports.clock.monotonicMs();
    if (!shares.hasLeft(peer, nowMs)) throw tooMany();
    shares.spend(peer, 1, nowMs);
    const read = decodeJoinAsk(request);
    if (read.kind === 'none' || standing !== 'invite') throw noRequest(standing);
    if (read.kind === 'other-version') {
      ports.log.error('join-other-version', { invite: peer, ...read.versions });
      return encodeJoin({ kind: 'other-version' });
    }
    const ask = read.said;
    if (ask.kind === 'hello') return encodeJoin(welcome(ports, context, remote, ask.memberKey));
    const answered = turn.then(() => decide(ports, context, peer as InviteId, ask));
    turn = answered.catch(() => undefined);
    const answer = await answered;
    if (answer.kind !== 'admitted') return encodeJoin(answer);
    await spread('all');
    return encodeJoin(stillTrue(context, answer));
  });
}

/** Whoever was evicted while it passed an admission on sends the joiner to others. */
const stillTrue = ({ replica, self }: EntryContext, admitted: JoinAnswer): JoinAnswer => {
  const view = replica.view();
  return maySpeak(view, self) ? admitted : { kind: 'retry', entries: othersOf(view, self) };
};

const tooMany = (): Fault =>
  new Fault('refused', {
    field: 'join',
    value: 'too many requests',
    why: `of one invite's holders ${ASKED_PER_SECOND} a second are answered`,
    remedy: 'try again in a while',
  });

const noRequest = (standing: Standing): Fault =>
  new Fault('refused', {
    field: 'join',
    value: standing,
    why: 'not a join request of an invite’s holder',
    remedy: 'run the same version of cnsmo on both sides',
  });

const welcome = (
  { crypto, clock }: EntryPorts,
  context: EntryContext,
  remote: Endpoint,
  memberKey: Uint8Array,
): JoinAnswer => ({
  kind: 'welcome',
  genesis: context.local.genesisBytes,
  observed: remote.host,
  ipv4: offerIpv4(crypto, viewed(context.replica), memberKey) ?? '',
  wallMs: clock.wallMs(),
});

/** The view, and what it holds that no member is given. */
const viewed = (replica: Replica): Pick<AdmitContext, 'view' | 'reserved'> => {
  const view = replica.view();
  return { view, reserved: reservedIn(view) };
};

/**
 * Until one more member holds all that was admitted so far, where one is connected: an entry may
 * die, too.
 */
async function reachOne(clock: Clock, { sync, connected }: EntryContext): Promise<void> {
  const stop = new AbortController();
  const inTurn = async (): Promise<void> => {
    for (const peer of connected()) {
      if (stop.signal.aborted || (await sync.with(peer))) return;
    }
  };
  await Promise.race([inTurn(), clock.sleep(SPREAD_MS, stop.signal)]);
  stop.abort();
}

async function decide(
  ports: EntryPorts,
  { replica, self }: EntryContext,
  invite: InviteId,
  ask: AdmitAsk,
): Promise<JoinAnswer> {
  const seen = viewed(replica);
  const { view } = seen;
  const admissions = admissionsOf(replica, self);
  const knowledge = { ...seen, self, admissions, wallMs: ports.clock.wallMs() };
  const decided = admit(ports.crypto, knowledge, invite, ask);
  const entries = othersOf(view, self);
  if (decided.kind === 'retry') return { kind: 'retry', entries };
  if (decided.kind === 'refused') {
    ports.log.info('join-refused', { invite, why: decided.why });
    return { kind: 'refused', why: decided.why, detail: decided.detail };
  }
  if (decided.edit !== null) await replica.write([decided.edit]);
  ports.log.info('member-admitted', { name: decided.name, ipv4: decided.ipv4 });
  return { kind: 'admitted', name: decided.name, ipv4: decided.ipv4, entries };
}

const admissionsOf = (replica: Replica, self: AdmitContext['self']): number =>
  replica.pathsOf(self).filter((path) => path.startsWith('trust/admission/')).length;

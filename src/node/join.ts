/**
 * Loop: join — makes this VM a member of an existing mesh, through any member that answers.
 *
 * 1. The joiner connects with the invite's key; its own keys are made here and never leave.
 * 2. Whatever this host cannot carry is found out before the mesh is asked to admit it.
 * 3. Cut midway, it is repeated with the same keys, and the mesh answers as before.
 */

import { makeJoinRequest } from '../crdt/admission.ts';
import { type Genesis, readGenesis } from '../crdt/genesis.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { readToken, type Token, type TokenEntry } from '../crdt/token.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { configOf } from './init.ts';
import { startJournal } from './journal.ts';
import { isLeaving } from './leave.ts';
import {
  dropKeys,
  hasKeys,
  isInitialised,
  type Keys,
  keepKeys,
  readLocalState,
  writeLocalState,
} from './local-state.ts';
import { checkHost, checkOverlay } from './preflight.ts';
import { isOff, wrongBy } from './rules/join-clock.ts';
import { firstContacts, withNamed } from './rules/join-entries.ts';
import {
  badClock,
  badToken,
  joinFault,
  noAnswer,
  otherClock,
  otherVersion,
  unreachable,
} from './rules/join-fault.ts';
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
 * Where there is no other to turn to. An entry that a crowd asks may take long on a small VM; who
 * turns away has it do the work in vain, and again.
 */
const LAST_PATIENCE = { dialMs: 6_000, answerMs: 12_000 };
/** Longest pause before the next entry, so that many joiners do not knock in step. Unit: ms. */
const JITTER_MS = 300;
/** Rounds over all entries before the joiner gives up. */
const ROUNDS = 3;

/** What join reports. `ipv4` null: the daemon knows it, this command does not. */
export interface Joined {
  readonly mesh: string;
  readonly name: string;
  readonly ipv4: string | null;
}

/** How a person watches a join. */
export interface JoinWatch {
  /** Told in a few words what is going on. */
  readonly onStep: (step: string) => void;
  /** After this, no answer is waited for; null: until every entry was asked three times. */
  readonly timeoutMs: number | null;
}

type JoinPorts = Omit<Ports, 'process' | 'logBook'>;

interface Attempt {
  readonly token: Token;
  readonly settings: Settings;
  readonly keys: Keys;
  /** Whom to ask: the token's entries, and whom those name. Others are cut. */
  readonly reach: { entries: readonly TokenEntry[] };
  /** Whether a member may have admitted these keys without our hearing of it. */
  readonly doubt: { isOpen: boolean };
  readonly onStep: JoinWatch['onStep'];
  /** By how much our clock is ahead of each member's that answered, ms. */
  readonly clocks: Map<PeerKey, number>;
  /** By the monotonic clock. */
  readonly deadlineMs: number;
}

interface Admitted extends Joined {
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  readonly observed: string;
  readonly entries: LocalConfig['entries'];
}

/**
 * What an earlier join of the same mesh, name and port came to that was cut after it had made this
 * VM a member; null when there was none.
 */
export async function joinedBefore(
  { crypto, disk }: Pick<Ports, 'crypto' | 'disk'>,
  tokenText: string,
  settings: Settings,
): Promise<Joined | null> {
  const read = readToken(crypto, tokenText);
  if (!read.ok || (await isLeaving(disk)) || !(await isInitialised(disk))) return null;
  const { genesis, meshId, config } = await readLocalState(crypto, disk);
  const isSame = config.name === settings.member && config.port === settings.port;
  if (meshId !== read.token.meshId || !isSame) return null;
  return { mesh: genesis.name, name: config.name, ipv4: null };
}

/**
 * Joins. Fault 'refused' or 'timeout' when it does not come about; after 'refused' the disk is as
 * before.
 */
export async function prepareJoin(
  ports: JoinPorts,
  tokenText: string,
  settings: Settings,
  watch: JoinWatch,
): Promise<Joined> {
  const { clock, crypto, disk, random } = ports;
  const deadlineMs = clock.monotonicMs() + (watch.timeoutMs ?? Number.POSITIVE_INFINITY);
  const read = readToken(crypto, tokenText);
  if (!read.ok) throw badToken(read.why, 'copy the whole line that cnsmo invite printed');
  await checkHost(ports, settings.port);
  const doubt = { isOpen: await hasKeys(disk) };
  try {
    const keys = await keepKeys(disk, random);
    const reach = { entries: read.token.entries };
    const { onStep } = watch;
    const known = { token: read.token, settings, keys, reach, doubt, onStep, deadlineMs };
    const attempt: Attempt = { ...known, clocks: new Map() };
    return await joinWith(ports, attempt);
  } catch (error) {
    const isRefused = error instanceof Fault && error.code === 'refused';
    if (!doubt.isOpen && isRefused) await dropKeys(disk);
    throw error;
  }
}

async function joinWith(ports: JoinPorts, attempt: Attempt): Promise<Joined> {
  const { disk } = ports;
  const { token, settings } = attempt;
  const swarm = await openAsInvite(ports, attempt);
  try {
    const admitted = await tryEntries(ports, swarm, attempt);
    await startJournal(disk);
    const { config } = { config: configOf(settings, admitted.name) };
    const observed = { host: admitted.observed, port: settings.port };
    await writeLocalState(disk, {
      psk: token.psk,
      genesisBytes: admitted.genesisBytes,
      config: { ...config, observed, entries: admitted.entries },
    });
    return { mesh: admitted.genesis.name, name: admitted.name, ipv4: admitted.ipv4 };
  } finally {
    await swarm.stop();
  }
}

const openAsInvite = ({ swarm }: JoinPorts, { token, reach }: Attempt): Promise<SwarmNode> => {
  const isPinned = (peer: PeerKey) => reach.entries.some(({ memberId }) => memberId === peer);
  return swarm.open({
    seed: token.seed,
    psk: token.psk,
    port: null,
    meshId: token.meshId,
    standing: (peer) => (isPinned(peer) ? 'member' : 'stranger'),
    isOverlay: () => false,
    judge: () => 'ignore',
  });
};

async function tryEntries(ports: JoinPorts, swarm: SwarmNode, attempt: Attempt): Promise<Admitted> {
  const { token, reach, onStep, deadlineMs } = attempt;
  const isExpired = token.expiry < ports.clock.wallMs();
  let last: unknown = null;
  let turn = 0;
  for (let round = 0; round < (isExpired ? 1 : ROUNDS); round += 1) {
    for (let index = 0; index < reach.entries.length; index += 1) {
      const entry = reach.entries[index];
      if (entry === undefined || ports.clock.monotonicMs() >= deadlineMs) break;
      onStep(`asking ${entry.address.host} port ${entry.address.port}`);
      try {
        const word = await askEntry(ports, swarm, entry, attempt);
        if ('admitted' in word) return word.admitted;
        reach.entries = withNamed(reach.entries, index, word.named);
      } catch (error) {
        if (!(error instanceof Fault) || error.facts.field !== 'entry') throw error;
        ports.log.info('entry-failed', { entry: entry.address.host, why: error.message });
        last = error;
      }
      turn += 1;
      const wait = JITTER_MS * ports.random.fraction() * turn;
      await ports.clock.sleep(wait, new AbortController().signal);
    }
    const wrongMs = wrongBy([...attempt.clocks.values()]);
    if (wrongMs !== null) throw badClock(wrongMs);
  }
  // A day after its expiry the mesh cuts an invite's holder without a word.
  if (isExpired) throw joinFault('expired', '', attempt.settings.member);
  throw unreachable(token, last);
}

/** What an entry says: this VM is in, or others may do better. */
type Word = { readonly admitted: Admitted } | { readonly named: Retry['entries'] };

type Retry = Extract<JoinAnswer, { kind: 'retry' }>;

const ASK_OTHERS: Word = { named: [] };

/**
 * One entry's word. A Fault with field `entry` when it did not answer, another Fault when no entry
 * would do better.
 */
async function askEntry(
  ports: JoinPorts,
  swarm: SwarmNode,
  entry: TokenEntry,
  attempt: Attempt,
): Promise<Word> {
  const { token, settings, keys, doubt, reach } = attempt;
  const patience = reach.entries.length > 1 ? PATIENCE : LAST_PATIENCE;
  const leftMs = () => Math.max(0, attempt.deadlineMs - ports.clock.monotonicMs());
  const msFor = (what: keyof typeof patience) => Math.min(patience[what], leftMs());
  const exchange = (body: JoinAsk) => exchangeWithin(swarm, entry, body, msFor);
  const memberKey = ports.crypto.publicKey(keys.memberSeed);
  const welcome = await exchange({ kind: 'hello', memberKey });
  if (welcome.kind !== 'welcome') return ASK_OTHERS;
  const { genesis, genesisBytes } = await checkWelcome(ports, attempt, entry, welcome);
  const request = makeJoinRequest(ports.crypto, {
    mesh: token.meshId,
    memberSeed: keys.memberSeed,
    inviteSeed: token.seed,
    wgKey: ports.crypto.wgPublicKey(keys.wgPrivateKey),
    name: settings.member,
    ipv4: welcome.ipv4,
  });
  const wasOpen = doubt.isOpen;
  doubt.isOpen = true;
  const answer = await exchange({ kind: 'admit', ...request });
  doubt.isOpen = wasOpen;
  if (answer.kind === 'refused') {
    if (answer.why === 'address-taken') return ASK_OTHERS;
    throw joinFault(answer.why, answer.detail, settings.member);
  }
  if (answer.kind === 'retry') return { named: answer.entries };
  if (answer.kind !== 'admitted') return ASK_OTHERS;
  const { name, ipv4 } = answer;
  const { observed } = welcome;
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

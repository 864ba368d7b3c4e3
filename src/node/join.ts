/**
 * Loop: join — makes this VM a member of an existing mesh, through any member that answers.
 *
 * 1. The joiner connects with the invite's key; its own keys are made here and never leave.
 * 2. Whatever this host cannot carry is found out before the mesh is asked to admit it.
 * 3. Cut midway, it is repeated with the same keys, and the mesh answers as before.
 */

import { makeJoinRequest } from '../crdt/admission.ts';
import { type Genesis, readGenesis } from '../crdt/genesis.ts';
import { type PeerKey, parseMemberId } from '../crdt/ids.ts';
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
import { badClock, badToken, joinFault, noAnswer, unreachable } from './rules/join-fault.ts';
import {
  decodeJoinAnswer,
  encodeJoin,
  type JoinAnswer,
  type JoinAsk,
} from './rules/join-message.ts';
import type { LocalConfig } from './rules/local-config.ts';
import type { Settings } from './rules/settings.ts';

/** Longest dial of one entry, and longest wait for its answer. Unit: ms. */
const DIAL_MS = 4_000;
const ANSWER_MS = 6_000;
/** Longest pause before the next entry, so that many joiners do not knock in step. Unit: ms. */
const JITTER_MS = 300;
/** Clocks that differ more do not take each other's statements. Unit: ms. FORMATS, "Order". */
const SKEW_MS_MAX = 10_000;
/** Rounds over all entries before the joiner gives up. */
const ROUNDS = 3;

/** What join reports. `ipv4` null: the daemon knows it, this command does not. */
export interface Joined {
  readonly mesh: string;
  readonly name: string;
  readonly ipv4: string | null;
}

type JoinPorts = Omit<Ports, 'process'>;

interface Attempt {
  readonly token: Token;
  readonly settings: Settings;
  readonly keys: Keys;
  /** Whether a member may have admitted these keys without our hearing of it. */
  readonly doubt: { isOpen: boolean };
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
 * Joins. `onStep` is told in a few words what is going on. Fault 'refused' or 'timeout' when it
 * does not come about; after 'refused' the disk is as before.
 */
export async function prepareJoin(
  ports: JoinPorts,
  tokenText: string,
  settings: Settings,
  onStep: (step: string) => void,
): Promise<Joined> {
  const { crypto, disk, random } = ports;
  const read = readToken(crypto, tokenText);
  if (!read.ok) throw badToken(read.why, 'copy the whole line that cnsmo invite printed');
  await checkHost(ports, settings.port);
  const doubt = { isOpen: await hasKeys(disk) };
  try {
    const attempt = { token: read.token, settings, keys: await keepKeys(disk, random), doubt };
    return await joinWith(ports, attempt, onStep);
  } catch (error) {
    const isRefused = error instanceof Fault && error.code === 'refused';
    if (!doubt.isOpen && isRefused) await dropKeys(disk);
    throw error;
  }
}

async function joinWith(
  ports: JoinPorts,
  attempt: Attempt,
  onStep: (step: string) => void,
): Promise<Joined> {
  const { disk } = ports;
  const { token, settings } = attempt;
  const swarm = await openAsInvite(ports, token);
  try {
    const admitted = await tryEntries(ports, swarm, attempt, onStep);
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

const openAsInvite = ({ swarm }: JoinPorts, token: Token): Promise<SwarmNode> => {
  const pinned = new Set<PeerKey>(token.entries.map(({ memberId }) => memberId));
  return swarm.open({
    seed: token.seed,
    psk: token.psk,
    port: null,
    meshId: token.meshId,
    standing: (peer) => (pinned.has(peer) ? 'member' : 'stranger'),
    isOverlay: () => false,
    judge: () => 'ignore',
  });
};

async function tryEntries(
  ports: JoinPorts,
  swarm: SwarmNode,
  attempt: Attempt,
  onStep: (step: string) => void,
): Promise<Admitted> {
  const entries = attempt.token.entries;
  let last: unknown = null;
  for (let turn = 0; turn < entries.length * ROUNDS; turn += 1) {
    const entry = entries[turn % entries.length];
    if (entry === undefined) break;
    onStep(`asking ${entry.address.host} port ${entry.address.port}`);
    try {
      const admitted = await askEntry(ports, swarm, entry, attempt);
      if (admitted !== null) return admitted;
    } catch (error) {
      if (!(error instanceof Fault) || error.facts.field !== 'entry') throw error;
      ports.log.info('entry-failed', { entry: entry.address.host, why: error.message });
      last = error;
    }
    const wait = JITTER_MS * ports.random.fraction() * (1 + turn);
    await ports.clock.sleep(wait, new AbortController().signal);
  }
  throw unreachable(attempt.token, last);
}

/**
 * One entry's word: admitted, null when another may do better; a Fault with field `entry` when it
 * did not answer.
 */
async function askEntry(
  ports: JoinPorts,
  swarm: SwarmNode,
  entry: TokenEntry,
  attempt: Attempt,
): Promise<Admitted | null> {
  const { token, settings, keys, doubt } = attempt;
  const memberKey = ports.crypto.publicKey(keys.memberSeed);
  const welcome = await exchange(swarm, entry, { v: 1, kind: 'hello', memberKey });
  if (welcome.kind !== 'welcome') return null;
  const { genesis, genesisBytes } = await checkWelcome(ports, attempt, welcome);
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
  const answer = await exchange(swarm, entry, { v: 1, kind: 'admit', ...request });
  doubt.isOpen = wasOpen;
  if (answer.kind === 'refused') {
    if (answer.why === 'address-taken') return null;
    throw joinFault(answer.why, answer.detail, settings.member);
  }
  if (answer.kind !== 'admitted') return null;
  const { name, ipv4 } = answer;
  const { observed } = welcome;
  const entries = entriesOf(token, entry, answer.entries);
  return { mesh: genesis.name, name, ipv4, genesis, genesisBytes, observed, entries };
}

type Welcome = Extract<JoinAnswer, { kind: 'welcome' }>;

/** Whether this host can be in that mesh, before the mesh is asked to admit it. */
async function checkWelcome(
  ports: JoinPorts,
  { token, settings }: Attempt,
  welcome: Welcome,
): Promise<{ readonly genesis: Genesis; readonly genesisBytes: Uint8Array }> {
  const read = readGenesis(ports.crypto, welcome.genesis);
  if (!read.ok || read.meshId !== token.meshId) {
    throw badToken('its entry belongs to another mesh', 'ask for a new token');
  }
  const aheadMs = ports.clock.wallMs() - welcome.wallMs;
  if (Math.abs(aheadMs) > SKEW_MS_MAX) throw badClock(aheadMs);
  await checkOverlay(ports.host, read.genesis, settings);
  if (welcome.ipv4 === '') throw joinFault('full', read.genesis.prefix, settings.member);
  return { genesis: read.genesis, genesisBytes: welcome.genesis };
}

async function exchange(swarm: SwarmNode, entry: TokenEntry, body: JoinAsk): Promise<JoinAnswer> {
  try {
    await swarm.dial(entry.memberId, [entry.address], DIAL_MS);
    const raw = await swarm.request(entry.memberId, 'join', encodeJoin(body), ANSWER_MS);
    const answer = decodeJoinAnswer(raw);
    if (answer !== null) return answer;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw noAnswer(entry, error.facts.why, error);
  }
  throw noAnswer(entry, 'answered what this version does not understand', null);
}

/**
 * The members to contact first as a member: who let us in, the token's, and whom the entry named.
 */
function entriesOf(
  token: Token,
  entry: TokenEntry,
  named: readonly { readonly member: string; readonly host: string; readonly port: number }[],
): LocalConfig['entries'] {
  const all = [entry, ...token.entries].map(({ memberId, address }) => ({
    member: memberId as string,
    endpoint: { ...address },
  }));
  for (const { member, host, port } of named) {
    if (parseMemberId(member) !== null) all.push({ member, endpoint: { host, port } });
  }
  const seen = new Map(all.map((one) => [`${one.member} ${one.endpoint.host}`, one]));
  return [...seen.values()];
}

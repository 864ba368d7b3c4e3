/**
 * Loop: join — makes this VM a member of an existing mesh, through any member that answers.
 *
 * 1. The joiner connects with the invite's key; its own keys are made here and never leave.
 * 2. Whatever this host cannot carry is found out before the mesh is asked to admit it.
 * 3. Cut midway, it is repeated with the same keys, and the mesh answers as before.
 * 4. An entry that is there and slow is asked again for minutes: a crowd may leave it little CPU.
 * 5. Keys that went down with the member that let them in never come back, but a token that was not
 *    spent by others lets in new ones.
 * 6. An address that an entry may have chosen is signed in the last rounds only: the mesh may be
 *    nearly full.
 */

import { endpointText } from '../crdt/endpoints.ts';
import type { PeerKey } from '../crdt/ids.ts';
import { readToken } from '../crdt/token.ts';
import { Fault } from '../fault.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { configOf } from './init.ts';
import { type Admitted, type Attempt, askEntry, type JoinPorts } from './join-entry.ts';
import { openKeyRing } from './join-keys.ts';
import { startJournal } from './journal.ts';
import { isLeaving } from './leave.ts';
import {
  dropKeys,
  hasKeys,
  isInitialised,
  readLocalState,
  writeLocalState,
} from './local-state.ts';
import { checkHost } from './preflight.ts';
import { wrongBy } from './rules/join-clock.ts';
import { withNamed } from './rules/join-entries.ts';
import { badClock, badToken, joinFault, unreachable, wasThere } from './rules/join-fault.ts';
import type { Settings } from './rules/settings.ts';

/** Longest pause before the next entry, so that many joiners do not knock in step. Unit: ms. */
const JITTER_MS = 300;
/** Rounds over all entries before the joiner gives up. */
const ROUNDS = 3;
/**
 * An entry that takes connections and answered nothing in so long is slow, and not gone; where one
 * is, all are asked for so long. Unit: ms. As long as a daemon's own start is waited for.
 */
const SLOW_MS = 5_000;
const SLOW_ASKED_MS = 180_000;

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
  /** After this, no answer is waited for; null: until every entry was asked three times, or 4. */
  readonly timeoutMs: number | null;
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
  const { clock, crypto, disk } = ports;
  const deadlineMs = clock.monotonicMs() + (watch.timeoutMs ?? Number.POSITIVE_INFINITY);
  const read = readToken(crypto, tokenText);
  if (!read.ok) throw badToken(read.why, 'copy the whole line that cnsmo invite printed');
  await checkHost(ports, settings.port);
  const doubt = { isOpen: await hasKeys(disk) };
  try {
    const ring = await openKeyRing(ports);
    const reach = { entries: read.token.entries };
    const { onStep } = watch;
    const known = { token: read.token, settings, ring, reach, doubt, onStep, deadlineMs };
    const attempt: Attempt = { ...known, isChoosy: true, clocks: new Map() };
    return await joinWith(ports, attempt).catch(async (error: unknown) => {
      if (!isVoid(error)) throw error;
      await dropKeys(disk); // Invariant 5.
      doubt.isOpen = false;
      return await joinWith(ports, { ...attempt, ring: await openKeyRing(ports) });
    });
  } catch (error) {
    const isRefused = error instanceof Fault && error.code === 'refused';
    if (!doubt.isOpen && isRefused) await dropKeys(disk);
    throw error;
  }
}

/** Whether an entry said that our keys are evicted. */
const isVoid = (error: unknown): boolean =>
  error instanceof Fault && error.facts.field === 'state' && error.facts.value === 'evicted';

async function joinWith(ports: JoinPorts, attempt: Attempt): Promise<Joined> {
  const { disk } = ports;
  const { token, settings } = attempt;
  const swarm = await openAsInvite(ports, attempt);
  try {
    const admitted = await tryEntries(ports, swarm, attempt);
    await startJournal(disk);
    const config = configOf(settings, admitted.name);
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
  let [last, isSlow]: [unknown, boolean] = [null, false];
  const slowUntilMs = Math.min(ports.clock.monotonicMs() + SLOW_ASKED_MS, deadlineMs);
  const isAskedAgain = (round: number): boolean => {
    if (isExpired) return round === 0;
    return round < ROUNDS || (isSlow && ports.clock.monotonicMs() < slowUntilMs);
  };
  let turn = 0;
  for (let round = 0; isAskedAgain(round); round += 1) {
    isSlow = false;
    const isChoosy = round < ROUNDS - 1; // Invariant 6.
    for (let index = 0; index < reach.entries.length; index += 1) {
      const entry = reach.entries[index];
      const askedMs = ports.clock.monotonicMs();
      if (entry === undefined || askedMs >= deadlineMs) break;
      onStep(`asking ${endpointText(entry.address)}`);
      try {
        const word = await askEntry(ports, swarm, entry, { ...attempt, isChoosy });
        if ('admitted' in word) return word.admitted;
        reach.entries = withNamed(reach.entries, index, word.named);
      } catch (error) {
        if (!(error instanceof Fault) || error.facts.field !== 'entry') throw error;
        ports.log.info('entry-failed', { entry: entry.address.host, why: error.message });
        last = error;
        isSlow ||= wasThere(error) && ports.clock.monotonicMs() - askedMs >= SLOW_MS;
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

/**
 * Loop: parts — opens what a member is made of: its state from disk, its loops, its swarm node.
 *
 * Nothing runs yet; `node.ts` says which event marks which of them.
 */
import { isOverlay } from '../crdt/endpoints.ts';
import { memberIdOf, parseMemberId } from '../crdt/ids.ts';
import type { Ports, SwarmNode } from '../ports.ts';
import { type Acquaintance, readAcquaintances } from './acquaintances.ts';
import { createAgents } from './agents.ts';
import { AUDIT_LIMITS, openAudit } from './audit.ts';
import { watchConflicts } from './conflict-watch.ts';
import { type Core, openCore } from './core.ts';
import type { CoreContext } from './core-desk.ts';
import { createDismissal } from './dismissal.ts';
import { createFacts } from './facts.ts';
import { checkKeys } from './key-sums.ts';
import { isLeaving } from './leave.ts';
import { type LocalState, readLocalState } from './local-state.ts';
import { createProposals } from './proposals.ts';
import { createReadmission } from './readmission.ts';
import { openReplica, type Replica } from './replica.ts';
import { standingOf } from './rules/standing.ts';
import { openSociety } from './society.ts';
import { createSync } from './sync.ts';
import { createTwins, type Twins } from './twins.ts';

/** Version and commit of this program, as the member says of itself. */
export interface Build {
  readonly version: string;
  readonly commit: string;
}

/** A member's parts, open and not yet running. */
export type Parts = Awaited<ReturnType<typeof openParts>>;

/** Opens them. Fault 'refused' when the state directory holds none or the port is taken. */
export async function openParts(ports: Ports, build: Build) {
  const { clock, crypto } = ports;
  const local = await readLocalState(crypto, ports.disk);
  await checkKeys(ports, local);
  const self = memberIdOf(crypto.publicKey(local.keys.memberSeed));
  const replica = await openReplica(ports, local);
  const entries = await entriesOf(ports, local, replica);
  const pins = new Set<string>(entries.map(({ member }) => member));
  const pinned = { self, entries: pins, isInDoubt: replica.isInDoubt };
  const standing = (peer: Parameters<ReturnType<typeof standingOf>>[0]) =>
    standingOf(replica.view(), pinned, clock.wallMs())(peer);
  const stop = new AbortController();
  const isGoing = await isLeaving(ports.disk);
  const config = { current: isGoing ? { ...local.config, services: [] } : local.config };
  const dismiss = createDismissal(clock, replica.view, (peer) => sync.with(peer));
  const known = { self, local, view: replica.view, standing, dismiss, entries };
  const society = await openSociety(ports, known);
  const { liveness, links, words } = society;
  const core = await openCoreOf(ports, replica, local, {
    ...{ self, link: liveness.state, reach: links.reach },
    skewsMs: () => sync.skewsMs(),
  });
  const proposals = createProposals(ports, { self, replica, core, state: liveness.state });
  const twins = openTwins(ports, local, replica);
  const limits = () => config.current.audit ?? AUDIT_LIMITS;
  const onChanges = watchConflicts(ports.log, self, replica);
  const audit = await openAudit(ports, replica, limits, onChanges);
  replica.onFrames(audit.note);
  const sync = createSync(ports, replica, (peer) => standing(peer) === 'member', twins);
  const about = () => ({ self, config: config.current, version: build });
  const facts = createFacts(ports, replica, about);
  const swarm = await ports.swarm.open({
    seed: local.keys.memberSeed,
    psk: local.psk,
    port: local.config.port,
    meshId: local.meshId,
    standing,
    isOverlay: (host) => isOverlay(local.genesis, host),
    judge: sync.judge,
  });
  const heard = { words, liveness, skewsMs: sync.skewsMs };
  const onHost = { self, local, replica, swarm, config, ...heard };
  const agents = await orStop(swarm, createAgents(ports, onHost));
  const startedMs = clock.monotonicMs();
  const state = { local, self, replica, audit, config, build, startedMs, isGoing };
  const trust = { core, proposals, readmission: createReadmission(ports, self, replica) };
  return { ...state, ...society, ...trust, sync, twins, facts, agents, swarm, stop };
}

/** Whom to try before the state tells: those of the token, or those of a lost journal. */
async function entriesOf(
  { disk }: Pick<Ports, 'disk'>,
  { config }: LocalState,
  replica: Replica,
): Promise<readonly Acquaintance[]> {
  const entries = config.entries.flatMap(({ member, endpoint }) => {
    const id = parseMemberId(member);
    return id === null ? [] : [{ member: id, endpoint }];
  });
  return replica.isInDoubt() ? [...entries, ...(await readAcquaintances(disk))] : entries;
}

/** The loop of the core role. */
const openCoreOf = (
  ports: Ports,
  replica: Replica,
  { keys, meshId }: LocalState,
  context: Pick<CoreContext, 'self' | 'link' | 'reach' | 'skewsMs'>,
): Promise<Core> =>
  openCore(ports, {
    ...{ ...context, seed: keys.memberSeed, meshId },
    view: replica.view,
    seenMs: () => replica.latestOfOthers()[0],
    isDoubtful: () => replica.isInDoubt() || replica.isElsewhere(),
  });

const openTwins = (ports: Ports, { keys, meshId }: LocalState, replica: Replica): Twins => {
  const id = memberIdOf(ports.crypto.publicKey(keys.memberSeed));
  const twins = createTwins(ports, { id, seed: keys.memberSeed, meshId });
  twins.onTwin(replica.suspectKey);
  return twins;
};

/** What is opened on the swarm. A failure stops it: its listener would keep the process alive. */
export const orStop = <Part>(swarm: SwarmNode, opening: Promise<Part>): Promise<Part> =>
  opening.catch(async (error: unknown) => {
    await swarm.stop();
    throw error;
  });

/**
 * Loop: node — the running member: opens its parts, says which event marks which loop, and closes
 * them.
 *
 * Read this first. Nothing acts on an event directly: events mark loops, each loop acts at its
 * own pace and computes the whole of what should be (`docs/ARCHITECTURE.md` follows two flows
 * through it).
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { ApiAnswer, ApiRequest, Clock, Ports, Unsubscribe } from '../ports.ts';
import { createAcquaintances } from './acquaintances.ts';
import { breathe, isLarge } from './agent-look.ts';
import { answerApi } from './api.ts';
import { type Asked, apiContext, appliedOf, connectedMembers, questionsOf } from './api-context.ts';
import { serveApplied } from './applied.ts';
import { serveCallers } from './callers.ts';
import type { Core } from './core.ts';
import { serveDigests } from './digests.ts';
import { type DiskWatch, watchDisk } from './disk-watch.ts';
import { serveJoins } from './entry.ts';
import { createEvents, type Events } from './events.ts';
import { createLeaving } from './leaving.ts';
import { type Build, openParts, orStop, type Parts } from './parts.ts';
import { serveQuestions } from './questions.ts';
import type { Replica } from './replica.ts';
import type { Told } from './rules/answers.ts';
import { coreStatusOf } from './rules/core-answer.ts';
import { whyCore } from './rules/election.ts';
import { type Picture, pictureOf } from './rules/event-picture.ts';
import { serveVantage } from './vantage.ts';

/** How long the loops may take to end by themselves. Unit: ms. The unit is killed after 8 s. */
const GRACE_MS = 2_000;

/** A member that runs. */
export interface RunningNode {
  readonly self: MemberId;
  /** What it holds. */
  readonly replica: Replica;
  readonly core: Core;
  /**
   * Answers one request of the local API; throws a Fault for what is not acceptable. `reader`
   * aborts when whoever asked is gone.
   */
  api(request: ApiRequest, reader?: AbortSignal): Promise<ApiAnswer>;
  /** Resolves when the host is as the state on disk wants it, or it is known why it is not. */
  readonly settled: Promise<void>;
  /** Stops the loops; the data plane stays. Harmless when stopped already. */
  stop(): Promise<void>;
  /** Takes this VM out of its mesh, as `leave` of the API does. Asked twice, it is done once. */
  leave(): Promise<Told>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly done: Promise<void>;
}

/**
 * Starts the member that the state directory holds. Fault 'refused' when it holds none or the
 * port is taken. One that was leaving undoes what it made, says nothing but that it leaves, and
 * waits for `leave`. Whoever asks comes first: `onOpen` is given the API, and the loops start when
 * it has settled; should it reject, nothing was started.
 */
export async function startNode(
  given: Ports,
  build: Build,
  onOpen: (api: RunningNode['api']) => Promise<void> = async () => undefined,
): Promise<RunningNode> {
  const events = createEvents(given.clock, build.version);
  const { watch, ports } = watched(given, events);
  await events.keepOn(ports);
  const parts = await openParts(ports, build);
  const { self, replica, liveness, links, core, facts, agents, swarm, sync, words, stop } = parts;
  const { signal } = stop;
  const acquaintances = createAcquaintances(ports, self, replica);
  const door = { ...parts, events, connected: () => connectedMembers(parts) };
  const closed = Promise.withResolvers<void>();
  closed.promise.catch(() => undefined); // `done` says it as well.
  const end = async (): Promise<void> => {
    stop.abort();
    await closed.promise;
  };
  const { leave, settled: left } = createLeaving(ports, door, end);
  const context = apiContext(ports, { ...parts, watch, events }, leave);
  const api: RunningNode['api'] = (request, reader) => answerApi(context, request, reader);
  await orStop(swarm, onOpen(api));
  const subscriptions: readonly Unsubscribe[] = [
    replica.onChange(links.mark), //           somebody came, moved or lost its standing
    replica.onChange(agents.markNews), //      what this host should look like may have changed
    replica.onChange(words.noteView), //       who was none may be a member now
    replica.onChange(facts.mark), //           an address tie may have been lost
    replica.onChange(events.mark), //          who came, who left
    replica.onChange(acquaintances.mark), //   whom to ask should the journal be lost
    ...afterTrouble(watch, parts), //          what the disk did not take is written now
    ...aboutMembers(parts, events.mark), //    who is alive, and who has the core role
    swarm.onConnectionChange(agents.markNews), // where a member was seen is where its tunnel may go
    swarm.onConnectionChange(facts.markHost), // somebody can say from where this VM is seen
    ...served(ports, door), //                 any member lets others in, and answers them
  ];
  const loops = begin(ports.clock, replica.view(), [
    () => sync.run(swarm, signal), //          frames between members
    () => liveness.run(swarm, signal), //      who is alive
    () => words.run(swarm, signal), //         what services tell each other
    () => links.run(swarm, signal), //         a connection to every member, for ever
    () => acquaintances.run(signal), //        who could give back what it said
    ...ownLoops(parts), //                     what it says of itself, its roles, its host
    () => watch.run(signal), //                whether the disk takes what is written
    () => events.run(() => pictureNow(parts), signal),
  ]);
  closed.resolve(close(ports, { ...parts, events }, loops, subscriptions));
  const done = closed.promise.then(left);
  return { self, replica, core, api, settled: agents.settled(signal), stop: end, leave, done };
}

/** The ports with an ear on the log and an eye on the disk. */
function watched(given: Ports, events: Events) {
  const log = events.overhear(given.log);
  const watch = watchDisk({ ...given, log });
  return { watch, ports: { ...given, log, disk: watch.disk } };
}

/** What other members ask of this one, beside the frames. */
const served = (
  ports: Ports,
  door: Asked & { readonly connected: () => readonly PeerKey[] },
): readonly Unsubscribe[] => [
  serveJoins(ports, door, door.swarm),
  serveApplied(ports, appliedOf(door), door.swarm),
  serveDigests(ports, door.replica, door.swarm),
  serveVantage(door.swarm),
  serveCallers(ports, { view: door.replica.view, ports: door.agents.callPorts }, door.swarm),
  serveQuestions(ports, questionsOf(ports, door)),
];

/** Who is alive, and who may have the core role and has it. */
const aboutMembers = (parts: Parts, onMove: () => void): Unsubscribe[] => {
  const { replica, liveness, links, words, swarm, core, proposals, agents, readmission } = parts;
  return [
    swarm.onConnectionChange(onMove),
    liveness.onChange(onMove),
    liveness.onChange(agents.markLoops),
    words.onChange(agents.markLoops),
    liveness.onChange(links.mark),
    liveness.onChange(core.mark),
    replica.onChange(core.mark),
    replica.onChange(readmission.mark),
    core.onMove(onMove),
    core.onMove(proposals.mark),
  ];
};

type Loop = () => Promise<void>;

/** Of one that is leaving only its host is left. */
const ownLoops = (parts: Parts): readonly Loop[] => {
  const { facts, core, proposals, readmission, agents, swarm, isGoing, stop } = parts;
  const { signal } = stop;
  const ofMember = [
    () => facts.run(swarm, signal),
    () => core.run(swarm, signal),
    () => proposals.run(signal),
    () => readmission.run(signal),
  ];
  return [...(isGoing ? [] : ofMember), () => agents.run(signal)];
};

/** In a large mesh each first look takes some ms, so each has a turn of its own. */
const begin = (clock: Clock, view: View, loops: readonly Loop[]): readonly Promise<void>[] =>
  loops.map((run) => (isLarge(view) ? breathe(clock, true).then(run) : run()));

/** What is to be done again when the disk takes what is written. */
const afterTrouble = (watch: DiskWatch, { replica, facts, agents }: Parts): Unsubscribe[] => [
  watch.onRecovery(() => void replica.catchUp()),
  watch.onRecovery(facts.mark),
  watch.onRecovery(agents.mark),
];

type Closing = Pick<Parts, 'swarm' | 'replica' | 'audit' | 'stop'> & { readonly events: Events };

/**
 * Resolves when the node has stopped. One loop that fails ends them all and rejects this: half a
 * node would look alive, and nothing would restart it.
 */
async function close(
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
  { swarm, replica, audit, stop, events }: Closing,
  loops: readonly Promise<void>[],
  subscriptions: readonly Unsubscribe[],
): Promise<void> {
  for (const loop of loops) {
    loop.catch((error: unknown) => {
      log.error('loop-failed', { why: error instanceof Error ? error.stack : String(error) });
      stop.abort();
    });
  }
  const settled = Promise.allSettled(loops);
  await aborted(stop.signal);
  replica.close();
  const hurry = new AbortController();
  await Promise.race([settled, clock.sleep(GRACE_MS, hurry.signal)]);
  hurry.abort();
  for (const unsubscribe of subscriptions) unsubscribe();
  try {
    await swarm.stop(); // Requests under way end with it, and so the loops that wait for them.
    await settled;
    await replica.flush();
    await audit.flush();
    await events.flush();
  } finally {
    await Promise.all(loops);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });

/** What events are made of. */
function pictureNow(parts: Parts): Picture {
  const { self, replica, swarm, liveness, neighbourhood, core } = parts;
  const holder = coreStatusOf(replica.view(), core.lastHolder());
  const now = holder === null ? null : { ...holder, why: whyCore(core.constituency()) };
  return pictureOf(replica.view(), {
    self,
    connected: new Map(swarm.connections().map(({ peer, direction }) => [peer, direction])),
    word: replica.winner,
    isNeighbour: neighbourhood.has,
    state: (member) => (liveness.sight(member).mesh === 'unknown' ? null : liveness.state(member)),
    why: (member) => liveness.why(member),
    life: (member) => liveness.life(member),
    core: now,
  });
}

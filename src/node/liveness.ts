/**
 * Loop: liveness — who is alive: carries the failure detector (`rules/swim.ts`) over the swarm.
 *
 * 1. Nothing of it touches the document: it lives in memory, but for the count of this member's
 *    lives, which goes on over restarts, so that old doubts about it do not hold, and all hear of
 *    a start.
 * 2. A connection that came up is a sign of life, one that ended only a hint: links dial again,
 *    and tell here how that went.
 * 3. A member that sends more than the detector ever would is not heard for a while.
 */
import type { MemberId, MeshId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Connection, Disk, Ports, SwarmNode, Unsubscribe } from '../ports.ts';
import type { DialOutcome } from './dialler.ts';
import type { LinkState } from './rules/answers.ts';
import { createBuckets } from './rules/bucket.ts';
import { createSwim, type Swim } from './rules/swim.ts';
import { createSwimSigner, decodeSwim, encodeSwim, SWIM_BYTES_MAX } from './rules/swim-message.ts';
import { LAN, presetFor } from './rules/swim-presets.ts';
import {
  LIFE,
  type Life,
  lifeAfter,
  lifeBeganMs,
  lifeOf,
  type MeshWord,
  type OwnWord,
  shownState,
  whyShown,
} from './rules/swim-sighting.ts';
import { createWake, type Wake } from './wake.ts';

const CHANNEL = 'liveness';
const FILE = 'incarnation';
/** Messages of one member: at once, and per second. The detector needs 20 at its worst. */
const HEARD_BURST = 200;
const HEARD_PER_SECOND = 50;
/** Time between two looks at the round trips. Unit: ms. */
const PRESET_MS = 10_000;

type LivenessPorts = Pick<Ports, 'clock' | 'random' | 'crypto' | 'disk' | 'log'>;

/** What liveness needs to know of the rest of the node. */
export interface LivenessContext {
  readonly self: MemberId;
  readonly seed: Uint8Array;
  readonly meshId: MeshId;
  readonly view: () => View;
  /** With whom this member keeps connections: the same set as before while nothing has changed. */
  readonly neighbours: () => ReadonlySet<PeerKey>;
  /** With whom another member does. */
  readonly neighboursOf: (member: MemberId) => ReadonlySet<PeerKey>;
  /** Dials a member soon, for there is a question to ask it. */
  readonly reach: (member: MemberId) => void;
}

/** What is known of a member, in two words. */
export interface MemberSight {
  /** What holds of it in the mesh: it answers this member, or others who were asked. */
  readonly mesh: MeshWord;
  /** How it went when this member last tried itself. */
  readonly own: OwnWord;
}

/** The running loop, as others use it. */
export interface Liveness {
  sight(member: MemberId): MemberSight;
  /** The same in one word, as it is shown. */
  state(member: MemberId): LinkState;
  /** Why it is shown so, in words; null while nothing is known of it. */
  why(member: MemberId): string | null;
  /** Which of its lives the member is in, a daemon's run being one; null while nobody said so. */
  life(member: MemberId): Life | null;
  /** Which of its lives this daemon is. */
  readonly ownLife: number;
  noteDial(member: PeerKey, outcome: DialOutcome): void;
  /** Called after somebody is seen in another way than before. */
  onChange(listener: () => void): Unsubscribe;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

const UNKNOWN: MemberSight = { mesh: 'unknown', own: 'untried' };

interface Desk {
  readonly ports: LivenessPorts;
  readonly context: LivenessContext;
  readonly swim: Swim;
  readonly wake: Wake;
  readonly listeners: Set<() => void>;
  /** Members with a connection, as the detector knows it. */
  readonly linked: Set<PeerKey>;
  /** When the loop will look by itself. */
  dueMs: number;
  swarm: SwarmNode | null;
  /** The view that was last read, and who is in the mesh by it. */
  view: View | null;
  present: ReadonlySet<MemberId>;
  neighbours: ReadonlySet<PeerKey>;
}

/** Makes the loop; it does nothing until `run`. */
export async function openLiveness(
  ports: LivenessPorts,
  context: LivenessContext,
): Promise<Liveness> {
  const signer = createSwimSigner(ports.crypto, context.seed, context.meshId);
  const incarnation = await nextLife(ports);
  const draw = ports.random.fraction;
  const { self, neighboursOf } = context;
  const swim = createSwim({ self, signer, incarnation, draw, neighboursOf });
  const desk: Desk = {
    ...{ ports, context, swim, wake: createWake(ports.clock) },
    ...{ listeners: new Set(), linked: new Set(), dueMs: 0, swarm: null },
    ...{ view: null, present: new Set(), neighbours: new Set() },
  };
  return {
    sight: (member) => swim.sighting(member) ?? UNKNOWN,
    state: (member) => shownState(swim.sighting(member) ?? UNKNOWN),
    why: (member) => {
      const seen = swim.sighting(member);
      return seen === undefined ? null : whyShown(seen);
    },
    life: (member) => {
      const seen = swim.sighting(member);
      if (seen === undefined || seen.heardMs === null) return null;
      const { clock } = ports;
      const number = lifeOf(seen.incarnation);
      const heardMs = clock.wallMs() - (clock.monotonicMs() - seen.heardMs);
      return { number, beganMs: lifeBeganMs(number), heardMs, isSure: seen.isLifeSure };
    },
    ownLife: lifeOf(incarnation),
    noteDial: (member, outcome) => {
      const nowMs = ports.clock.monotonicMs();
      const id = member as MemberId;
      if (outcome === 'unreached') swim.unreached(id, nowMs);
      else swim.absent(id, nowMs, outcome === 'gone');
      carryOut(desk);
    },
    onChange: (listener) => {
      const entry = (): void => listener();
      desk.listeners.add(entry);
      return () => void desk.listeners.delete(entry);
    },
    run: (swarm, signal) => run(desk, swarm, signal),
  };
}

/** The first incarnation of this run's life, which is later than any that the disk remembers. */
async function nextLife({ disk, log, clock }: LivenessPorts): Promise<number> {
  const bytes = await disk.read(FILE);
  const last = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
  const known = Number.isSafeInteger(last) && last >= 0 ? last : 0;
  const next = lifeAfter(known, clock.wallMs()) * LIFE;
  await keepLife(disk, next).catch((error: unknown) =>
    log.warn('incarnation-not-kept', { why: String(error) }),
  );
  return next;
}

const keepLife = (disk: Disk, incarnation: number): Promise<void> =>
  disk.write(FILE, new TextEncoder().encode(`${incarnation}\n`));

async function run(desk: Desk, swarm: SwarmNode, signal: AbortSignal): Promise<void> {
  const { ports, swim, wake } = desk;
  desk.swarm = swarm;
  const ends = [listen(desk, swarm), swarm.onConnectionChange(() => look(desk, swarm))];
  let presetMs = 0;
  let preset = LAN;
  while (!signal.aborted) {
    look(desk, swarm);
    const nowMs = ports.clock.monotonicMs();
    if (nowMs >= presetMs) {
      presetMs = nowMs + PRESET_MS;
      const rtts = swarm.connections().flatMap(({ rttMs }) => rttMs ?? []);
      const next = presetFor(rtts, preset);
      if (next !== preset) ports.log.info('liveness-preset', { preset: next.name });
      preset = next;
      swim.setPreset(preset);
    }
    swim.tick(nowMs);
    carryOut(desk);
    desk.dueMs = swim.dueMs();
    await wake.wait(Math.max(1, desk.dueMs - nowMs), signal);
  }
  for (const end of ends) end();
  desk.swarm = null;
}

/** Takes the members from the view, and who is connected from the swarm. */
function look(desk: Desk, swarm: SwarmNode): void {
  const { context, swim, linked, ports } = desk;
  const view = context.view();
  const neighbours = context.neighbours();
  if (view !== desk.view || neighbours !== desk.neighbours) {
    desk.view = view;
    desk.neighbours = neighbours;
    desk.present = new Set(view.members.filter(({ hasLeft }) => !hasLeft).map(({ id }) => id));
    swim.setMembers(desk.present, neighbours as ReadonlySet<MemberId>);
  }
  const live = swarm.connections();
  for (const peer of goneOf(linked, live)) {
    linked.delete(peer);
    swim.closed(peer as MemberId);
  }
  for (const { peer } of live) {
    const id = peer as MemberId;
    if (linked.has(id) || id === context.self || !desk.present.has(id)) continue;
    linked.add(id);
    swim.connected(id, ports.clock.monotonicMs());
  }
  carryOut(desk);
}

/** Who is no more: most often nobody, as counting tells. */
function goneOf(linked: ReadonlySet<PeerKey>, live: readonly Connection[]): readonly PeerKey[] {
  let kept = 0;
  for (const { peer } of live) if (linked.has(peer)) kept += 1;
  if (kept === linked.size) return [];
  const now = new Set(live.map(({ peer }) => peer));
  return [...linked].filter((peer) => !now.has(peer));
}

function listen(desk: Desk, swarm: SwarmNode): Unsubscribe {
  const { ports, swim } = desk;
  const heard = createBuckets(HEARD_BURST, HEARD_PER_SECOND);
  return swarm.receive(CHANNEL, SWIM_BYTES_MAX, (from, bytes) => {
    const nowMs = ports.clock.monotonicMs();
    if (!heard.hasLeft(from, nowMs)) return;
    heard.spend(from, 1, nowMs);
    const message = decodeSwim(bytes);
    if (message === null) return;
    swim.hear(from as MemberId, message, nowMs);
    carryOut(desk);
  });
}

/** Does what the detector wants done. */
function carryOut(desk: Desk): void {
  const { ports, context, swim, swarm, wake } = desk;
  const { messages, dials, hangUps, changed, incarnation } = swim.take();
  for (const { to, message } of messages) {
    if (swarm?.send(to, CHANNEL, encodeSwim(message)) === false) {
      swim.lost(to, ports.clock.monotonicMs());
    }
  }
  for (const member of dials) context.reach(member);
  for (const member of hangUps) void swarm?.hangUp(member);
  if (incarnation !== null) {
    keepLife(ports.disk, incarnation).catch((error: unknown) =>
      ports.log.warn('incarnation-not-kept', { why: String(error) }),
    );
  }
  for (const member of changed) {
    const seen = swim.sighting(member);
    if (seen === undefined) continue;
    const { mesh, own } = seen;
    const facts = { member, state: shownState(seen), mesh, own, health: swim.health() };
    ports.log.info('member-state', facts);
  }
  if (changed.size > 0) for (const tell of [...desk.listeners]) tell();
  if (swim.dueMs() < desk.dueMs) wake.mark();
}

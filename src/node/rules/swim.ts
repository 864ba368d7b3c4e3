/**
 * Rule: swim — the failure detector: who is alive, found out by asking around.
 *
 * SWIM (Das, Gupta, Motivala 2002) with Lifeguard (Dadgar, Phillips, Currey 2017), and two changes:
 * what others say only makes a member look for itself, so that a liar can cause probes and nothing
 * else; and only a member's own signature says that it is alive. Each member costs the others the
 * same however many there are: one probe in a period.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import { createBuckets } from './bucket.ts';
import {
  change,
  type Desk,
  doubtOf,
  noOutcome,
  type Outcome,
  ownAlive,
  say,
  takeOutcome,
  weaken,
  witness,
} from './swim-desk.ts';
import { hearMessage } from './swim-hearing.ts';
import { createHolds } from './swim-holds.ts';
import { abbreviate, type SwimMessage, type SwimSigner } from './swim-message.ts';
import { LAN, type Preset } from './swim-presets.ts';
import {
  beginPeriod,
  isWatched,
  lookAfterProbes,
  lookAfterRelays,
  lookForDoubted,
  probesDueMs,
  sendRelays,
} from './swim-probing.ts';
import { createRumours } from './swim-rumours.ts';
import { createSighting, deathMs, fail, type Sighting, shift } from './swim-sighting.ts';
import { createTurns, type Draw, drawSome } from './swim-turns.ts';

/** Times a live member may say that it is alive anew, at once and per second. */
const REBIRTHS_BURST = 8;
const REBIRTHS_PER_SECOND = 1;
/** Times a member is told who lives, at once and per second. */
const PULLS_BURST = 4;
const PULLS_PER_SECOND = 1;
/** Doubts that a member is told of when it connects. */
const GREETED_MAX = 20;
/** So much later than it wanted, and this program stood still. Unit: ms. As the core's gap. */
const STALL_MS = 1_000;

/** Who detects. `incarnation`: greater than any before. `draw`: chance. */
export interface SwimSelf {
  readonly self: MemberId;
  readonly signer: SwimSigner;
  readonly incarnation: number;
  readonly draw: Draw;
  /** With whom a member keeps connections. */
  readonly neighboursOf: (member: MemberId) => ReadonlySet<PeerKey>;
}

/** The detector. Whoever calls brings the time, monotonic ms, and then takes what is to be done. */
export interface Swim {
  /** Who else is in the mesh, and with whom of them this member keeps connections. */
  setMembers(members: ReadonlySet<MemberId>, neighbours: ReadonlySet<MemberId>): void;
  setPreset(preset: Preset): void;
  /** A connection came up: the member was heard. */
  connected(member: MemberId, nowMs: number): void;
  /** The last connection with it is gone: a hint, where it is a neighbour. */
  closed(member: MemberId): void;
  /**
   * A dial was answered: nothing listens. Where the member was seen before (`isSure`) that is its
   * death, and where it only says that it is, together with the word of another.
   */
  absent(member: MemberId, nowMs: number, isSure: boolean): void;
  /** A dial was not answered. */
  unreached(member: MemberId, nowMs: number): void;
  hear(from: MemberId, message: SwimMessage, nowMs: number): void;
  /** Does what is due. */
  tick(nowMs: number): void;
  /** Something said to this member may be lost: it counts as told nothing, and is held a while. */
  lost(member: MemberId, nowMs: number): void;
  /** When `tick` wants to be called next. */
  dueMs(): number;
  /** What is to be done since this was last called. */
  take(): Outcome;
  /** What is known of a member; undefined when it is none. */
  sighting(member: MemberId): Readonly<Sighting> | undefined;
  /** Local health: 0 is well, 8 the worst. */
  health(): number;
}

/** A detector that knows nobody. */
export function createSwim(given: SwimSelf): Swim {
  const desk = createDesk(given);
  const withSeen = (member: MemberId, act: (seen: Sighting) => void): void => {
    const seen = desk.sightings.get(member);
    if (seen !== undefined) act(seen);
  };
  return {
    setMembers: (members, neighbours) => {
      desk.neighbours = neighbours;
      setMembers(desk, members);
    },
    setPreset: (preset) => {
      desk.preset = preset;
    },
    connected: (member, nowMs) => withSeen(member, (seen) => greet(desk, seen, nowMs)),
    closed: (member) => closed(desk, member),
    absent: (member, nowMs, isSure) =>
      withSeen(member, (seen) => {
        if (!isSure && seen.accusers.size === 0 && seen.mesh !== 'unknown') return;
        change(desk, seen, () => fail(seen, nowMs, 'refusal'));
        bury(desk, seen);
      }),
    unreached: (member, nowMs) =>
      withSeen(member, (seen) => {
        if (seen.mesh === 'unknown') change(desk, seen, () => fail(seen, nowMs, 'silence'));
      }),
    hear: (from, message, nowMs) => hearMessage(desk, from, message, nowMs),
    tick: (nowMs) => tick(desk, nowMs),
    lost: (member, nowMs) => {
      desk.rumours.untell(member);
      desk.holds.lost(member, nowMs);
    },
    dueMs: () => dueMs(desk),
    take: () => takeOutcome(desk),
    sighting: (member) => desk.sightings.get(member),
    health: () => desk.health,
  };
}

const createDesk = ({ self, signer, incarnation, draw, neighboursOf }: SwimSelf): Desk => ({
  self,
  signer,
  draw,
  neighboursOf,
  incarnation,
  signature: signer.alive(incarnation),
  turns: createTurns(draw),
  rumours: createRumours(),
  holds: createHolds(),
  sightings: new Map(),
  names: new Map(),
  connected: new Set(),
  neighbours: new Set(),
  pulls: createBuckets(PULLS_BURST, PULLS_PER_SECOND),
  urgent: new Set(),
  suspects: new Set(),
  doubted: new Map(),
  probes: new Map(),
  relays: new Map(),
  rebirths: createBuckets(REBIRTHS_BURST, REBIRTHS_PER_SECOND),
  out: noOutcome(),
  preset: LAN,
  health: 0,
  // Answers to an earlier run of this program answer nothing.
  sequence: Math.floor(draw() * 2 ** 40),
  refutedMs: Number.NEGATIVE_INFINITY,
  tickedMs: null,
  periodDueMs: 0,
  urgentLeft: 0,
  farPeriods: 0,
  slowPeriods: 0,
  gossipDueMs: 0,
});

function setMembers(desk: Desk, members: ReadonlySet<MemberId>): void {
  const { sightings, names, self } = desk;
  for (const [member, seen] of sightings) {
    if (members.has(member) && member !== self) continue;
    sightings.delete(member);
    desk.urgent.delete(member);
    desk.suspects.delete(seen);
    desk.doubted.delete(member);
    desk.rumours.drop(abbreviate(member));
  }
  names.clear();
  const twice = new Set<string>();
  for (const member of members) {
    if (member === self) continue;
    const name = abbreviate(member);
    if (names.has(name)) twice.add(name);
    names.set(name, member);
    if (!sightings.has(member)) sightings.set(member, createSighting(member));
  }
  for (const name of names.keys()) if (twice.has(name)) names.delete(name);
  desk.turns.set(new Set(sightings.keys()));
}

function greet(desk: Desk, seen: Sighting, nowMs: number): void {
  const { member } = seen;
  desk.connected.add(member);
  // Before the doubt is over: who was thought dead learns of it, and says that it lives. Who has
  // just started learns who else is doubted.
  const doubted = [...desk.sightings.values()].filter(
    (one) => one !== seen && (one.mesh === 'dead' || (one.mesh === 'suspect' && one.isTold)),
  );
  const doubts = drawSome(doubted, GREETED_MAX, desk.draw).map(doubtOf);
  say(desk, member, { act: 'news' }, [ownAlive(desk), ...doubts]);
  witness(desk, seen, 'prompt', nowMs);
  dropProbes(desk, member);
  sendRelays(desk, member);
}

/**
 * A question on its way is over with the connection: others end them because nobody needs them. But
 * of whom is doubted the end is one sign more, and a dial tells.
 */
function closed(desk: Desk, member: MemberId): void {
  const seen = desk.sightings.get(member);
  desk.connected.delete(member);
  desk.holds.end(member);
  const isOurs = isWatched(desk, member);
  if (seen?.mesh === 'alive' && isOurs) desk.urgent.add(member);
  if (isOurs) return;
  if (seen !== undefined && seen.suspectedMs !== null) desk.out.dials.add(member);
  else dropProbes(desk, member);
}

function dropProbes({ probes }: Desk, member: MemberId): void {
  for (const [sequence, probe] of probes) if (probe.member === member) probes.delete(sequence);
}

function bury(desk: Desk, seen: Sighting): void {
  if (seen.mesh === 'dead') return;
  change(desk, seen, () => {
    seen.mesh = 'dead';
  });
  desk.urgent.delete(seen.member);
  desk.out.hangUps.add(seen.member);
  desk.rumours.put(doubtOf(seen));
}

function tick(desk: Desk, nowMs: number): void {
  forgiveStall(desk, nowMs);
  const isGossiping = (): boolean => nowMs >= desk.gossipDueMs && desk.rumours.isUrgent();
  // Of what was told before it is known by now whether it was lost.
  if (isGossiping()) desk.rumours.settle(audienceOf(desk));
  lookAfterProbes(desk, nowMs);
  lookAfterRelays(desk, nowMs);
  lookForDoubted(desk, nowMs);
  for (const seen of [...desk.suspects]) {
    const atMs = deathMs(seen, desk.preset, desk.sightings.size + 1);
    if (atMs !== null && nowMs >= atMs) bury(desk, seen);
  }
  if (nowMs >= desk.periodDueMs) {
    desk.periodDueMs = nowMs + desk.preset.periodMs;
    beginPeriod(desk, nowMs);
  }
  if (isGossiping()) gossip(desk, nowMs);
}

/** Time in which this program stood still proves nothing of others, and much of itself. */
function forgiveStall(desk: Desk, nowMs: number): void {
  const lateMs = desk.tickedMs === null ? 0 : nowMs - Math.max(desk.tickedMs, dueMs(desk));
  desk.tickedMs = nowMs;
  if (lateMs < STALL_MS) return;
  weaken(desk, 1);
  for (const { member } of desk.probes.values()) desk.urgent.add(member);
  desk.probes.clear();
  for (const seen of desk.suspects) shift(seen, lateMs);
}

function gossip(desk: Desk, nowMs: number): void {
  desk.gossipDueMs = nowMs + desk.preset.gossipMs;
  for (const member of audienceOf(desk)) {
    if (desk.holds.isHeld(member, nowMs)) continue;
    if (desk.rumours.isUrgentFor(member)) say(desk, member, { act: 'news' });
  }
}

/**
 * To whom news goes: the neighbours, or whoever a thousand have dialled because it was doubted
 * would hear each word a thousand times. Where few of them are there, others too.
 */
function audienceOf({ connected, neighbours, sightings, preset, draw }: Desk): readonly MemberId[] {
  const live = [...connected].filter((member) => sightings.get(member)?.mesh === 'alive');
  const near = live.filter((member) => neighbours.has(member));
  const far = live.filter((member) => !neighbours.has(member));
  const extra = drawSome(far, Math.max(0, preset.gossipTo - near.length), draw);
  return drawSome([...near, ...extra], near.length + extra.length, draw);
}

function dueMs(desk: Desk): number {
  let due = Math.min(desk.periodDueMs, probesDueMs(desk));
  if (desk.rumours.isUrgent()) due = Math.min(due, desk.gossipDueMs);
  for (const seen of desk.suspects) {
    due = Math.min(due, deathMs(seen, desk.preset, desk.sightings.size + 1) ?? due);
  }
  return due;
}

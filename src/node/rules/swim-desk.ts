/**
 * Rule: swim desk — what the parts of the failure detector share, and how each of them speaks.
 */
import type { MemberId, PeerKey } from '../../crdt/ids.ts';
import type { Buckets } from './bucket.ts';
import type { Holds } from './swim-holds.ts';
import {
  type Abbreviation,
  abbreviate,
  type Rumour,
  rumourBytes,
  SWIM_BYTES_MAX,
  type SwimAct,
  type SwimMessage,
  type SwimSigner,
} from './swim-message.ts';
import type { Preset } from './swim-presets.ts';
import type { Rumours } from './swim-rumours.ts';
import { MISSES_MAX, type Proof, prove, type Sighting } from './swim-sighting.ts';
import type { Draw, Turns } from './swim-turns.ts';

/** A probe under way. */
export interface Probe {
  readonly member: MemberId;
  readonly sequence: number;
  readonly startedMs: number;
  /** Null until others were asked; then how many, and how many said that they had no answer. */
  helpers: number | null;
  nacks: number;
}

/** A question of another member that this one has passed on. */
export interface Relay {
  readonly asker: MemberId;
  /** The asker's own number. */
  readonly asked: number;
  readonly target: MemberId;
  readonly startedMs: number;
  isSent: boolean;
  isDenied: boolean;
}

/** What is to be done since it was last taken. */
export interface Outcome {
  readonly messages: { readonly to: MemberId; readonly message: SwimMessage }[];
  /** Who is to be dialled now. */
  readonly dials: Set<MemberId>;
  /** Whose connection, if there is one, leads nowhere. */
  readonly hangUps: Set<MemberId>;
  /** Who is seen in another way than before, or lives anew. */
  readonly changed: Set<MemberId>;
  /** This member's new incarnation, to be kept; null when it is the same. */
  incarnation: number | null;
}

/** An outcome by which nothing is to be done. */
export const noOutcome = (): Outcome => ({
  messages: [],
  dials: new Set(),
  hangUps: new Set(),
  changed: new Set(),
  incarnation: null,
});

/** It is taken with each step, and most steps ask for nothing. */
const NOTHING = noOutcome();

/** What is to be done, which is then nothing. */
export function takeOutcome(desk: Desk): Outcome {
  const { messages, dials, hangUps, changed, incarnation } = desk.out;
  const count = messages.length + dials.size + hangUps.size + changed.size;
  if (count === 0 && incarnation === null) return NOTHING;
  const { out } = desk;
  desk.out = noOutcome();
  return out;
}

/** The state of one member's failure detector. Times are monotonic ms. */
export interface Desk {
  readonly self: MemberId;
  readonly signer: SwimSigner;
  readonly draw: Draw;
  /** With whom another member keeps connections. */
  readonly neighboursOf: (member: MemberId) => ReadonlySet<PeerKey>;
  readonly turns: Turns;
  readonly rumours: Rumours;
  readonly holds: Holds;
  readonly sightings: Map<MemberId, Sighting>;
  readonly names: Map<Abbreviation, MemberId>;
  readonly connected: Set<MemberId>;
  /** With whom this member keeps connections. */
  neighbours: ReadonlySet<MemberId>;
  /** How often each member is told who lives. */
  readonly pulls: Buckets;
  /** Who is to be probed out of turn: somebody doubts it. */
  readonly urgent: Set<MemberId>;
  readonly suspects: Set<Sighting>;
  /** When to look for those whom others doubt, who may say themselves that they live before. */
  readonly doubted: Map<MemberId, number>;
  readonly probes: Map<number, Probe>;
  readonly relays: Map<number, Relay>;
  /** How often each member may say that it is alive anew. */
  readonly rebirths: Buckets;
  out: Outcome;
  preset: Preset;
  /** Local health, 0 (well) to 8: how far this member doubts itself. Lifeguard. */
  health: number;
  sequence: number;
  incarnation: number;
  signature: Uint8Array;
  refutedMs: number;
  tickedMs: number | null;
  periodDueMs: number;
  /** Probes out of turn that this period still allows. */
  urgentLeft: number;
  /** Periods until one who is not connected has its turn. */
  farPeriods: number;
  /** Periods until one of them who was slow is tried again. */
  slowPeriods: number;
  gossipDueMs: number;
}

/** Worst local health. memberlist: AwarenessMaxMultiplier. */
const HEALTH_MAX = 8;
/** Room for what is not news in a message. Unit: bytes. */
const HEAD_BYTES = 160;
const NAME_BYTES = 14;

/** This member's own word. */
export const ownAlive = ({ self, incarnation, signature }: Desk): Rumour => ({
  kind: 'alive',
  about: abbreviate(self),
  incarnation,
  signature,
});

/** Says something to a connected member, and what news fits. `first`: news that must go along. */
export function say(desk: Desk, to: MemberId, act: SwimAct, first: readonly Rumour[] = []): void {
  if (!desk.connected.has(to)) return;
  const seen = desk.sightings.get(to);
  const doubts: Rumour[] = [];
  // What it alone is told it need not deny before all: its answer is enough.
  if (seen?.mesh === 'dead' || (seen?.mesh === 'suspect' && seen.isTold)) {
    doubts.push(doubtOf(seen));
  }
  const given = [...first, ...doubts];
  const headBytes = act.act === 'pull' ? HEAD_BYTES + NAME_BYTES * act.names.length : HEAD_BYTES;
  const usedBytes = given.reduce((sum, rumour) => sum + rumourBytes(rumour), headBytes);
  const news = desk.rumours.take(to, SWIM_BYTES_MAX - usedBytes, desk.sightings.size + 1);
  desk.out.messages.push({ to, message: { ...act, rumours: [...given, ...news] } });
}

/** The next number of a question. */
export const nextSequence = (desk: Desk): number => {
  desk.sequence += 1;
  return desk.sequence;
};

/** Local health gets worse, or better. */
export function weaken(desk: Desk, by: number): void {
  desk.health = Math.min(HEALTH_MAX, Math.max(0, desk.health + by));
}

/** Does something to a sighting, and notes when it is then shown in another way. */
export function change(desk: Desk, seen: Sighting, act: () => void): void {
  const { mesh, own } = seen;
  act();
  if (seen.mesh === 'suspect') desk.suspects.add(seen);
  else desk.suspects.delete(seen);
  if (seen.mesh !== mesh || seen.own !== own) desk.out.changed.add(seen.member);
}

/** A sign of life of a member. */
export function witness(desk: Desk, seen: Sighting, proof: Proof, nowMs: number): void {
  const wasDoubted = seen.suspectedMs !== null;
  change(desk, seen, () => prove(seen, proof, nowMs));
  if (wasDoubted) desk.rumours.drop(abbreviate(seen.member));
  if (seen.misses === 0) desk.urgent.delete(seen.member);
  else if (proof !== 'heard' && seen.misses < MISSES_MAX) desk.urgent.add(seen.member);
}

/** What this member says of another that it doubts, by its own trying. */
export const doubtOf = ({ member, incarnation, mesh }: Sighting): Rumour => ({
  kind: mesh === 'dead' ? 'dead' : 'suspect',
  about: abbreviate(member),
  incarnation,
});

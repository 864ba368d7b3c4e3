/**
 * Rule: swim probing — asks members whether they are there, itself and through others.
 *
 * 1. In each period one member is probed in turn, and besides a few whom somebody doubts: however
 *    much is claimed, no more than that is sent.
 * 2. Who does not answer in time is asked through others; only when those fail too has the probe
 *    failed. Others who could not say so either speak for this member's own fault (Lifeguard).
 * 3. A helper cannot make up the answer: the asked member signs it.
 */
import type { MemberId } from '../../crdt/ids.ts';
import { change, type Desk, doubtOf, nextSequence, type Probe, say, weaken } from './swim-desk.ts';
import { abbreviate, NAMES_MAX } from './swim-message.ts';
import { DENIAL_MS } from './swim-presets.ts';
import { fail, type Sighting, shownState } from './swim-sighting.ts';
import { drawSome } from './swim-turns.ts';

/** Members probed out of turn in one period. */
const URGENT_MAX = 4;
/** Questions of others under way. */
const RELAYS_MAX = 256;
/**
 * Periods between two probes of members that are no neighbours, which mostly cost a dial each.
 * Their neighbours probe them, and doubts are heard of.
 */
const FAR_PERIODS = 60;
/** Periods between two probes of one of them who was slow: it may have been so for a moment. */
const SLOW_PERIODS = 4;

/** How long a probe may take now, ms; and after how long others are asked. Lifeguard. */
const probeMs = ({ preset, health }: Desk): number => preset.periodMs * (health + 1);
const answerMsOf = ({ preset, health }: Desk): number => preset.answerMs * (health + 1);

/**
 * Whether a member has its turn among the neighbours. A connection that was made for one question
 * does not count: where a mesh looks for somebody it doubts, all would go on to ask that one.
 */
const isNear = (desk: Desk, member: MemberId): boolean =>
  desk.connected.has(member) && isWatched(desk, member);

/**
 * Whether this member looks after another one. Where few of its neighbours are there, as when most
 * of a mesh never came, that is whoever it is connected with: else nobody would.
 */
export function isWatched({ connected, neighbours, preset }: Desk, member: MemberId): boolean {
  if (neighbours.has(member)) return true;
  let near = 0;
  for (const one of neighbours) if (connected.has(one)) near += 1;
  return near < preset.helpers;
}

/** Begins a period: probes whose turn it is, and who is doubted. */
export function beginPeriod(desk: Desk, nowMs: number): void {
  desk.urgentLeft = URGENT_MAX;
  desk.farPeriods -= 1;
  const isFar = desk.farPeriods <= 0;
  if (isFar) desk.farPeriods = FAR_PERIODS;
  const nextOf = (are: (member: MemberId) => boolean): MemberId | null =>
    desk.turns.next((member) => are(member) && isFit(desk, member));
  const areNear = (member: MemberId): boolean => isNear(desk, member);
  const next = (isFar ? nextOf((member) => !areNear(member)) : null) ?? nextOf(areNear);
  if (next !== null) probe(desk, next, nowMs);
  lookForSlow(desk, nowMs);
  pull(desk);
  const suspects = [...desk.suspects].map(({ member }) => member);
  const doubted = [...new Set([...desk.urgent, ...suspects])];
  for (const member of drawSome(doubted, doubted.length, desk.draw)) hurry(desk, member, nowMs);
}

/** Probes one who is shown as slow, and whose turn would come only after many periods. */
function lookForSlow(desk: Desk, nowMs: number): void {
  desk.slowPeriods -= 1;
  if (desk.slowPeriods > 0) return;
  desk.slowPeriods = SLOW_PERIODS;
  const slow = [...desk.sightings.values()].filter(
    (seen) => shownState(seen) === 'degraded' && !isNear(desk, seen.member),
  );
  for (const { member } of drawSome(slow, 1, desk.draw)) hurry(desk, member, nowMs);
}

/** Others that are asked in one period who lives. */
const PULLED_MAX = 4;

/**
 * Asks some who are connected of those of whom this member knows nothing; and them of themselves
 * where their greeting was lost, as to a daemon that was not listening yet.
 */
function pull(desk: Desk): void {
  const unsure = [...desk.connected].filter(
    (member) => desk.sightings.get(member)?.isLifeSure === false,
  );
  for (const member of drawSome(unsure, PULLED_MAX, desk.draw)) {
    say(desk, member, { act: 'pull', names: [abbreviate(member)] });
  }
  const unknown = [...desk.sightings.values()].filter(({ mesh }) => mesh === 'unknown');
  if (unknown.length === 0) return;
  const helpers = drawSome([...desk.connected], PULLED_MAX, desk.draw);
  // Of so many any are welcome, and whoever is asked has heard of some.
  const isAnybody = unknown.length > PULLED_MAX * NAMES_MAX;
  const names = isAnybody ? [] : unknown.map(({ member }) => abbreviate(member));
  for (const [at, helper] of helpers.entries()) {
    const asked = names.slice(at * NAMES_MAX, (at + 1) * NAMES_MAX);
    if (isAnybody || asked.length > 0) say(desk, helper, { act: 'pull', names: asked });
  }
}

/** Looks for those of whom others had time to say that they live, and did not. */
export function lookForDoubted(desk: Desk, nowMs: number): void {
  for (const [member, dueMs] of desk.doubted) {
    const isDoubted = desk.sightings.get(member)?.suspectedMs !== null;
    if (isDoubted && nowMs < dueMs) continue;
    desk.doubted.delete(member);
    if (isDoubted) hurry(desk, member, nowMs);
  }
}

/** Probes a member out of turn, now or in the next period. */
export function hurry(desk: Desk, member: MemberId, nowMs: number): void {
  if (!isFit(desk, member)) {
    desk.urgent.delete(member);
  } else if (desk.urgentLeft > 0) {
    desk.urgentLeft -= 1;
    probe(desk, member, nowMs);
  } else desk.urgent.add(member);
}

const isFit = (desk: Desk, member: MemberId): boolean =>
  desk.sightings.get(member)?.mesh !== 'dead' &&
  ![...desk.probes.values()].some((one) => one.member === member);

function probe(desk: Desk, member: MemberId, nowMs: number): void {
  desk.urgent.delete(member);
  const sequence = nextSequence(desk);
  desk.probes.set(sequence, { member, sequence, startedMs: nowMs, helpers: null, nacks: 0 });
  if (desk.connected.has(member)) say(desk, member, { act: 'ping', sequence, asker: null });
  else desk.out.dials.add(member);
}

/** Asks others, or gives up, where it is time. */
export function lookAfterProbes(desk: Desk, nowMs: number): void {
  for (const one of [...desk.probes.values()]) {
    const ageMs = nowMs - one.startedMs;
    if (ageMs >= probeMs(desk)) giveUp(desk, one, nowMs);
    else if (one.helpers === null && ageMs >= answerMsOf(desk)) askOthers(desk, one);
  }
}

function askOthers(desk: Desk, one: Probe): void {
  const isFit = (member: MemberId): boolean =>
    member !== one.member && desk.sightings.get(member)?.own === 'reached';
  const able = drawSome([...desk.connected].filter(isFit), desk.connected.size, desk.draw);
  // Those who are connected with it need not dial it first; and whom many have dialled would be
  // asked by all of them.
  const beside = desk.neighboursOf(one.member);
  const worth = (member: MemberId): number =>
    2 * Number(beside.has(member)) + Number(desk.neighbours.has(member));
  const helpers = able.toSorted((a, b) => worth(b) - worth(a)).slice(0, desk.preset.helpers);
  one.helpers = helpers.length;
  const seen = desk.sightings.get(one.member);
  if (seen?.mesh === 'suspect') tellDoubt(desk, seen);
  const target = abbreviate(one.member);
  // Once more itself: what was lost once is seldom lost twice.
  say(desk, one.member, { act: 'ping', sequence: one.sequence, asker: null });
  for (const helper of helpers) say(desk, helper, { act: 'ask', sequence: one.sequence, target });
}

function giveUp(desk: Desk, one: Probe, nowMs: number): void {
  desk.probes.delete(one.sequence);
  const helpers = one.helpers ?? 0;
  weaken(desk, helpers > 0 ? helpers - one.nacks : 1);
  const seen = desk.sightings.get(one.member);
  if (seen === undefined || seen.mesh === 'dead') return;
  // Alone with its doubt a member asks once more: on lines that lose a fifth most doubts end there,
  // and each that is told is gossip of all about it.
  const isShared = seen.suspectedMs !== null;
  change(desk, seen, () => fail(seen, nowMs, 'silence'));
  if (isShared) tellDoubt(desk, seen);
}

function tellDoubt(desk: Desk, seen: Sighting): void {
  if (seen.isTold) return;
  seen.isTold = true;
  desk.rumours.put(doubtOf(seen));
}

/** Passes a question on, or says at once that it cannot. */
export function passOn(
  desk: Desk,
  asker: MemberId,
  question: { readonly sequence: number; readonly target: MemberId | null },
  nowMs: number,
): void {
  const { sequence: asked, target } = question;
  // Whoever is slow itself cannot tell anything of one to whom it has to find the way first.
  const isFar = target !== null && !desk.connected.has(target);
  const isUnfit = desk.relays.size >= RELAYS_MAX || (isFar && desk.health > 0);
  if (target === null || target === desk.self || isUnfit) {
    say(desk, asker, { act: 'nack', sequence: asked });
    return;
  }
  const relay = { asker, asked, target, startedMs: nowMs, isSent: false, isDenied: false };
  desk.relays.set(nextSequence(desk), relay);
  if (isFar) desk.out.dials.add(target);
  else sendRelays(desk, target);
}

/** Sends what waits for a connection with the member. */
export function sendRelays(desk: Desk, target: MemberId): void {
  for (const [sequence, relay] of desk.relays) {
    if (relay.target !== target || relay.isSent) continue;
    relay.isSent = true;
    const asker = { member: abbreviate(relay.asker), sequence: relay.asked };
    say(desk, target, { act: 'ping', sequence, asker });
  }
}

/** Says which questions of others have no answer, and forgets them in the end. */
export function lookAfterRelays(desk: Desk, nowMs: number): void {
  for (const [sequence, relay] of desk.relays) {
    const ageMs = nowMs - relay.startedMs;
    if (!relay.isDenied && ageMs >= DENIAL_MS) {
      relay.isDenied = true;
      say(desk, relay.asker, { act: 'nack', sequence: relay.asked });
    }
    if (ageMs >= 2 * desk.preset.periodMs) desk.relays.delete(sequence);
  }
}

/** When the next of these is due, monotonic ms. */
export function probesDueMs(desk: Desk): number {
  const { periodMs } = desk.preset;
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { startedMs, helpers } of desk.probes.values()) {
    const untilMs = helpers === null ? answerMsOf(desk) : probeMs(desk);
    dueMs = Math.min(dueMs, startedMs + untilMs);
  }
  for (const { startedMs, isDenied } of desk.relays.values()) {
    dueMs = Math.min(dueMs, startedMs + (isDenied ? 2 * periodMs : DENIAL_MS));
  }
  for (const lookMs of desk.doubted.values()) dueMs = Math.min(dueMs, lookMs);
  return dueMs;
}

/**
 * Rule: swim hearing — what a message of another member means.
 *
 * The sender is authenticated by the connection; of everybody else a message only claims.
 * 1. A claim that somebody is dead makes the hearer probe it, out of turn and not often. It is told
 *    on as hearsay, so that all look for themselves.
 * 2. A claim about the hearer itself it refutes, with the next incarnation, once in a while.
 * 3. A member's own word on its life counts when it is signed and newer than the last, and not more
 *    often than a live member has reason to give it.
 */
import { isSameBytes } from '../../crdt/codec.ts';
import type { MemberId } from '../../crdt/ids.ts';
import { change, type Desk, ownAlive, say, weaken, witness } from './swim-desk.ts';
import { type Abbreviation, abbreviate, type Rumour, type SwimMessage } from './swim-message.ts';
import { hurry, passOn } from './swim-probing.ts';
import { absolve, LIFE, lifeOf, type Sighting } from './swim-sighting.ts';
import { drawSome } from './swim-turns.ts';

/** Shortest time between two refutations. Unit: ms. */
const REFUTE_MS = 1_000;
/** How long, after a probe has disproved it, one voice is not believed again. Unit: ms. */
const DISBELIEF_MS = 10_000;
/** So many voices are. */
const VOICES = 2;

/** Takes a message of a connected member. */
export function hearMessage(desk: Desk, from: MemberId, message: SwimMessage, nowMs: number): void {
  const sender = desk.sightings.get(from);
  if (sender === undefined) return;
  for (const rumour of message.rumours) hearRumour(desk, from, rumour, nowMs);
  if (message.act === 'ack') hearAck(desk, sender, message, nowMs);
  else if (sender.mesh !== 'alive') witness(desk, sender, 'heard', nowMs);
  if (message.act === 'ping') {
    const { sequence, asker } = message;
    const signature = asker === null ? null : desk.signer.answer(asker);
    say(desk, from, { act: 'ack', sequence, signature });
  } else if (message.act === 'ask') {
    const target = desk.names.get(message.target) ?? null;
    passOn(desk, from, { sequence: message.sequence, target }, nowMs);
  } else if (message.act === 'pull') {
    tellLiving(desk, from, message.names, nowMs);
  } else if (message.act === 'nack') {
    const probe = desk.probes.get(message.sequence);
    if (probe !== undefined && probe.nacks < (probe.helpers ?? 0)) probe.nacks += 1;
  }
}

/** Members of whom one answer tells. */
const TOLD_MAX = 120;
/** Their own words that fit one message. */
const TOLD_AT_ONCE = 10;

/** By their own words: so that a member need not ask each of the others itself. */
function tellLiving(
  desk: Desk,
  asker: MemberId,
  names: readonly Abbreviation[],
  nowMs: number,
): void {
  if (!desk.pulls.hasLeft(asker, nowMs)) return;
  desk.pulls.spend(asker, 1, nowMs);
  const anybody = (): readonly MemberId[] =>
    drawSome([...desk.sightings.keys()], TOLD_MAX, desk.draw);
  const asked = names.length === 0 ? anybody() : names.map((name) => desk.names.get(name));
  const words = [...new Set(asked)].flatMap((member): Rumour[] => {
    const seen = member === undefined ? undefined : desk.sightings.get(member);
    const word = seen?.mesh === 'alive' ? wordOf(seen) : null;
    return word === null ? [] : [word];
  });
  if (names.includes(abbreviate(desk.self))) words.push(ownAlive(desk));
  for (let told = 0; told < words.length; told += TOLD_AT_ONCE) {
    say(desk, asker, { act: 'news' }, words.slice(told, told + TOLD_AT_ONCE));
  }
}

const wordOf = ({ member, incarnation, signature }: Sighting): Rumour | null =>
  signature === null ? null : { kind: 'alive', about: abbreviate(member), incarnation, signature };

type Ack = Extract<SwimMessage, { act: 'ack' }>;

function hearAck(desk: Desk, sender: Sighting, { sequence, signature }: Ack, nowMs: number): void {
  const probe = desk.probes.get(sequence);
  const relay = desk.relays.get(sequence);
  if (relay?.target === sender.member) {
    desk.relays.delete(sequence);
    say(desk, relay.asker, { act: 'ack', sequence: relay.asked, signature });
    witness(desk, sender, 'prompt', nowMs);
  } else if (probe?.member === sender.member) {
    desk.probes.delete(sequence);
    weaken(desk, -1);
    const isPrompt = nowMs - probe.startedMs < desk.preset.promptMs;
    witness(desk, sender, isPrompt ? 'prompt' : 'late', nowMs);
  } else if (probe !== undefined && signature !== null) {
    const seen = desk.sightings.get(probe.member);
    const asker = { member: abbreviate(desk.self), sequence };
    if (seen === undefined || !desk.signer.isAnswer(probe.member, asker, signature)) return;
    desk.probes.delete(sequence);
    weaken(desk, -1);
    witness(desk, seen, 'indirect', nowMs);
  } else if (signature === null) witness(desk, sender, 'late', nowMs);
}

function hearRumour(desk: Desk, from: MemberId, rumour: Rumour, nowMs: number): void {
  const member = desk.names.get(rumour.about);
  if (rumour.about === abbreviate(desk.self)) hearOfSelf(desk, rumour, nowMs);
  else if (member === undefined) return;
  else if (rumour.kind === 'alive') hearAlive(desk, from, { ...rumour, member }, nowMs);
  else if (member !== from) hearDoubt(desk, from, { ...rumour, member }, nowMs);
  desk.rumours.note(from, rumour);
}

function hearOfSelf(desk: Desk, rumour: Rumour, nowMs: number): void {
  const { self, signer, incarnation } = desk;
  if (rumour.kind === 'alive') {
    // Our own word from a time that this VM's disk has forgotten.
    const isOurs = signer.isAlive(self, rumour.incarnation, rumour.signature);
    if (rumour.incarnation > incarnation && isOurs && nowMs - desk.refutedMs >= REFUTE_MS) {
      desk.refutedMs = nowMs;
      reincarnate(desk, (lifeOf(rumour.incarnation) + 1) * LIFE);
    }
    return;
  }
  if (rumour.incarnation < incarnation || nowMs - desk.refutedMs < REFUTE_MS) return;
  desk.refutedMs = nowMs;
  weaken(desk, 1);
  reincarnate(desk, incarnation + 1);
}

/** The next life of this member, for others to hear of. */
function reincarnate(desk: Desk, incarnation: number): void {
  desk.incarnation = incarnation;
  desk.signature = desk.signer.alive(incarnation);
  desk.out.incarnation = incarnation;
  desk.rumours.put(ownAlive(desk), true);
}

type About<Kind extends Rumour['kind']> = Extract<Rumour, { kind: Kind }> & {
  readonly member: MemberId;
};

function hearAlive(desk: Desk, from: MemberId, rumour: About<'alive'>, nowMs: number): void {
  const { member, incarnation, signature, about } = rumour;
  const seen = desk.sightings.get(member);
  if (seen === undefined) return;
  const known = wordOf(seen);
  if (incarnation < seen.incarnation && from === member && known !== null) {
    say(desk, from, { act: 'news' }, [known]);
  }
  if (incarnation === seen.incarnation && isSameBytes(signature, seen.signature ?? NOTHING)) {
    noteTeller(seen, from);
  }
  if (incarnation <= seen.incarnation || !desk.rebirths.hasLeft(member, nowMs)) return;
  desk.rebirths.spend(member, 1, nowMs);
  if (!desk.signer.isAlive(member, incarnation, signature)) return;
  // A first word of one that is known to live is no news to others, and what others told of one of
  // whom nothing was known neither: where many start at once it would be told once for each pair.
  const isFirst = seen.mesh === 'alive' || (seen.mesh === 'unknown' && from !== member);
  const isTold = seen.incarnation > 0 || !isFirst;
  const isNews = seen.mesh !== 'alive';
  const wasDoubted = seen.suspectedMs !== null || seen.mesh === 'dead';
  const isNewLife = seen.incarnation > 0 && lifeOf(incarnation) > lifeOf(seen.incarnation);
  if (isNewLife) desk.out.changed.add(member);
  seen.heardMs ??= nowMs;
  seen.incarnation = incarnation;
  seen.signature = signature;
  noteTeller(seen, from);
  change(desk, seen, () => absolve(seen, 'word'));
  // Of others its neighbours will tell.
  if (isNews && (desk.neighbours.has(member) || desk.connected.has(member))) {
    desk.urgent.add(member);
  }
  if (isTold)
    desk.rumours.put({ kind: 'alive', about, incarnation, signature }, wasDoubted || isNewLife);
}

const NOTHING = new Uint8Array();

/** From its own mouth a word is no old one. Called only for one whose signature is the member's. */
function noteTeller(seen: Sighting, from: MemberId): void {
  if (from === seen.member) seen.isLifeSure = true;
}

/**
 * How long others have before a member looks itself for one that is no neighbour: who lives hears
 * of the doubt and says so, which is sooner and cheaper than a dial of each. Unit: ms. Where lines
 * lose a fifth, a doubt and its end take that long to reach a hundred members, and 4.5 times as
 * long a thousand; else each of them dials the one (docs/BENCHMARKS.md, "Liveness, modelled").
 */
const LOOK_LATER_MS = 1_000;
const lookLaterMs = ({ sightings, health }: Desk): number =>
  LOOK_LATER_MS * (health + 1) * Math.max(1, 3.5 * Math.log10(sightings.size + 1) - 6);

function lookFor(
  desk: Desk,
  { member, accusers }: Sighting,
  kind: Doubt['kind'],
  nowMs: number,
): void {
  if (desk.neighbours.has(member) || kind === 'dead' || accusers.size > VOICES)
    hurry(desk, member, nowMs);
  else if (!desk.doubted.has(member)) {
    desk.doubted.set(member, nowMs + lookLaterMs(desk));
  }
}

type Doubt = About<'hearsay' | 'suspect' | 'dead'>;

function hearDoubt(desk: Desk, from: MemberId, rumour: Doubt, nowMs: number): void {
  const { kind, member, incarnation, about } = rumour;
  const seen = desk.sightings.get(member);
  if (seen === undefined || seen.mesh === 'dead') return;
  // 0: the doubter has never heard the member's own word, and means it as it is now.
  if (incarnation > 0 && incarnation < seen.incarnation) return;
  const isFirst = seen.suspectedMs === null;
  if (kind !== 'hearsay') seen.accusers.add(from);
  const isBelieved = seen.accusers.size >= VOICES || nowMs - seen.disprovedMs > DISBELIEF_MS;
  if (!isBelieved) return;
  seen.suspectedMs ??= nowMs;
  if (seen.failedMs === null) lookFor(desk, seen, kind, nowMs);
  if (isFirst) desk.rumours.put({ kind: 'hearsay', about, incarnation });
}

/**
 * Edge: swim model — many failure detectors and nothing else, on a network that loses messages.
 *
 * The detectors are the real ones; connections, dials and the way of each message are modelled, so
 * that a mesh of a thousand members runs on one machine.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import { createPlaces, neighboursOf } from '../src/node/rules/neighbours.ts';
import { createSwim, type Swim } from '../src/node/rules/swim.ts';
import { decodeSwim, encodeSwim, type SwimMessage } from '../src/node/rules/swim-message.ts';
import { LIFE } from '../src/node/rules/swim-sighting.ts';
import { type Heap, openHeap } from './heap.ts';
import { type Dice, openDice } from './random.ts';
import { idAt, unsigned } from './swim-people.ts';
import { type Line, type ModelWeather, openLine } from './swim-weather.ts';

/** A member of the model. */
export interface ModelMember {
  readonly id: MemberId;
  readonly swim: Swim;
  /** `dead`: power cut; `crashed`: the host lives, nothing listens; `stopped`: SIGSTOP. */
  state: 'alive' | 'dead' | 'crashed' | 'stopped';
  readonly heldBack: (() => void)[];
  dueMs: number;
  sent: number;
  /** Of them: the questions of probes, passed on or not, and what answers them. */
  probes: number;
  bytes: number;
}

/** A modelled mesh. */
export interface Model {
  readonly members: readonly ModelMember[];
  readonly weather: ModelWeather;
  nowMs(): number;
  /** Runs until then. `onStep`: called after each event. */
  run(untilMs: number, onStep?: () => boolean): void;
  /** The link of a VM is gone, without a word. */
  powerCut(member: ModelMember): void;
  /** Its process is gone; its host says so to all who are connected. */
  crash(member: ModelMember): void;
  stop(member: ModelMember): void;
  go(member: ModelMember): void;
  /** From now on nothing passes from one to the other; `isCut` false ends that. */
  block(from: ModelMember, to: ModelMember, isCut: boolean): void;
  /** Connects two, where nothing is in the way. */
  connect(a: ModelMember, b: ModelMember): boolean;
  /** Ends the connection of two, as one that nobody needs any more ends. */
  part(a: ModelMember, b: ModelMember): void;
  /** Says something to a member as somebody else would. */
  inject(from: ModelMember, to: ModelMember, message: SwimMessage): void;
}

/** As `dialler.ts`. Unit: ms. */
const [DIAL_MS, REDIAL_MS] = [6_000, 12_000];
/** Bytes of IP, TCP, Noise, yamux and length around a message, and of its TCP acknowledgement. */
const ENVELOPE_BYTES = 52 + 20 + 12 + 2 + 52;

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void };
const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

interface Hall {
  readonly dice: Dice;
  readonly weather: ModelWeather;
  readonly members: readonly ModelMember[];
  readonly byId: ReadonlyMap<MemberId, ModelMember>;
  readonly links: Set<string>;
  readonly blocks: Set<string>;
  readonly dialling: Set<string>;
  readonly line: Line;
  readonly queue: Heap<Event>;
  nowMs: number;
  made: number;
}

/** The member of that place. Throws where there is none. */
export const memberAt = (model: Model, index: number): ModelMember => {
  const member = model.members[index];
  if (member === undefined) throw new Error(`no member ${index}`);
  return member;
};

/** A mesh of `count`, each connected with its neighbours: `degree` at most, or all of so few. */
export function openModel(
  seed: string,
  count: number,
  degree: number,
  weather: ModelWeather,
): Model {
  const dice = openDice(seed);
  const ids = Array.from({ length: count }, (_, index) => idAt(index));
  const around = (id: MemberId) => neighboursOf(places, id, ids, degree);
  const members = ids.map((id) => makeMember(dice, id, around));
  const byId = new Map(members.map((member) => [member.id, member]));
  const everybody = new Set(ids);
  const hall: Hall = {
    ...{ dice, weather, members, byId, links: new Set(), blocks: new Set() },
    ...{
      dialling: new Set(),
      line: openLine(dice, weather),
      queue: openHeap(isBefore),
      nowMs: 0,
      made: 0,
    },
  };
  for (const member of members) {
    member.swim.setMembers(everybody, around(member.id));
    member.dueMs = dice.between(0, 1_000);
    later(hall, member.dueMs, () => step(hall, member));
  }
  for (const member of members) {
    for (const id of around(member.id)) {
      const other = byId.get(id);
      if (other !== undefined && member.id < id) connect(hall, member, other);
    }
  }
  return facade(hall);
}

const places = createPlaces(openCrypto());

const makeMember = (
  dice: Dice,
  id: MemberId,
  neighboursOf: (member: MemberId) => ReadonlySet<MemberId>,
): ModelMember => {
  const draw = dice.fork(`member ${id}`).fraction;
  const swim = createSwim({ self: id, signer: unsigned, incarnation: LIFE, draw, neighboursOf });
  return { id, swim, state: 'alive', heldBack: [], dueMs: 0, sent: 0, probes: 0, bytes: 0 };
};

function facade(hall: Hall): Model {
  const lose = (member: ModelMember, isTold: boolean): void => {
    member.state = isTold ? 'crashed' : 'dead';
    for (const other of hall.members) {
      if (!hall.links.has(pair(member, other))) continue;
      if (isTold) later(hall, hall.line.wayMs(), () => disconnect(hall, member, other));
    }
  };
  return {
    members: hall.members,
    weather: hall.weather,
    nowMs: () => hall.nowMs,
    run: (untilMs, onStep) => run(hall, untilMs, onStep ?? (() => false)),
    powerCut: (member) => lose(member, false),
    crash: (member) => lose(member, true),
    stop: (member) => {
      member.state = 'stopped';
    },
    go: (member) => {
      member.state = 'alive';
      step(hall, member);
      for (const act of member.heldBack.splice(0)) act();
    },
    block: (from, to, isCut) => {
      if (isCut) hall.blocks.add(way(from, to));
      else hall.blocks.delete(way(from, to));
    },
    connect: (a, b) => connect(hall, a, b),
    part: (a, b) => {
      hall.links.delete(pair(a, b));
      a.swim.closed(b.id);
      b.swim.closed(a.id);
    },
    inject: (from, to, message) => {
      to.swim.hear(from.id, message, hall.nowMs);
      carryOut(hall, to);
    },
  };
}

const way = (from: ModelMember, to: ModelMember): string => `${from.id} ${to.id}`;
const pair = (a: ModelMember, b: ModelMember): string => (a.id < b.id ? way(a, b) : way(b, a));

const passes = (hall: Hall, from: ModelMember, to: ModelMember): boolean =>
  from.state !== 'dead' && to.state !== 'dead' && !hall.blocks.has(way(from, to));

function later(hall: Hall, delayMs: number, act: () => void): void {
  hall.made += 1;
  hall.queue.push({ atMs: hall.nowMs + delayMs, order: hall.made, run: act });
}

function run(hall: Hall, untilMs: number, onStep: () => boolean): void {
  for (;;) {
    const next = hall.queue.pop();
    if (next === undefined) break;
    if (next.atMs > untilMs) {
      hall.queue.push(next);
      break;
    }
    hall.nowMs = next.atMs;
    next.run();
    if (onStep()) return;
  }
  hall.nowMs = untilMs;
}

/** Lets a member do something at once, or when it goes on. */
function act(member: ModelMember, what: () => void): void {
  if (member.state === 'alive') what();
  else if (member.state === 'stopped') member.heldBack.push(what);
}

/** A member does what is due. Each wake of its loop looks whether it is. */
function step(hall: Hall, member: ModelMember): void {
  if (member.state !== 'alive') return;
  member.swim.tick(hall.nowMs);
  carryOut(hall, member);
}

function carryOut(hall: Hall, member: ModelMember): void {
  const { messages, dials, hangUps } = member.swim.take();
  for (const { to, message } of messages) send(hall, member, hall.byId.get(to), message);
  for (const id of hangUps) hangUp(hall, member, hall.byId.get(id));
  for (const id of dials) dial(hall, member, hall.byId.get(id), 0);
  const dueMs = member.swim.dueMs();
  if (dueMs >= member.dueMs && member.dueMs > hall.nowMs) return;
  member.dueMs = Math.max(dueMs, hall.nowMs + 1);
  later(hall, member.dueMs - hall.nowMs, () => step(hall, member));
}

function send(hall: Hall, from: ModelMember, to: ModelMember | undefined, message: SwimMessage) {
  const bytes = encodeSwim(message);
  from.sent += 1;
  if (message.act !== 'news') from.probes += 1;
  from.bytes += bytes.length + ENVELOPE_BYTES;
  const delayMs = to === undefined ? null : hall.line.transitMs(way(from, to), hall.nowMs);
  if (to === undefined || delayMs === null) return;
  later(hall, delayMs, () => {
    if (!passes(hall, from, to) || !hall.links.has(pair(from, to))) return;
    to.bytes += bytes.length + ENVELOPE_BYTES;
    act(to, () => {
      const heard = decodeSwim(bytes);
      if (heard === null) throw new Error('a message that its receiver does not read');
      to.swim.hear(from.id, heard, hall.nowMs);
      carryOut(hall, to);
    });
  });
}

function dial(hall: Hall, from: ModelMember, to: ModelMember | undefined, waitMs: number): void {
  if (to === undefined || hall.dialling.has(way(from, to))) return;
  hall.dialling.add(way(from, to));
  const done = (then: () => void): void => {
    hall.dialling.delete(way(from, to));
    act(from, () => {
      then();
      carryOut(hall, from);
    });
  };
  later(hall, waitMs + 3 * hall.line.wayMs(), () => {
    const isThere = passes(hall, from, to) && passes(hall, to, from);
    if (isThere && to.state === 'crashed') done(() => from.swim.absent(to.id, hall.nowMs, true));
    else if (isThere && to.state === 'alive') done(() => connect(hall, from, to));
    else {
      later(hall, DIAL_MS, () => {
        done(() => from.swim.unreached(to.id, hall.nowMs));
        if (from.state !== 'dead')
          dial(hall, from, to, REDIAL_MS * (0.75 + hall.dice.fraction() / 2));
      });
    }
  });
}

function connect(hall: Hall, a: ModelMember, b: ModelMember): boolean {
  if (!passes(hall, a, b) || !passes(hall, b, a)) return false;
  hall.links.add(pair(a, b));
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.swim.connected(other.id, hall.nowMs);
    carryOut(hall, one);
  }
  return true;
}

function disconnect(hall: Hall, gone: ModelMember, other: ModelMember): void {
  hall.links.delete(pair(gone, other));
  act(other, () => {
    other.swim.closed(gone.id);
    dial(hall, other, gone, 0);
    carryOut(hall, other);
  });
}

function hangUp(hall: Hall, from: ModelMember, to: ModelMember | undefined): void {
  if (to === undefined || !hall.links.delete(pair(from, to))) return;
  from.swim.closed(to.id);
  later(hall, hall.line.wayMs(), () => {
    if (passes(hall, from, to)) act(to, () => to.swim.closed(from.id));
  });
  dial(hall, from, to, 0);
}

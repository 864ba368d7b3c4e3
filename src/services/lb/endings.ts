/**
 * Rule: lb endings — whose time is over to end what it has: of backends that drain, and of those
 * that are none any more, as their label, their VM or the balancer is gone.
 *
 * 1. The time counts from when this member heard of it, by its own monotonic clock: no clock that
 *    is set wrong ends anything early. A daemon that begins counts anew.
 * 2. Who is a backend again, or drains no more, has all its time the next time.
 * 3. Where this member serves is shown at all times, and until shortly after what it was is over:
 *    so nobody who sees the view a moment sooner takes it for closed.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import { NO_SIGHTS, type Sights } from '../loop.ts';
import { addressesOf } from './addresses.ts';
import { isAlike } from './alike.ts';
import { type Backend, backendsOf, balancersOf } from './balancers.ts';
import { openName } from './openings.ts';
import { fromName, toName } from './ways.ts';

/** How long what is none any more is remembered after its time, for idle connections. Unit: ms. */
const LEFT_MS = 3_600_000;
/** Most of those, of this member's own and of others'. */
const LEFT_MAX = 1_000;
/**
 * How long its ports stay open after the time is over: others heard of it a little later, and end
 * what they have better than a port that is closed. Unit: ms.
 */
const CLOSING_MS = 2_000;

/** The name of a sight: there is what is none any more, and may still run. */
export const LEFT = 'left';

/** What a member remembers of them. Times are monotonic, ms, and never go back. */
export interface Endings {
  look(view: View, nowMs: number): void;
  /** How long nothing is to be done, ms; null: until the view changes. */
  restMs(nowMs: number): number | null;
  /**
   * Ways that are over, by name, and `LEFT`; and where this member's ports are to be open. The same
   * object as long as they are the same.
   */
  sights(nowMs: number): Sights;
}

/** What is kept of a way that is in use now. */
interface Kept {
  /** The time that it has to end. */
  readonly drainMs: number;
  /** The name of what is open for it here; null: another VM serves. */
  readonly opening: string | null;
}

/** What gets nothing new, by the name of its way. */
interface Waiting extends Kept {
  readonly sinceMs: number;
  /** When an operator said so of this balancer, Unix ms; null: another reason. */
  readonly drainedMs: number | null;
  readonly isLeft: boolean;
}

interface Memory {
  readonly self: MemberId;
  view: View | null;
  ways: ReadonlyMap<string, Kept>;
  /** What is open for ways of now. */
  serving: readonly string[];
  waiting: ReadonlyMap<string, Waiting>;
  sights: Sights;
  /** Until when they hold, if the view does; 0: not looked yet. */
  untilMs: number;
}

/** Remembers nothing yet. */
export function openEndings(self: MemberId): Endings {
  const memory: Memory = {
    ...{ self, view: null, ways: new Map(), serving: [], waiting: new Map(), sights: NO_SIGHTS },
    untilMs: 0,
  };
  return {
    look: (view, nowMs) => {
      if (view === memory.view) return;
      if (memory.view === null || !isAlike(memory.view, view)) retrace(memory, view, nowMs);
      memory.view = view;
    },
    restMs: (nowMs) => {
      show(memory, nowMs);
      const { untilMs } = memory;
      return untilMs === Number.POSITIVE_INFINITY ? null : Math.max(1, Math.ceil(untilMs - nowMs));
    },
    sights: (nowMs) => {
      show(memory, nowMs);
      return memory.sights;
    },
  };
}

/** What is shown now, where that may be something else than before. */
function show(memory: Memory, nowMs: number): void {
  if (nowMs < memory.untilMs) return;
  const names = namesOf(memory, nowMs);
  const { sights } = memory;
  const isSame = names.size === sights.size && [...names].every((name) => sights.has(name));
  if (!isSame) memory.sights = new Map([...names].map((name) => [name, '']));
  memory.untilMs = nextMs(memory, nowMs);
}

function namesOf({ waiting, serving }: Memory, nowMs: number): ReadonlySet<string> {
  const names = new Set(serving);
  for (const [name, each] of waiting) {
    if (endOf(each) <= nowMs) names.add(name);
    if (leftUntil(each) > nowMs) names.add(LEFT);
    if (each.opening !== null && closedAt(each) > nowMs) names.add(each.opening);
  }
  return names;
}

const endOf = ({ sinceMs, drainMs }: Waiting): number => sinceMs + drainMs;

/** When it is forgotten; of what is a backend, never. */
const leftUntil = (each: Waiting): number => (each.isLeft ? endOf(each) + LEFT_MS : 0);

/** When nothing is open for it here any more; of what is a backend, it is. */
const closedAt = (each: Waiting): number =>
  each.isLeft && each.opening !== null ? endOf(each) + CLOSING_MS : 0;

function nextMs({ waiting }: Memory, nowMs: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const each of waiting.values()) {
    for (const endMs of [endOf(each), leftUntil(each), closedAt(each)]) {
      if (endMs > nowMs && endMs < next) next = endMs;
    }
  }
  return next;
}

function retrace(memory: Memory, view: View, nowMs: number): void {
  const before = memory.waiting;
  const ways = new Map<string, Kept>();
  const waiting = new Map<string, Waiting>();
  for (const { name, backend, kept } of waysIn(view, memory.self)) {
    ways.set(name, kept);
    if (backend.isDraining) waiting.set(name, drainOf(before.get(name), backend, kept, nowMs));
  }
  for (const [name, each] of stillLeft(before, nowMs)) if (!ways.has(name)) waiting.set(name, each);
  for (const [name, kept] of memory.ways) {
    if (ways.has(name)) continue;
    const held = before.get(name) ?? { ...kept, sinceMs: nowMs, drainedMs: null };
    waiting.set(name, { ...held, isLeft: true });
  }
  const serving = [...ways.values()].flatMap(({ opening }) => opening ?? []);
  Object.assign(memory, { ways, waiting, serving, untilMs: 0 });
}

/** There are ten thousand of them in a large mesh, looked at with each of its changes. */
function* waysIn(view: View, self: MemberId) {
  const addresses = addressesOf(view);
  for (const balancer of balancersOf(view).balancers) {
    const virtual = addresses.get(balancer.name);
    if (virtual === undefined) continue;
    const from = fromName(virtual, balancer);
    const { drainMs } = balancer;
    for (const backend of backendsOf(view, balancer)) {
      const opening = backend.member.id === self ? openName(balancer) : null;
      yield { name: `${from}${toName(backend.member)}`, backend, kept: { drainMs, opening } };
    }
  }
}

function drainOf(
  held: Waiting | undefined,
  { drainedMs }: Backend,
  kept: Kept,
  nowMs: number,
): Waiting {
  const isHeld = held?.isLeft === false && isSameDrain(held.drainedMs, drainedMs);
  return {
    ...{ ...kept, sinceMs: isHeld ? held.sinceMs : nowMs, isLeft: false },
    drainedMs: drainedMs ?? (isHeld ? held.drainedMs : null),
  };
}

/** Drained again is another drain; that its whole VM drains as well is none. */
const isSameDrain = (before: number | null, now: number | null): boolean =>
  before === null || now === null || before === now;

const stillLeft = (
  waiting: Memory['waiting'],
  nowMs: number,
): readonly (readonly [string, Waiting])[] => {
  const left = [...waiting].filter(([, each]) => leftUntil(each) > nowMs);
  const [own, others] = [true, false].map((isOwn) =>
    left.filter(([, { opening }]) => (opening !== null) === isOwn).slice(-LEFT_MAX),
  );
  return [...(own ?? []), ...(others ?? [])];
};

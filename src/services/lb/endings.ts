/**
 * Rule: lb endings — whose time is over to end what it has: of backends that drain, and of those
 * that are none any more, as their label, their VM or the balancer is gone.
 *
 * 1. The time counts from when this member heard of it, by its own monotonic clock: no clock that
 *    is set wrong ends anything early. A daemon that begins counts anew.
 * 2. Who is a backend again, or drains no more, has all its time the next time.
 */
import type { View } from '../../crdt/view.ts';
import { NO_SIGHTS, type Sights } from '../loop.ts';
import { addressesOf } from './addresses.ts';
import { backendsOf, balancersOf } from './balancers.ts';
import { wayName, wayTo } from './ways.ts';

/** How long what is none any more is remembered after its time, for idle connections. Unit: ms. */
const LEFT_MS = 3_600_000;
/** Most of those. */
const LEFT_MAX = 1_000;

/** What a member remembers of them. Times are monotonic, ms, and never go back. */
export interface Endings {
  look(view: View, nowMs: number): void;
  /** How long nothing is to be done, ms; null: until the view changes. */
  restMs(nowMs: number): number | null;
  /** Ways that are over, by name. The same object as long as they are the same. */
  sights(nowMs: number): Sights;
}

/** What gets nothing new, by the name of its way. */
interface Waiting {
  readonly sinceMs: number;
  readonly drainMs: number;
  /** When an operator said so of this balancer, Unix ms; null: another reason. */
  readonly drainedMs: number | null;
  readonly isLeft: boolean;
}

interface Memory {
  view: View | null;
  /** Ways of now, with the time that each has to end. */
  ways: ReadonlyMap<string, number>;
  waiting: ReadonlyMap<string, Waiting>;
  sights: Sights;
}

/** Remembers nothing yet. */
export function openEndings(): Endings {
  const memory: Memory = { view: null, ways: new Map(), waiting: new Map(), sights: NO_SIGHTS };
  return {
    look: (view, nowMs) => {
      if (view !== memory.view) retrace(memory, view, nowMs);
    },
    restMs: (nowMs) => restMs(memory, nowMs),
    sights: (nowMs) => {
      const over = [...memory.waiting].filter(([, each]) => endOf(each) <= nowMs);
      const isSame =
        over.length === memory.sights.size && over.every(([name]) => memory.sights.has(name));
      if (!isSame) memory.sights = new Map(over.map(([name]) => [name, '']));
      return memory.sights;
    },
  };
}

const endOf = ({ sinceMs, drainMs }: Waiting): number => sinceMs + drainMs;

function restMs({ waiting }: Memory, nowMs: number): number | null {
  const ends = [...waiting.values()].map(endOf).filter((endMs) => endMs > nowMs);
  return ends.length === 0 ? null : Math.max(1, Math.ceil(Math.min(...ends) - nowMs));
}

function retrace(memory: Memory, view: View, nowMs: number): void {
  const before = memory.waiting;
  const ways = new Map<string, number>();
  const waiting = new Map<string, Waiting>();
  for (const { name, drainMs, drainedMs, isDraining } of waysIn(view)) {
    ways.set(name, drainMs);
    if (!isDraining) continue;
    const held = before.get(name);
    const isHeld = held?.isLeft === false && isSameDrain(held.drainedMs, drainedMs);
    waiting.set(name, {
      ...{ sinceMs: isHeld ? held.sinceMs : nowMs, drainMs, isLeft: false },
      drainedMs: drainedMs ?? (isHeld ? held.drainedMs : null),
    });
  }
  for (const [name, each] of stillLeft(before, nowMs)) if (!ways.has(name)) waiting.set(name, each);
  for (const [name, drainMs] of memory.ways) {
    if (ways.has(name)) continue;
    const held = before.get(name) ?? { sinceMs: nowMs, drainMs, drainedMs: null };
    waiting.set(name, { ...held, isLeft: true });
  }
  Object.assign(memory, { view, ways, waiting });
}

/** Drained again is another drain; that its whole VM drains as well is none. */
const isSameDrain = (before: number | null, now: number | null): boolean =>
  before === null || now === null || before === now;

const stillLeft = (waiting: Memory['waiting'], nowMs: number): readonly [string, Waiting][] =>
  [...waiting].filter(([, each]) => each.isLeft && endOf(each) + LEFT_MS > nowMs).slice(-LEFT_MAX);

interface WayNow {
  readonly name: string;
  readonly drainMs: number;
  readonly drainedMs: number | null;
  readonly isDraining: boolean;
}

const waysIn = (view: View): readonly WayNow[] => {
  const addresses = addressesOf(view);
  return balancersOf(view).balancers.flatMap((balancer): readonly WayNow[] => {
    const { name, drainMs } = balancer;
    const virtual = addresses.get(name);
    if (virtual === undefined) return [];
    return backendsOf(view, balancer).map(({ member, drainedMs, isDraining }) => ({
      ...{ name: wayName(wayTo(virtual, balancer, member)), drainMs, drainedMs, isDraining },
    }));
  });
};

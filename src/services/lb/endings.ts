/**
 * Rule: lb endings — whose time is over to end what it has: of backends that drain, and of those
 * that are none any more, as their label, their VM or the balancer is gone.
 *
 * 1. The time counts from when this member heard of it, by its own monotonic clock: no clock that
 *    is set wrong ends anything early. A daemon that begins counts anew.
 * 2. Who is a backend again, or drains no more, has all its time the next time.
 */
import type { Member, View } from '../../crdt/view.ts';
import { NO_SIGHTS, type Sights } from '../loop.ts';
import { addressesOf } from './addresses.ts';
import { type Backend, backendsOf, balancersOf } from './balancers.ts';
import { fromName, toName } from './ways.ts';

/** How long what is none any more is remembered after its time, for idle connections. Unit: ms. */
const LEFT_MS = 3_600_000;
/** Most of those. */
const LEFT_MAX = 1_000;

/** The name of a sight: there is what is none any more, and may still run. */
export const LEFT = 'left';

/** What a member remembers of them. Times are monotonic, ms, and never go back. */
export interface Endings {
  look(view: View, nowMs: number): void;
  /** How long nothing is to be done, ms; null: until the view changes. */
  restMs(nowMs: number): number | null;
  /** Ways that are over, by name, and `LEFT`. The same object as long as they are the same. */
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
      if (view === memory.view) return;
      if (memory.view === null || !isAlike(memory.view, view)) retrace(memory, view, nowMs);
      memory.view = view;
    },
    restMs: (nowMs) => restMs(memory, nowMs),
    sights: (nowMs) => {
      const over = [...memory.waiting].filter(([, each]) => endOf(each) <= nowMs);
      const isLeft = [...memory.waiting.values()].some((each) => leftUntil(each) > nowMs);
      const names = [...over.map(([name]) => name), ...(isLeft ? [LEFT] : [])];
      const isSame =
        names.length === memory.sights.size && names.every((name) => memory.sights.has(name));
      if (!isSame) memory.sights = new Map(names.map((name) => [name, '']));
      return memory.sights;
    },
  };
}

const endOf = ({ sinceMs, drainMs }: Waiting): number => sinceMs + drainMs;

/** When it is forgotten; of what is a backend, never. */
const leftUntil = (each: Waiting): number => (each.isLeft ? endOf(each) + LEFT_MS : 0);

function restMs({ waiting }: Memory, nowMs: number): number | null {
  const ends = [...waiting.values()]
    .flatMap((each) => [endOf(each), leftUntil(each)])
    .filter((endMs) => endMs > nowMs);
  return ends.length === 0 ? null : Math.max(1, Math.ceil(Math.min(...ends) - nowMs));
}

function retrace(memory: Memory, view: View, nowMs: number): void {
  const before = memory.waiting;
  const ways = new Map<string, number>();
  const waiting = new Map<string, Waiting>();
  for (const { name, backend, drainMs } of waysIn(view)) {
    ways.set(name, drainMs);
    if (backend.isDraining) waiting.set(name, drainOf(before.get(name), backend, drainMs, nowMs));
  }
  for (const [name, each] of stillLeft(before, nowMs)) if (!ways.has(name)) waiting.set(name, each);
  for (const [name, drainMs] of memory.ways) {
    if (ways.has(name)) continue;
    const held = before.get(name) ?? { sinceMs: nowMs, drainMs, drainedMs: null };
    waiting.set(name, { ...held, isLeft: true });
  }
  Object.assign(memory, { ways, waiting });
}

/** Whether both have the same ways: most changes are of what members tell of themselves. */
const isAlike = (a: View, b: View): boolean =>
  a.intent === b.intent &&
  a.members.length === b.members.length &&
  a.members.every(
    (member, at) => member === b.members[at] || tellsOf(member) === tellsOf(b.members[at]),
  );

const tellsOf = (member: Member | undefined): string | undefined =>
  member &&
  JSON.stringify([
    ...[member.id, member.ipv4, member.ipv6, member.labels],
    ...[member.isDraining, member.hasLeft],
  ]);

/** There are ten thousand of them in a large mesh, looked at with each of its changes. */
function* waysIn(view: View) {
  const addresses = addressesOf(view);
  for (const balancer of balancersOf(view).balancers) {
    const virtual = addresses.get(balancer.name);
    if (virtual === undefined) continue;
    const from = fromName(virtual, balancer);
    for (const backend of backendsOf(view, balancer)) {
      yield { name: `${from}${toName(backend.member)}`, backend, drainMs: balancer.drainMs };
    }
  }
}

function drainOf(
  held: Waiting | undefined,
  { drainedMs }: Backend,
  drainMs: number,
  nowMs: number,
): Waiting {
  const isHeld = held?.isLeft === false && isSameDrain(held.drainedMs, drainedMs);
  return {
    ...{ sinceMs: isHeld ? held.sinceMs : nowMs, drainMs, isLeft: false },
    drainedMs: drainedMs ?? (isHeld ? held.drainedMs : null),
  };
}

/** Drained again is another drain; that its whole VM drains as well is none. */
const isSameDrain = (before: number | null, now: number | null): boolean =>
  before === null || now === null || before === now;

const stillLeft = (waiting: Memory['waiting'], nowMs: number): readonly [string, Waiting][] =>
  [...waiting].filter(([, each]) => leftUntil(each) > nowMs).slice(-LEFT_MAX);

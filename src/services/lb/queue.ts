/**
 * Rule: lb queue — which target is probed next: those that are due, who waits longest first, in two
 * lines.
 *
 * 1. What is urgent has three turns of four as long as both lines wait, so a death is seen soon
 *    whatever else is to be probed, and who makes much look urgent cannot starve the rest.
 * 2. To find who is next costs the same for ten targets and for ten thousand.
 */
import type { Cell, Place } from './cell.ts';

/** Turns of which the last is that of the line that is not urgent. */
const TURNS = 4;

/** Cells in two lines, of which one is urgent. */
export interface Queue {
  /** Puts it in a line by when it is due, in place of where it stood. */
  put(cell: Cell, isUrgent: boolean): void;
  /** It stands nowhere. */
  drop(cell: Cell): void;
  /** Takes out who is next of those that are due, and may start. Who may not stands nowhere. */
  take(nowMs: number, canStart: (cell: Cell) => boolean): Cell | null;
  /** When the first is due, monotonic ms; infinity: nobody stands anywhere. */
  firstMs(): number;
}

/** Both are empty. */
export function openQueue(): Queue {
  const urgent: Place[] = [];
  const others: Place[] = [];
  let turn = 0;
  let count = 0;
  /** The first that counts; what does not is thrown away. */
  const firstIn = (line: Place[]): Place | null => {
    for (;;) {
      const [first] = line;
      if (first === undefined) return null;
      if (first.cell.place === first) return first;
      removeFirst(line);
    }
  };
  const dueIn = (line: Place[], nowMs: number, canStart: (cell: Cell) => boolean): Place | null => {
    for (;;) {
      const first = firstIn(line);
      if (first === null || first.dueMs > nowMs) return null;
      if (canStart(first.cell)) return first;
      first.cell.place = null;
    }
  };
  return {
    put: (cell, isUrgent) => {
      const { place, dueMs } = cell;
      if (place?.dueMs === dueMs && place.isUrgent === isUrgent) return;
      count += 1;
      cell.place = { cell, dueMs, isUrgent, order: count };
      add(isUrgent ? urgent : others, cell.place);
    },
    drop: (cell) => {
      cell.place = null;
    },
    take: (nowMs, canStart) => {
      const one = dueIn(urgent, nowMs, canStart);
      const other = dueIn(others, nowMs, canStart);
      const isOthers = one === null || (other !== null && turn === TURNS - 1);
      if (one !== null && other !== null) turn = (turn + 1) % TURNS;
      const next = isOthers ? other : one;
      if (next !== null) next.cell.place = null;
      return next?.cell ?? null;
    },
    firstMs: () =>
      Math.min(
        firstIn(urgent)?.dueMs ?? Number.POSITIVE_INFINITY,
        firstIn(others)?.dueMs ?? Number.POSITIVE_INFINITY,
      ),
  };
}

const isBefore = (a: Place, b: Place): boolean =>
  a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

/** A heap: each stands before the two at twice its index. */
function add(line: Place[], place: Place): void {
  let at = line.push(place) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = line[above];
    if (parent === undefined || isBefore(parent, place)) break;
    line[at] = parent;
    at = above;
  }
  line[at] = place;
}

function removeFirst(line: Place[]): void {
  const last = line.pop();
  if (last === undefined || line.length === 0) return;
  let at = 0;
  for (;;) {
    const [left, right] = [line[2 * at + 1], line[2 * at + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const least = isRight ? right : left;
    if (isBefore(last, least)) break;
    line[at] = least;
    at = 2 * at + (isRight ? 2 : 1);
  }
  line[at] = last;
}

/**
 * Rule: swim turns — who is probed next: everybody once in a round, in an order of chance.
 *
 * Chance alone would leave somebody unprobed for long; a fixed order would have all probe the same
 * member at once. A member that is new comes somewhere in the rest of the round.
 */
import type { MemberId } from '../../crdt/ids.ts';

/** A number in [0, 1). */
export type Draw = () => number;

/** The order of one member's probes. */
export interface Turns {
  /** Takes exactly these from now on. */
  set(members: ReadonlySet<MemberId>): void;
  /** The next whom `isFit` takes; null when there is none in a whole round. */
  next(isFit: (member: MemberId) => boolean): MemberId | null;
}

/** An order of nobody. */
export function createTurns(draw: Draw): Turns {
  let order: MemberId[] = [];
  let at = 0;
  return {
    set: (members) => {
      order = order.filter((member) => members.has(member));
      at = Math.min(at, order.length);
      const known = new Set(order);
      for (const member of members) {
        if (known.has(member)) continue;
        order.splice(at + Math.floor(draw() * (order.length - at + 1)), 0, member);
      }
    },
    next: (isFit) => {
      for (let tried = 0; tried < order.length; tried += 1) {
        if (at >= order.length) {
          shuffle(order, draw);
          at = 0;
        }
        const member = order[at];
        at += 1;
        if (member !== undefined && isFit(member)) return member;
      }
      return null;
    },
  };
}

/** Puts a list into an order of chance, in place (Fisher and Yates). */
function shuffle<Item>(list: Item[], draw: Draw): void {
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = Math.floor(draw() * (last + 1));
    [list[last], list[other]] = [list[other] as Item, list[last] as Item];
  }
}

/** Up to `count` of a list, by chance. */
export function drawSome<Item>(list: readonly Item[], count: number, draw: Draw): readonly Item[] {
  const rest = [...list];
  shuffle(rest, draw);
  return rest.slice(0, count);
}

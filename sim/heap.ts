/**
 * Rule: heap — what comes first, comes out first (a binary heap).
 */

/** Things in an order. */
export interface Heap<Item> {
  readonly size: number;
  push(item: Item): void;
  /** The first one, or undefined when there is none. */
  pop(): Item | undefined;
}

/** An empty heap. `isBefore`: a strict order of all that is pushed. */
export function openHeap<Item extends object>(isBefore: (a: Item, b: Item) => boolean): Heap<Item> {
  const items: Item[] = [];
  /** Puts `item` where the hole at `from` belongs in the end. */
  const rise = (item: Item, from: number): void => {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  };
  /** The hole at the top sinks to where `item` belongs. */
  const sink = (item: Item): void => {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = items[below];
      if (child === undefined) break;
      const other = items[below + 1];
      if (other !== undefined && isBefore(other, child)) {
        child = other;
        below += 1;
      }
      if (!isBefore(child, item)) break;
      items[at] = child;
      at = below;
    }
    items[at] = item;
  };
  return {
    get size() {
      return items.length;
    },
    push: (item) => rise(item, items.length),
    pop: () => {
      const first = items[0];
      const last = items.pop();
      if (last !== undefined && items.length > 0) sink(last);
      return first;
    },
  };
}

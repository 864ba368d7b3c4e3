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
  const isLess = (a: number, b: number): boolean => {
    const [first, second] = [items[a], items[b]];
    return first !== undefined && second !== undefined && isBefore(first, second);
  };
  const swap = (a: number, b: number): void => {
    const [first, second] = [items[a], items[b]];
    if (first === undefined || second === undefined) return;
    items[a] = second;
    items[b] = first;
  };
  const rise = (from: number): void => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isLess(at, parent)) return;
      swap(at, parent);
      at = parent;
    }
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      let least = at;
      if (isLess(2 * at + 1, least)) least = 2 * at + 1;
      if (isLess(2 * at + 2, least)) least = 2 * at + 2;
      if (least === at) return;
      swap(at, least);
      at = least;
    }
  };
  return {
    get size() {
      return items.length;
    },
    push: (item) => {
      items.push(item);
      rise(items.length - 1);
    },
    pop: () => {
      swap(0, items.length - 1);
      const item = items.pop();
      sink();
      return item;
    },
  };
}

/** Rule: port ranges — lists of ports in their one form. */
import type { PortRange } from './schema-parts.ts';

/**
 * In order, each port in one range only: so that what is the same reads the same, here and in what
 * nft lists, which merges as well.
 */
export const inOrder = (ranges: readonly PortRange[]): PortRange[] => {
  const merged: PortRange[] = [];
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = merged.at(-1);
    if (before === undefined || first > before[1] + 1) merged.push([first, last]);
    else before[1] = Math.max(before[1], last);
  }
  return merged;
};

/** What is left of them without others, both in order. */
export const without = (
  ranges: readonly PortRange[],
  others: readonly PortRange[],
): readonly PortRange[] =>
  ranges.flatMap(([first, last]) => {
    const left: PortRange[] = [];
    let next = first;
    for (const [from, to] of others) {
      if (to < next || from > last) continue;
      if (from > next) left.push([next, from - 1]);
      next = to + 1;
    }
    return next > last ? left : [...left, [next, last]];
  });

/** One port, as a range. */
export const single = (port: number): PortRange => [port, port];

/** A range as a value of nft: a single port is one. */
export const rangeValue = ([first, last]: PortRange): unknown =>
  first === last ? first : { range: [first, last] };

/** Ranges as people write them: `80,8000-8090`. */
export const rangesText = (ranges: readonly PortRange[]): string =>
  ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');

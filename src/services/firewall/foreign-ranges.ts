/** Rule: firewall foreign ranges — ports or addresses as ranges of numbers, and what they share. */

export type Range = readonly [first: bigint, last: bigint];

/** In order, and none that touches another. */
export const merged = (ranges: readonly Range[]): readonly Range[] => {
  const sorted = ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const found: Range[] = [];
  for (const range of sorted) {
    const before = found.at(-1);
    if (before === undefined || range[0] > before[1] + 1n) found.push(range);
    else if (range[1] > before[1]) found[found.length - 1] = [before[0], range[1]];
  }
  return found;
};

/** What of a range lies in others, which are merged; or, `isNot`, outside of them. */
export const partsOf = (
  [first, last]: Range,
  others: readonly Range[],
  isNot: boolean,
): readonly Range[] => {
  const parts: Range[] = [];
  let from = first;
  for (let at = placeOf(others, first); at < others.length; at++) {
    const [begin, end] = others[at] as Range;
    if (begin > last) break;
    if (!isNot) parts.push([begin > first ? begin : first, end < last ? end : last]);
    else if (begin > from) parts.push([from, begin - 1n]);
    from = end + 1n;
  }
  if (isNot && from <= last) parts.push([from, last]);
  return parts;
};

/** The first of them that does not end before a number. */
const placeOf = (others: readonly Range[], number: bigint): number => {
  let [low, high] = [0, others.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((others[middle] as Range)[1] < number) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Rule: firewall ports — lists of them in their one form. */
import type { PortRange } from '../schema-parts.ts';

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

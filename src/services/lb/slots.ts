/**
 * Rule: lb slots — in which order backends take turns, so that each has its share and none gets
 * its share in one go.
 *
 * nginx's smooth weighted round robin, one whole round of it.
 */

/** Something that has a share. */
interface Weighted {
  readonly weight: number;
}

/** One round: each item as often as its weight, divided by what all weights have in common. */
export const slotsOf = <Item extends Weighted>(items: readonly Item[]): readonly Item[] => {
  const common = items.reduce((divisor, { weight }) => divisorOf(divisor, weight), 0);
  const shares = items.map((item) => ({ item, weight: item.weight / common, current: 0 }));
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return Array.from({ length: total }, () => {
    for (const share of shares) share.current += share.weight;
    const best = shares.reduce((a, b) => (b.current > a.current ? b : a));
    best.current -= total;
    return best.item;
  });
};

const divisorOf = (a: number, b: number): number => (b === 0 ? a : divisorOf(b, a % b));

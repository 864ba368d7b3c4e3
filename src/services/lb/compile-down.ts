/**
 * Rule: lb compile down — at which addresses and ports backends are down, so that what begins there
 * is refused. Where any balancer uses one all the same, it is not.
 */
import {
  concat,
  elementsOf,
  keyText,
  type NftElement,
  type NftSet,
  PROTOCOL_NUMBERS,
} from '../nft/tables.ts';
import { inOrder, rangeValue, single, without } from '../port-ranges.ts';
import type { PortRange } from '../schema-parts.ts';
import { servedAt } from './balancers.ts';
import type { Dispatch } from './dispatch.ts';
import type { Family } from './own-table.ts';
import { placeType } from './places.ts';

/** The set of a family: of single ports, or of ranges. */
export const downSet = (
  family: Family,
  dispatches: readonly Dispatch[],
  kind: 'down' | 'downranges',
  isWide: (dispatch: Dispatch) => boolean,
): NftSet => {
  const hasRanges = kind === 'downranges';
  const ours = dispatches.filter((each) => isWide(each) === hasRanges);
  return {
    ...{ name: `${kind}${family.digit}`, kind: 'set', isCounted: false },
    ...{ type: placeType(family), flags: hasRanges ? ['interval'] : [] },
    elements: elementsOf(elementsFor(family, dispatches, ours, hasRanges)),
  };
};

const elementsFor = (
  family: Family,
  all: readonly Dispatch[],
  ours: readonly Dispatch[],
  hasRanges: boolean,
): readonly NftElement[] => {
  const down = hostsOf(family, ours, 'down');
  if (down.size === 0) return [];
  const used = hostsOf(family, all, 'targets');
  return [...down].flatMap(([key, { host, ranges }]) =>
    without(inOrder(ranges), inOrder(used.get(key)?.ranges ?? []))
      .flatMap((range) => (hasRanges ? [range] : portsOf(range)))
      .map((range) => ({
        ...{ key: concat(...host, rangeValue(range)), verdict: null, rule: null },
      })),
  );
};

const portsOf = ([first, last]: PortRange): readonly PortRange[] =>
  Array.from({ length: last - first + 1 }, (_, index) => single(first + index));

/** An address and a protocol, and the ports there. */
interface Host {
  readonly host: readonly [address: string, protocol: number];
  readonly ranges: PortRange[];
}

const hostsOf = (
  { address }: Family,
  dispatches: readonly Dispatch[],
  which: 'targets' | 'down',
): ReadonlyMap<string, Host> => {
  const hosts = new Map<string, Host>();
  for (const dispatch of dispatches) {
    for (const target of dispatch[which]) {
      const at = target[address];
      if (at === null) continue;
      const { balancer } = dispatch;
      const host = [at, PROTOCOL_NUMBERS[balancer.listen.protocol]] as const;
      const known = hosts.get(keyText(host)) ?? { host, ranges: [] };
      known.ranges.push(servedAt(balancer));
      hosts.set(keyText(host), known);
    }
  }
  return hosts;
};

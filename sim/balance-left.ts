/**
 * Rule: balance left — the balancer's table without what ends flows of balancers and backends that
 * are none any more: each daemon remembers those it saw, for an hour, and nobody else can tell.
 */
import type { View } from '../src/crdt/view.ts';
import { addressesOf } from '../src/services/lb/addresses.ts';
import { backendsOf, balancersOf } from '../src/services/lb/balancers.ts';
import { compile } from '../src/services/lb/compile.ts';
import { FAMILIES, MOVED_ZONES, movedSet } from '../src/services/lb/own-table.ts';
import type { LbDesired, LbObserved } from '../src/services/lb/state.ts';
import type { ObservedElement, ObservedSet, ObservedTable } from '../src/services/nft/observed.ts';
import { keyText } from '../src/services/nft/tables.ts';

/** Where clients of udp may be moved, as if one were: that stays for some time after its cause. */
export function asMoved(observed: LbObserved): LbObserved {
  if (observed.kind !== 'present' || !observed.table.chains.has('moved/output')) return observed;
  const sets = new Map(observed.table.sets);
  for (const name of FAMILIES.map((family) => movedSet(family, MOVED_ZONES[0]))) {
    const set = sets.get(name);
    if (set !== undefined) sets.set(name, { ...set, elements: new Map([['somebody', SOMEBODY]]) });
  }
  return { ...observed, table: { ...observed.table, sets } };
}

const SOMEBODY: ObservedElement = {
  ...{ key: 'somebody', words: '', packets: 0, bytes: 0, timeout: 1, expires: 1 },
};

/** The table, where it holds more endings than what is wanted of what there is now. */
export function withoutLeft(view: View, desired: LbDesired, observed: LbObserved): LbObserved {
  if (desired === null || observed.kind !== 'present') return observed;
  const wanted = compile(desired.own, desired.dispatches, desired.ended);
  const ofNow = waysOfNow(view);
  const sets = new Map(observed.table.sets);
  const keep = (name: string, isKept: (text: string) => boolean): number => {
    const set = sets.get(name);
    if (set === undefined) return 0;
    const elements = new Map([...set.elements].filter(([text]) => isKept(text)));
    sets.set(name, { ...set, elements } satisfies ObservedSet);
    return elements.size;
  };
  let kept = 0;
  for (const { digit } of FAMILIES) {
    kept += keep(`ended${digit}`, (text) => ofNow.has(text));
    const front = wanted.sets.find(({ name }) => name === `ended/front${digit}`)?.elements;
    keep(`ended/front${digit}`, (text) => front?.has(text) === true);
  }
  const table = { ...observed.table, sets };
  const isAllLeft = kept === 0 && !wanted.chains.some(({ name }) => name === 'ended');
  return { ...observed, table: isAllLeft ? withoutEndings(table) : table };
}

/** From every balancer to each of its backends, as the sets of what is ended have them. */
const waysOfNow = (view: View): ReadonlySet<string> =>
  new Set(
    balancersOf(view).balancers.flatMap((balancer) => {
      const virtual = addressesOf(view).get(balancer.name);
      return backendsOf(view, balancer).flatMap(({ member }) =>
        (['ipv4', 'ipv6'] as const).map((at) =>
          keyText({ concat: [virtual?.[at] ?? '', member[at] ?? ''] }),
        ),
      );
    }),
  );

const isEnding = (name: string): boolean => /^ended(?:\d$|$|\/)/.test(name);

const withoutEndings = ({ chains, sets, counters }: ObservedTable): ObservedTable => ({
  chains: new Map([...chains].filter(([name]) => !isEnding(name))),
  sets: new Map([...sets].filter(([name]) => !isEnding(name))),
  counters,
});

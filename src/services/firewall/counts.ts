/**
 * Rule: firewall counts — how often each rule decided, as the kernel counts it.
 *
 * Connections are counted by the packets that were judged: who passed is not judged again.
 * 1. What a transaction takes away with a chain, a set or an element is added to a counter of the
 *    rule's name first, so that a rule counts on over trials and changes of others. What passes
 *    between the look and the transaction is lost.
 * 2. Elements bear no names: whose they are is what the rules say now, so an address that no rule
 *    means any more takes its count with it.
 */
import { intentPath } from '../../crdt/paths.ts';
import type { ObservedTable } from '../nft/observed.ts';
import { elementsOf, type NftSet } from '../nft/tables.ts';
import type { NftCommand } from '../nft/transaction.ts';
import type { Count } from '../service.ts';
import { compileLane } from './compile-lane.ts';
import { isActive, type Lane } from './lane.ts';
import { addCounter, deleteCounter } from './own-table.ts';
import { SERVICE } from './policy.ts';
import type { FirewallDesired } from './state.ts';

type Wanted = NonNullable<FirewallDesired>;

/** By path. */
type Counts = ReadonlyMap<string, Count>;

/** By path; what never decided is left out. */
export const countsOf = (
  desired: Wanted,
  observed: ObservedTable,
): Readonly<Record<string, Count>> =>
  Object.fromEntries(sumOf(desired, [keptIn(observed), countedIn(desired, observed)]));

/**
 * What keeps the counts that a transaction takes away. `gone`: the part of the table that it takes
 * away; null: all of it, those counters as well.
 */
export const keepSteps = (
  desired: Wanted,
  observed: ObservedTable,
  gone: ObservedTable | null,
): readonly NftCommand[] => {
  const kept = keptIn(observed);
  const next = sumOf(desired, [kept, countedIn(desired, gone ?? observed)]);
  const stays = (path: string): boolean =>
    gone !== null && next.get(path)?.packets === kept.get(path)?.packets;
  const old = gone === null ? [] : [...kept.keys()];
  return [
    ...old.filter((path) => !stays(path)).map((path) => deleteCounter(keptName(path))),
    ...[...next]
      .filter(([path]) => !stays(path))
      .map(([path, count]) => addCounter(keptName(path), count)),
  ];
};

/** The sum for each object that counts here. */
const sumOf = (desired: Wanted, parts: readonly Counts[]): Counts => {
  const sums = new Map<string, Count>();
  const counted = parts.flatMap((part) => [...part]).filter(([, { packets }]) => packets > 0);
  if (counted.length === 0) return sums;
  const paths = pathsOf(desired);
  for (const [path, { packets, bytes }] of counted) {
    if (!paths.has(path)) continue;
    const sum = sums.get(path) ?? { packets: 0, bytes: 0 };
    sums.set(path, { packets: sum.packets + packets, bytes: sum.bytes + bytes });
  }
  return sums;
};

const lanesIn = ({ now, trial }: Wanted): readonly Lane[] => [...now, ...(trial?.lanes ?? [])];

const pathsOf = (desired: Wanted): ReadonlySet<string> =>
  new Set(
    lanesIn(desired).flatMap(({ zone, direction, clauses, fallback }) => [
      ...(fallback.action === 'allow' ? [] : [pathOf('default', `${zone}-${direction}`)]),
      ...clauses.map(({ rule }) => rule.path),
    ]),
  );

const KEPT = 'kept/';
const PLACE = intentPath({ service: SERVICE, kind: '', name: '' }).slice(0, -1);

const keptName = (path: string): string => `${KEPT}${path.slice(PLACE.length)}`;

const keptIn = ({ counters }: ObservedTable): Counts =>
  new Map(
    [...counters].flatMap(([name, count]) =>
      name.startsWith(KEPT) ? [[`${PLACE}${name.slice(KEPT.length)}`, count] as const] : [],
    ),
  );

/** A lane's chains: its zone and direction. */
const LANE = /^(?:now|trial)\/((?:mesh|wan)-(?:in|out))(?:\/back)?(?:\/after-\d+)?$/;

/** What the table's rules and elements count, those of each side. */
const countedIn = (desired: Wanted, { sets, chains }: ObservedTable): Counts => {
  const counts = new Map<string, Count>();
  const add = (path: string, { packets, bytes }: Count): void => {
    const known = counts.get(path) ?? { packets: 0, bytes: 0 };
    counts.set(path, { packets: known.packets + packets, bytes: known.bytes + bytes });
  };
  const whose = ownersOf(desired);
  for (const [name, { elements }] of sets) {
    const owners = whose(name);
    for (const [text, element] of elements) {
      const rule = element.packets === 0 ? null : (owners.get(text)?.rule ?? null);
      if (rule !== null) add(pathOf('rule', rule), element);
    }
  }
  for (const [name, { rules }] of chains) {
    const [, lane] = LANE.exec(name) ?? [];
    if (lane === undefined) continue;
    for (const rule of rules) {
      const { comment } = rule;
      if (comment === 'default') add(pathOf('default', lane), rule);
      else if (comment !== null && NAMED.test(comment)) add(pathOf('rule', comment), rule);
    }
  }
  return counts;
};

/** Whose the elements of a set are. A trial that is over may have become what lasts. */
const ownersOf = ({ now, trial }: Wanted): ((name: string) => NftSet['elements']) => {
  const counted = (side: 'now' | 'trial', lanes: readonly Lane[]) =>
    lanes
      .filter(isActive)
      .flatMap((lane) => compileLane(side, lane).sets)
      .filter(({ isCounted }) => isCounted)
      .map(({ name, elements }) => [name, elements] as const);
  const owners = new Map([...counted('now', now), ...counted('trial', trial?.lanes ?? [])]);
  return (name) =>
    owners.get(name) ?? owners.get(name.replace(/^trial\//, 'now/')) ?? elementsOf([]);
};

/** What a rule may be called; guards speak in words. */
const NAMED = /^[a-z0-9.-]+$/;

const pathOf = (kind: 'rule' | 'default', name: string): string =>
  intentPath({ service: SERVICE, kind, name });

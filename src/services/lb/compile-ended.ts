/**
 * Rule: lb compile ended — what runs towards backends that are to have no more: connections are
 * reset, and udp of clients goes to another one.
 *
 * nft takes nothing out of what the kernel remembers. So a client whose udp would go on to a
 * backend that is gone is remembered, and what it sends next is looked up in another zone of that
 * memory: there it is new, and balanced. Answers are looked up where they always are.
 * 1. Nothing of this is in the table unless there is somebody whose time is over: what runs passes
 *    none of it.
 * 2. Ways are told from one another by the address that was asked for; at a frontend, where that
 *    may be any, by the backend's port. One that somebody there still uses is left alone.
 */
import {
  ACCEPT,
  concat,
  ct,
  type Expression,
  elementsOf,
  goto,
  has,
  is,
  isNot,
  meta,
  type NftChain,
  type NftElement,
  type NftRule,
  type NftSet,
  PROTOCOL_NUMBERS,
  payload,
  type Table,
} from '../nft/tables.ts';
import { inOrder, rangeValue, without } from '../port-ranges.ts';
import type { PortRange } from '../schema-parts.ts';
import { rule } from './compile-balancer.ts';
import type { Dispatch } from './dispatch.ts';
import { FAMILIES, type Family, MOVED_ZONES, movedSet } from './own-table.ts';
import { placeType } from './places.ts';
import type { Special } from './state.ts';
import { type Way, wayTo } from './ways.ts';

/** What runs no more. */
export interface Ended {
  /** Of balancers and backends that are no more. */
  readonly left: readonly Way[];
  /** Clients were sent to other backends, and still send. */
  readonly isMoved: boolean;
}

/** What of the table is needed to end all that is over. */
export const endedBy = (dispatches: readonly Dispatch[], ended: Ended): readonly Special[] =>
  neededFor(waysIn(dispatches, ended), ended);

/** The chains, and the sets that they ask. `lacks`: what this host goes without. */
export const endedPart = (
  dispatches: readonly Dispatch[],
  ended: Ended,
  lacks: ReadonlySet<Special> = new Set(),
): Table => {
  const ways = lacks.has('end') ? [] : waysIn(dispatches, ended);
  const parts = new Set(neededFor(ways, ended).filter((each) => !lacks.has(each)));
  return {
    sets: [
      ...(parts.has('end') ? FAMILIES.flatMap(askedSets(parts, ways, dispatches)) : []),
      ...(parts.has('move') ? FAMILIES.flatMap(movedSets) : []),
    ],
    chains: [
      ...(parts.has('end') ? endChains(parts) : []),
      ...(parts.has('move') ? ZONING_CHAINS : []),
    ],
  };
};

const waysIn = (dispatches: readonly Dispatch[], { left }: Ended): readonly Way[] => [
  ...left,
  ...dispatches.flatMap(({ addresses, balancer, ended }) =>
    ended.map((target) => wayTo(addresses, balancer, target)),
  ),
];

/** Without a frontend as well: what came in at one that is no more runs on. */
const neededFor = (ways: readonly Way[], { isMoved }: Ended): readonly Special[] => [
  ...(ways.length === 0 ? [] : (['end', 'front'] as const)),
  ...(isMoved || ways.some(({ protocol }) => protocol === 'udp') ? (['move'] as const) : []),
];

type Parts = ReadonlySet<Special>;

const askedSets =
  (parts: Parts, ways: readonly Way[], dispatches: readonly Dispatch[]) =>
  (family: Family): readonly NftSet[] => [
    virtualSet(family, ways),
    ...(parts.has('front') ? [frontSet(family, ways, dispatches)] : []),
  ];

const endChains = (parts: Parts): readonly NftChain[] => {
  const meeting = FAMILIES.flatMap((family) => meets(family, parts));
  return [
    { name: 'ended', hook: null, rules: endRules(parts.has('move')) },
    ...(['output', 'forward'] as const).map((hook) => ({
      ...{ name: `ended/${hook}`, hook: { hook, prio: -11 }, rules: meeting },
    })),
  ];
};

const virtualSet = ({ digit, type, address }: Family, ways: readonly Way[]): NftSet => ({
  ...{ name: `ended${digit}`, kind: 'set', type: [type, type], flags: [], isCounted: false },
  elements: elementsOf(
    ways.flatMap(({ virtual, backend }): readonly NftElement[] => {
      const [to, at] = [virtual[address], backend[address]];
      return to === null || at === null ? [] : [plain(concat(to, at))];
    }),
  ),
});

const plain = (key: Expression): NftElement => ({ key, verdict: null, rule: null });

/** Who still uses a place at a frontend keeps what it has. Ranges of one place do not overlap. */
const frontSet = (
  family: Family,
  ways: readonly Way[],
  dispatches: readonly Dispatch[],
): NftSet => {
  const used = dispatches
    .filter(({ isFrontend }) => isFrontend)
    .flatMap(({ addresses, balancer, running }) =>
      running.map((target) => wayTo(addresses, balancer, target)),
    );
  const usedAt = Map.groupBy(used, placeName);
  const elements = [...Map.groupBy(ways, placeName)].flatMap(([name, at]) => {
    const host = at[0]?.backend[family.address] ?? null;
    if (at[0] === undefined || host === null) return [];
    const protocol = PROTOCOL_NUMBERS[at[0].protocol];
    return without(rangesOf(at), rangesOf(usedAt.get(name) ?? [])).map((range) =>
      plain(concat(host, protocol, rangeValue(range))),
    );
  });
  return {
    ...{ name: `ended/front${family.digit}`, kind: 'set', isCounted: false, flags: ['interval'] },
    ...{ type: placeType(family), elements: elementsOf(elements) },
  };
};

const placeName = ({ backend, protocol }: Way): string => `${backend.ipv6} ${protocol}`;

const rangesOf = (ways: readonly Way[]): readonly PortRange[] =>
  inOrder(ways.map(({ ports }) => [ports[0], ports[1]]));

/** Which of it is to be ended. */
const meets = ({ ip, digit }: Family, parts: Parts): readonly NftRule[] => {
  const asked = original(`${ip} daddr`);
  const host = payload(ip, 'daddr');
  const place = concat(host, meta('l4proto'), payload('th', 'dport'));
  const atFront = [isNot(asked, `@virtual${digit}`), is(place, `@ended/front${digit}`)];
  return [
    [is(concat(asked, host), `@ended${digit}`)],
    ...(parts.has('front') ? [atFront] : []),
  ].map((parts) => rule(has(ct('status'), 'dnat'), ...parts, goto('ended')));
};

const original = (key: string): Expression => ({ ct: { key, dir: 'original' } });

/** How long a client is remembered that sends nothing: longer than its udp. Unit: s. */
const MOVED_S = 300;
/**
 * Clients that are remembered, of each family and zone; those beyond are refused. The number is
 * that of sticky clients, for its reason.
 */
const MOVED_MAX = 65_536;

const movedSets = (family: Family): readonly NftSet[] =>
  MOVED_ZONES.map((zone) => ({
    ...{ name: movedSet(family, zone), kind: 'set', flags: ['timeout'], isCounted: false },
    type: [family.type, 'inet_service', family.type, 'inet_service'],
    ...{ sizeMax: MOVED_MAX, keepsOthers: true, elements: new Map() },
  }));

/**
 * Whom it was sent to in this zone is gone: the next one. There are several, for there the kernel
 * may remember another one that is gone by now.
 */
const endRules = (moves: boolean): readonly NftRule[] => [
  ...(moves
    ? FAMILIES.flatMap((family) => {
        const client = clientOf(family, original(`${family.ip} daddr`), original('proto-dst'));
        return [
          ...MOVED_ZONES.map((zone, index) => {
            const next = MOVED_ZONES[(index + 1) % MOVED_ZONES.length] ?? zone;
            return rule(
              is(client, `@${movedSet(family, zone)}`),
              { set: { op: 'delete', elem: client, set: `@${movedSet(family, zone)}` } },
              remember('add', client, movedSet(family, next)),
              goto('refuse'),
            );
          }),
          rule(remember('add', client, movedSet(family, MOVED_ZONES[0])), goto('refuse')),
        ];
      })
    : []),
  rule(goto('refuse')),
];

const clientOf = ({ ip }: Family, host: Expression, port: Expression): Expression =>
  concat(payload(ip, 'saddr'), payload('udp', 'sport'), host, port);

const remember = (op: 'add' | 'update', client: Expression, name: string): Expression => ({
  set: { op, elem: { elem: { val: client, timeout: MOVED_S } }, set: `@${name}` },
});

/** Before the kernel looks up what it remembers. */
const ZONING: readonly NftRule[] = [
  rule(isNot(meta('l4proto'), PROTOCOL_NUMBERS.udp), ACCEPT),
  ...FAMILIES.flatMap((family) => {
    const client = clientOf(family, payload(family.ip, 'daddr'), payload('udp', 'dport'));
    return MOVED_ZONES.map((zone) =>
      rule(
        is(client, `@${movedSet(family, zone)}`),
        remember('update', client, movedSet(family, zone)),
        { mangle: { key: { ct: { key: 'zone', dir: 'original' } }, value: zone } },
      ),
    );
  }),
];

const ZONING_CHAINS: readonly NftChain[] = (['output', 'prerouting'] as const).map((hook) => ({
  ...{ name: `moved/${hook}`, hook: { hook, prio: -300 }, rules: ZONING },
}));

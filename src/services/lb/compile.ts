/**
 * Rule: lb compile — the whole table for one member: where connections to balancers are seen, and
 * to which backend each goes.
 *
 * Only the first packet of a connection passes here; the kernel remembers the rest. A balancer is
 * an element of a map and a chain that chooses, so that to find one among thousands takes as long
 * as to find one, and a change touches its own entries alone.
 * 1. The firewall judges before (prerouting -110) by the address that was asked for, and after
 *    (output, forward -5) by the backend's.
 * 2. What is still for a virtual address after that is refused, never left to hang: a port on
 *    which nothing listens, and a balancer that has no backend.
 * 3. A member's own connections keep its address, which the tunnels let back. What it forwards for
 *    others (containers) they would not: it gets this member's address.
 */
import { openMemo } from '../../crdt/memo.ts';
import { GUEST_INTERFACES } from '../nft/guests.ts';
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
  lookup,
  meta,
  type NftChain,
  type NftElement,
  type NftRule,
  type NftSet,
  PROTOCOL_NUMBERS,
  payload,
  type Table,
} from '../nft/tables.ts';
import { balancerChains, balancerSets, rule } from './compile-balancer.ts';
import { downSet } from './compile-down.ts';
import { type Ended, endedPart } from './compile-ended.ts';
import { proxyChains, proxySets } from './compile-proxy.ts';
import { refuseChains } from './compile-refuse.ts';
import { countRules, countSets } from './counts.ts';
import type { Dispatch } from './dispatch.ts';
import { balancerChain, FAMILIES, type Family, FORGET, LEAVING } from './own-table.ts';
import { isRange, placeType } from './places.ts';
import type { Own } from './state.ts';

/** Compiles the table. The same one for the same list. */
export const compile = (own: Own, dispatches: readonly Dispatch[], ended: Ended): Table => {
  const key = JSON.stringify([own, [...(own.lacks ?? [])], ended]);
  const last = known.get(dispatches);
  if (last?.key === key) return last.table;
  const table = makeTable(own, dispatches, ended);
  known.set(dispatches, { key, table });
  return table;
};

const known = new WeakMap<readonly Dispatch[], { readonly key: string; readonly table: Table }>();

const makeTable = (own: Own, dispatches: readonly Dispatch[], ended: Ended): Table => {
  const ending = endedPart(dispatches, ended, own.lacks);
  return {
    sets: [
      ...FAMILIES.flatMap((family) => familySets(family, dispatches)),
      ...countSets(dispatches),
      ...frontendSets(dispatches.filter(({ isFrontend }) => isFrontend)),
      ...dispatches.flatMap(balancerSets),
      ...proxySets(dispatches),
      ...ending.sets,
    ],
    chains: [
      ...dispatches.flatMap(balancerChains),
      ...commonChains(own, shapeOf(dispatches)),
      ...proxyChains(dispatches),
      ...ending.chains,
    ],
  };
};

/** All that the chains ask of balancers that lead to theirs. */
interface Shape {
  /** There are some of more ports than a map of single ones is to hold. */
  readonly isWide: boolean;
  /** The maps of those that this VM is a frontend of. */
  readonly frontends: readonly string[];
}

const shapeOf = (dispatches: readonly Dispatch[]): Shape => {
  const [exact, ranges] = split(dispatches.filter(({ isFrontend }) => isFrontend));
  return {
    isWide: dispatches.some(isWide),
    frontends: [
      ...(exact.length === 0 ? [] : ['frontends']),
      ...(ranges.length === 0 ? [] : ['frontranges']),
    ],
  };
};

/** The chains of whichever balancers: the same objects as long as they come to the same. */
const commonChains = (own: Own, shape: Shape): readonly NftChain[] => {
  const key = JSON.stringify([own, own.lacks?.has('forget'), shape]);
  return commons(key, () => [
    ...(['prerouting', 'output'] as const).map((hook) => natChain(hook, own, shape)),
    { name: 'nat/input', hook: { type: 'nat', hook: 'input', prio: 100 }, rules: countRules() },
    postrouting(own),
    ...refuseChains(shape.isWide ? ['down', 'downranges'] : ['down']),
  ]);
};

/** A VM has one after the other. */
const commons = openMemo<readonly NftChain[]>(16);

const familySets = (family: Family, dispatches: readonly Dispatch[]): readonly NftSet[] => {
  const { digit, type, address } = family;
  const key = placeType(family);
  const map = (name: string, elements: readonly NftElement[], flags: NftSet['flags']): NftSet => ({
    ...{ name, kind: 'map', type: key, flags, isCounted: false },
    elements: elementsOf(elements),
  });
  const [exact, ranges] = split(dispatches);
  const virtual = dispatches.flatMap(({ addresses }) => addresses[address] ?? []);
  return [
    map(
      `services${digit}`,
      exact.flatMap((each) => exactElements(family, each)),
      [],
    ),
    ...(ranges.length === 0
      ? []
      : [
          map(
            `ranges${digit}`,
            ranges.flatMap((each) => rangeElements(family, each)),
            ['interval'],
          ),
        ]),
    {
      ...{ name: `virtual${digit}`, kind: 'set', type, flags: [], isCounted: false },
      elements: elementsOf(virtual.map((each) => ({ key: each, verdict: null, rule: null }))),
    },
    downSet(family, dispatches, 'down', isWide),
    ...(ranges.length === 0 ? [] : [downSet(family, dispatches, 'downranges', isWide)]),
  ];
};

/** Where it listens at this VM's other addresses, whichever they are. */
const frontendSets = (frontends: readonly Dispatch[]): readonly NftSet[] => {
  const type = ['inet_proto', 'inet_service'];
  const map = (name: string, elements: readonly NftElement[], flags: NftSet['flags']): NftSet => ({
    ...{ name, kind: 'map', type, flags, isCounted: false },
    elements: elementsOf(elements),
  });
  const [exact, ranges] = split(frontends);
  return [
    ...(exact.length === 0
      ? []
      : [
          map(
            'frontends',
            exact.flatMap((each) => exactElements(null, each)),
            [],
          ),
        ]),
    ...(ranges.length === 0
      ? []
      : [
          map(
            'frontranges',
            ranges.flatMap((each) => rangeElements(null, each)),
            ['interval'],
          ),
        ]),
  ];
};

const split = (dispatches: readonly Dispatch[]): readonly [Dispatch[], Dispatch[]] => [
  dispatches.filter((each) => !isWide(each)),
  dispatches.filter(isWide),
];

const isWide = ({ balancer: { listen } }: Dispatch): boolean => isRange(listen);

/** At its virtual address of a family; null: at whichever address. */
const exactElements = (family: Family | null, dispatch: Dispatch): readonly NftElement[] => {
  const [first, last] = dispatch.balancer.listen.ports;
  const ports = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return ports.flatMap((port) => elementAt(family, dispatch, port));
};

const rangeElements = (family: Family | null, dispatch: Dispatch): readonly NftElement[] =>
  elementAt(family, dispatch, { range: dispatch.balancer.listen.ports });

const elementAt = (
  family: Family | null,
  { addresses, balancer }: Dispatch,
  port: unknown,
): readonly NftElement[] => {
  const at = family === null ? [] : [addresses[family.address]];
  // A full prefix has no virtual address to give.
  if (at.includes(null)) return [];
  const key = concat(...at, PROTOCOL_NUMBERS[balancer.listen.protocol], port);
  return [{ key, verdict: goto(balancerChain(balancer.name)), rule: balancer.name }];
};

const PORT: readonly Expression[] = [meta('l4proto'), payload('th', 'dport')];
const LOOPBACK = { ip: { prefix: { addr: '127.0.0.0', len: 8 } }, ip6: '::1' } as const;

/** Where the destination of what comes in, or of what this VM opens, may still be changed. */
const natChain = (hook: 'prerouting' | 'output', own: Own, shape: Shape): NftChain => {
  const virtual = virtualRules(shape);
  const fronts = shape.frontends.flatMap((map) => frontendRules(own, map));
  return {
    name: `nat/${hook}`,
    hook: { type: 'nat', hook, prio: -100 },
    rules: hook === 'output' ? [...virtual, ...fronts] : [...fronts, NO_GUEST, ...virtual],
  };
};

/**
 * The virtual addresses are for this VM's own programs, and its guests. Whoever else has it forward
 * packets, as a neighbour on its network, would come into the mesh under its address. It is one
 * rule before, and no way from each interface: the kernel checks with each change what every way
 * leads to.
 */
const NO_GUEST = rule(...GUEST_INTERFACES.map((name) => isNot(meta('iifname'), name)), ACCEPT);

const virtualRules = ({ isWide }: Shape): readonly NftRule[] => {
  const maps = isWide ? ['services', 'ranges'] : ['services'];
  return FAMILIES.flatMap(({ ip, digit }) =>
    maps.map((map) => rule(lookup([payload(ip, 'daddr'), ...PORT], `${map}${digit}`))),
  );
};

/** This VM's own addresses, but those at which backends and local programs serve. */
const frontendRules = (own: Own, map: string): readonly NftRule[] =>
  FAMILIES.map(({ ip, address }) => {
    const host = own[address];
    return rule(
      ...(host === null ? [] : [isNot(payload(ip, 'daddr'), host)]),
      isNot(payload(ip, 'daddr'), LOOPBACK[ip]),
      is({ fib: { result: 'type', flags: ['daddr'] } }, 'local'),
      lookup(PORT, map),
    );
  });

const postrouting = (own: Own): NftChain => ({
  name: LEAVING,
  hook: { type: 'nat', hook: 'postrouting', prio: 100 },
  rules: [
    ...countRules(),
    ...(own.lacks?.has('forget') === true
      ? []
      : [
          rule(
            ...[is(meta('oifname'), own.interface), has(ct('status'), 'dnat')],
            ...[is(meta('l4proto'), PROTOCOL_NUMBERS.tcp), FORGET],
          ),
        ]),
    ...FAMILIES.map(({ ip, address, nfproto }) => {
      const host = own[address];
      const notOurs =
        host === null ? is(meta('nfproto'), nfproto) : isNot(payload(ip, 'saddr'), host);
      return rule(is(meta('oifname'), own.interface), has(ct('status'), 'dnat'), notOurs, {
        masquerade: null,
      });
    }),
  ],
});

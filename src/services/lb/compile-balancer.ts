/**
 * Rule: lb compile balancer — the chain of one balancer, which chooses a backend and leads there;
 * where more is to be done with that choice, by a chain for each backend.
 */
import { openMemo } from '../../crdt/memo.ts';
import {
  among,
  COUNTER,
  type Expression,
  elementsOf,
  given,
  goto,
  is,
  meta,
  type NftChain,
  type NftRule,
  type NftSet,
  PROTOCOL_NUMBERS,
  payload,
} from '../nft/tables.ts';
import type { Balancer } from './balancers.ts';
import type { Dispatch, Target } from './dispatch.ts';
import { affinityMap, backendChain, balancerChain, FAMILIES, type Family } from './own-table.ts';
import { isRange } from './places.ts';
import { slotsOf } from './slots.ts';

/** A rule without a comment. */
export const rule = (...expr: readonly Expression[]): NftRule => ({ expr });

/**
 * Clients of a balancer that are remembered in each family; those beyond go where the next one
 * would. The kernel takes 100 bytes for each that there is. Of one less it would take 2 MB
 * for all at once: it keeps the last 16 bits of this as what to expect.
 */
const CLIENTS_MAX = 65_536;

/** Backends have other ports than the balancer, over a range. */
const isShifted = ({ listen: { ports }, port }: Balancer): boolean =>
  ports[0] !== ports[1] && ports[0] !== port;

/** What its chains ask. */
export const balancerSets = ({ balancer }: Dispatch): readonly NftSet[] => [
  ...shifts(balancer),
  ...(balancer.stickyMs === undefined ? [] : FAMILIES.map((family) => affinity(family, balancer))),
];

const affinity = (family: Family, { name }: Balancer): NftSet => ({
  ...{ name: affinityMap(family, name), kind: 'map', type: family.type, data: [family.type] },
  ...{ flags: ['timeout'], isCounted: false, sizeMax: CLIENTS_MAX, keepsOthers: true },
  elements: new Map(),
});

/** The map of its ports to those of its backends, where they differ over a range. */
const shifts = (balancer: Balancer): readonly NftSet[] => {
  if (!isShifted(balancer)) return [];
  const { ports } = balancer.listen;
  const elements = Array.from({ length: ports[1] - ports[0] + 1 }, (_, index) => ({
    ...{ key: ports[0] + index, verdict: balancer.port + index, rule: null },
  }));
  return [
    {
      ...{ name: shiftMap(balancer), kind: 'map', type: 'inet_service', data: ['inet_service'] },
      ...{ flags: [], isCounted: false, elements: elementsOf(elements) },
    },
  ];
};

const shiftMap = ({ name }: Balancer): string => `shift/${name}`;

/** Its chains. The same objects for the same balancer and backends, whatever else changes. */
export const balancerChains = (dispatch: Dispatch): readonly NftChain[] => {
  const { name, listen, port, mode, stickyMs } = dispatch.balancer;
  const key = JSON.stringify([name, listen, port, mode, stickyMs ?? 0, dispatch.targets]);
  return memo(key, () => makeChains(dispatch));
};

/** Twice as many balancers as a mesh is made for. */
const memo = openMemo<readonly NftChain[]>(2_048);

const makeChains = (dispatch: Dispatch): readonly NftChain[] => {
  const { balancer, targets } = dispatch;
  const name = balancerChain(balancer.name);
  if (targets.length === 0) return [{ name, hook: null, rules: [] }];
  if (!isChained(balancer))
    return [{ name, hook: null, rules: FAMILIES.flatMap(spread(dispatch)) }];
  return [
    ...targets.map((target) => ({
      ...{ name: backendChain(balancer.name, target.member), hook: null },
      rules: backendRules(dispatch, target),
    })),
    { name, hook: null, rules: [...stickyRules(dispatch), ...choice(dispatch)] },
  ];
};

/** It has a chain for each backend: to remember it, or to count it where `placesOf` has none. */
const isChained = (balancer: Balancer): boolean =>
  balancer.stickyMs !== undefined || isRange(balancer.listen);

/**
 * Chooses and rewrites at once. A rewrite passes over packets of the other family by itself, but
 * only after a number was drawn for them: they would take turns that they have no use for.
 */
const spread =
  ({ balancer, targets }: Dispatch) =>
  (family: Family): readonly NftRule[] => {
    const slots = slotsOf(targets.filter((target) => target[family.address] !== null));
    const data = slots.map((target) => target[family.address]);
    const [first] = data;
    if (first === undefined) return [];
    const isOne = data.length === 1;
    const addr = isOne ? first : given(numberIn(balancer, family, data.length), data);
    const isDrawn = !isOne && balancer.mode !== 'source';
    const own = isDrawn ? [is(meta('nfproto'), family.nfproto)] : [];
    return [rule(...own, isOf(balancer), dnat(balancer, family, addr))];
  };

/** The backend that a client had last, for as long again. */
const stickyRules = ({ balancer, targets }: Dispatch): readonly NftRule[] =>
  balancer.stickyMs === undefined
    ? []
    : FAMILIES.flatMap((family) => {
        // It only renews what is there; it puts there what it says where that ended just now.
        const [addr = null] = targets.flatMap((target) => target[family.address] ?? []);
        if (addr === null) return [];
        const client = payload(family.ip, 'saddr');
        const data = `@${affinityMap(family, balancer.name)}`;
        return [
          sticking(
            balancer,
            ...[is(client, data), isOf(balancer), remember(balancer, family, addr)],
            dnat(balancer, family, { map: { key: client, data } }),
          ),
        ];
      });

const isOf = ({ listen }: Balancer): Expression =>
  is(meta('l4proto'), PROTOCOL_NUMBERS[listen.protocol]);

const remember = (balancer: Balancer, family: Family, data: string): Expression => {
  const elem = { elem: { val: payload(family.ip, 'saddr'), timeout: secondsOf(balancer) } };
  return { map: { op: 'update', map: `@${affinityMap(family, balancer.name)}`, elem, data } };
};

const secondsOf = ({ stickyMs = 0 }: Balancer): number => Math.ceil(stickyMs / 1_000);

/** Where it remembers, a comment says for how long: not every nft lists that. */
const sticking = (balancer: Balancer, ...expr: readonly Expression[]): NftRule => ({
  ...rule(...expr),
  ...(balancer.stickyMs === undefined ? {} : { comment: `${secondsOf(balancer)}s` }),
});

const choice = ({ balancer, targets }: Dispatch): readonly NftRule[] => {
  const verdicts = slotsOf(targets).map(({ member }) => goto(backendChain(balancer.name, member)));
  const [first] = verdicts;
  if (first !== undefined && targets.length === 1) return [rule(first)];
  const families = balancer.mode === 'source' ? FAMILIES : FAMILIES.slice(0, 1);
  return families.map((family) =>
    rule(among(numberIn(balancer, family, verdicts.length), verdicts)),
  );
};

/** A number below `mod`, by the balancer's mode. Only that by the source is of a family. */
const numberIn = ({ mode }: Balancer, { ip }: Family, mod: number): Expression =>
  mode === 'source'
    ? { jhash: { mod, seed: SEED, expr: payload(ip, 'saddr') } }
    : { numgen: { mode: mode === 'random' ? 'random' : 'inc', mod, offset: 0 } };

/** The same on all members, so that a client has one backend wherever it comes in. */
const SEED = 0x636e_736d;

/** What comes to such a chain is counted there, of either family, where nothing else counts it. */
const backendRules = ({ balancer }: Dispatch, target: Target): readonly NftRule[] =>
  FAMILIES.flatMap((family): readonly Expression[][] => {
    const addr = target[family.address];
    if (addr === null) return [];
    const sticky = balancer.stickyMs === undefined ? [] : [remember(balancer, family, addr)];
    return [[isOf(balancer), ...sticky, dnat(balancer, family, addr)]];
  }).map((parts, index) =>
    sticking(balancer, ...(index === 0 && isRange(balancer.listen) ? [COUNTER] : []), ...parts),
  );

const dnat = (balancer: Balancer, { ip }: Family, addr: unknown): Expression => ({
  dnat: { family: ip, addr, ...portsTo(balancer) },
});

const portsTo = (balancer: Balancer): { readonly port?: unknown } => {
  const { listen, port } = balancer;
  if (listen.ports[0] === listen.ports[1]) return { port };
  if (!isShifted(balancer)) return {};
  const key = payload(listen.protocol, 'dport');
  return { port: { map: { key, data: `@${shiftMap(balancer)}` } } };
};

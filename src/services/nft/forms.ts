/**
 * Rule: nft forms — one form for what versions of nft list in different ones.
 *
 * 1. nft 1.0.6 lists the comparison of a mark's first bits as a prefix, 0.9.8 and 1.1.3 as a mask.
 * 2. nft 1.1.3 makes a set of a meter, lists it with the sets of the table, and its use as theirs;
 *    before, a meter is a thing of its rule. 1.0.6 cannot be told of such a set in JSON.
 * 3. Where the host has /etc/protocols, nft lists protocols by name.
 * 4. nft 1.0.6 lists what a rule puts into a map as text, others as the JSON that it cannot read.
 * 5. The types of what a map gives are a text with dots or a list; that rules put elements into a
 *    set is told or not.
 * 6. nft 0.9.8 lists what it refuses with by default as nothing, and the family of a rule that
 *    remembers addresses, which others leave out; so does 1.1.3 with the protocol of a rule that
 *    rewrites ports by a map of that protocol's.
 */
import { type Expression, type NftChain, PROTOCOL_NUMBERS } from './tables.ts';
import { valueText } from './text.ts';

/** The expressions of a rule in the form that is compared. `comment`: of the rule. */
export const inOneForm = (expr: unknown, comment: unknown): readonly unknown[] => {
  const all: readonly unknown[] = Array.isArray(expr) ? expr : [expr];
  const told: readonly unknown[] = all.flatMap(toldBy);
  const left = told.length === 0 ? all : all.filter((each) => !told.includes(askedBy(each)));
  return left.map((each) => oneInOneForm(each, comment));
};

/**
 * Of which protocol or family alone the packets are with which it does something: by whose ports it
 * rewrites ports, and whose addresses it remembers.
 */
const toldBy = (expression: unknown): readonly unknown[] => {
  if (typeof expression === 'string') return FAMILIES;
  const { dnat, set } = Object(expression) as Readonly<Record<string, Expression | undefined>>;
  if (set !== undefined) return FAMILIES;
  const { map } = Object(dnat?.port) as { readonly map?: { readonly key: unknown } };
  const { payload } = Object(map?.key) as { readonly payload?: Expression };
  return payload === undefined ? [] : [protocolNumber(payload.protocol)];
};

const FAMILIES = ['ipv4', 'ipv6'];

/** Of which protocol or family a packet has to be. */
const askedBy = (expression: unknown): unknown => {
  const { match } = Object(expression) as { readonly match?: Expression };
  const { meta } = Object(match?.left) as { readonly meta?: Expression };
  if (meta?.key === 'nfproto') return match?.right;
  return meta?.key === 'l4proto' ? protocolNumber(match?.right) : undefined;
};

const oneInOneForm = (expression: unknown, comment: unknown): unknown => {
  const update = updateIn(expression, comment);
  if (update !== null) return update;
  const { match, meter, reject } = Object(expression) as {
    readonly match?: Expression;
    readonly meter?: Expression;
    readonly reject?: unknown;
  };
  if (reject === null) return { reject: { type: 'icmpx', expr: 'port-unreachable' } };
  if (meter !== undefined) {
    const { key, name, stmt } = meter;
    return { set: { op: 'add', elem: key, set: `@${String(name)}`, stmt: [stmt] } };
  }
  const { meta } = Object(match?.left) as { readonly meta?: Expression };
  if (match !== undefined && meta?.key === 'l4proto') {
    return { match: { ...match, right: protocolNumber(match.right) } };
  }
  const { prefix } = Object(match?.right) as { readonly prefix?: Expression };
  if (match === undefined || typeof prefix?.addr !== 'number') return expression;
  const mask = 2 ** MARK_BITS - 2 ** (MARK_BITS - Number(prefix.len));
  return { match: { op: match.op, left: { '&': [match.left, mask] }, right: prefix.addr } };
};

const MARK_BITS = 32;

/** The key of an element in the form that is compared. */
export const keyInOneForm = (key: unknown): unknown => {
  const { concat } = Object(key) as { readonly concat?: readonly unknown[] };
  return Array.isArray(concat) ? { concat: concat.map(protocolNumber) } : key;
};

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ...Object.entries(PROTOCOL_NUMBERS),
  ['ipv6-icmp', PROTOCOL_NUMBERS.icmpv6],
]);

/** The number of a protocol that is named; all else as it is. */
export const protocolNumber = (value: unknown): unknown => NUMBERS.get(value) ?? value;

/** The names of the meters of chains: of sets that some versions list. */
export const meterNames = (chains: readonly NftChain[]): readonly string[] =>
  chains.flatMap((chain) => {
    const names = meters.get(chain) ?? metersIn(chain);
    meters.set(chain, names);
    return names;
  });

/** Chains do not change, and are long. */
const meters = new WeakMap<NftChain, readonly string[]>();

const metersIn = ({ rules }: NftChain): readonly string[] => {
  const names: string[] = [];
  for (const { expr } of rules) {
    for (const each of expr) {
      const { meter } = each as { readonly meter?: { readonly name: string } };
      if (meter !== undefined) names.push(meter.name);
    }
  }
  return names;
};

/** The types of what a map gives, in one form. */
export const typesIn = (map: unknown): readonly unknown[] =>
  typeof map === 'string' ? map.split(' . ').filter((type) => type !== '') : [map ?? []].flat();

/** The flags of a set, but that rules put elements into it. */
export const flagsIn = (flags: unknown): readonly unknown[] =>
  (Array.isArray(flags) ? flags : []).filter((flag) => flag !== 'dynamic');

const UPDATE = /^update @(\S+) \{ (.*?)(?: timeout (\S+))? : (.*) \}$/;

/**
 * What a rule puts into a map: the map, how long it stays there, and what it then gives. nft 0.9.8
 * tells the kernel of no time, and lists none: the rule's comment says what was asked for.
 */
const updateIn = (expression: unknown, comment: unknown): unknown => {
  if (typeof expression === 'string') {
    const [, name, key, time = String(comment), data] = UPDATE.exec(expression) ?? [];
    return name === undefined ? null : { update: [name, key, secondsIn(time), data] };
  }
  const { map } = Object(expression) as { readonly map?: Expression };
  if (typeof map?.map !== 'string') return null;
  const { elem, data, map: name } = map as unknown as MapUpdate;
  const { val, timeout } = elem.elem;
  return { update: [name.slice(1), valueText(val), timeout, valueText(data)] };
};

/** As nft 1.1.3 lists it. */
interface MapUpdate {
  readonly map: string;
  readonly elem: {
    readonly elem: {
      readonly val: unknown;
      /** Unit: s. */
      readonly timeout: number;
    };
  };
  readonly data: unknown;
}

const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** A time as nft writes it: `1h30m`. */
const secondsIn = (text: string): number =>
  [...text.matchAll(/(\d+)(ms|[dhms])/g)].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );

/**
 * Rule: firewall foreign walk — what another program's chain does with connections that a rule of
 * ours lets through, as far as its rules can be read.
 *
 * 1. Only what is certain counts: a rule that asks for something which is not known here may
 *    accept, and never drops.
 * 2. To drop some of what is let through is to drop; to accept some of it is not to accept it.
 */
import { addressNumber, type Family, parseCidr } from './cidr.ts';
import { PROTOCOL_NUMBERS } from './nft.ts';
import type { Direction, PortRange, Protocol, Zone } from './schemas.table.ts';
import type { Meant } from './selectors.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What is let through. */
export interface Passage {
  readonly zone: Zone;
  readonly direction: Direction;
  readonly protocol: Protocol;
  /** Null: all, or it has none. */
  readonly ports: readonly PortRange[] | null;
  /** The far end. */
  readonly remote: Meant;
  /** Name of our own interface. */
  readonly interface: string;
}

/** How much of a passage a match takes. `unknown`: that cannot be told. */
type Share = 'all' | 'some' | 'none' | 'unknown';
/** `unsure`: something that cannot be told may accept it. */
type Verdict = 'accept' | 'drop' | 'unsure';

/** How deep chains may lead to each other: what the kernel allows, nft(8). */
const DEPTH_MAX = 16;

/** The rules of a table, by chain. */
export type RulesByChain = ReadonlyMap<string, readonly Json[]>;

/** What rules of a table do with it from this chain on, or null where they leave it alone. */
export const walk = (
  rules: RulesByChain,
  chain: string,
  passage: Passage,
  depth = 0,
): Verdict | null => {
  let isUnsure = false;
  for (const rule of depth > DEPTH_MAX ? [] : (rules.get(chain) ?? [])) {
    const statements = statementsOf(rule);
    const share = shareOf(statements, passage);
    if (share === 'none') continue;
    const found = verdictOf(rules, statements, passage, depth);
    const isAll = share === 'all';
    if (found === 'return' && isAll) break;
    // What accepts some of it, or may, does not save the rest from what comes after it.
    isUnsure ||= found === 'unsure' || (found === 'accept' && !isAll && mayAccept(statements));
    if (found === 'drop' && share !== 'unknown') return isUnsure ? 'unsure' : 'drop';
    if (found === 'accept' && isAll) return 'accept';
    if (isAll && statements.some((each) => 'goto' in each)) break;
  }
  return isUnsure ? 'unsure' : null;
};

/** What a rule does with what it takes. */
const verdictOf = (
  rules: RulesByChain,
  statements: readonly Json[],
  passage: Passage,
  depth: number,
): Verdict | 'return' | null => {
  for (const each of statements) {
    if ('drop' in each || 'reject' in each) return 'drop';
    if ('accept' in each) return 'accept';
    if ('return' in each) return 'return';
    const [target] = targetOf(each);
    if (target !== undefined) return walk(rules, target, passage, depth + 1);
  }
  return null;
};

/** What iptables lists without saying what it asks for, and which takes nothing that is new. */
const OF_OLD = ['conntrack', 'state', 'rpfilter'];

const mayAccept = (statements: readonly Json[]): boolean =>
  !statements.some(({ xt }) => OF_OLD.includes(String(Object(xt).name)));

/** The statements of a rule. */
export const statementsOf = ({ expr }: Json): readonly Json[] =>
  Array.isArray(expr) ? expr.filter((each) => typeof each === 'object' && each !== null) : [];

/** The chain to which a statement leads, if any. */
export const targetOf = (statement: Json): readonly string[] =>
  [statement.jump, statement.goto].flatMap((verdict) => {
    const { target } = Object(verdict) as { readonly target?: unknown };
    return typeof target === 'string' ? [target] : [];
  });

/** Statements that ask for nothing. */
const PLAIN = ['counter', 'log', 'comment', 'drop', 'reject', 'accept', 'return', 'jump', 'goto'];

const shareOf = (statements: readonly Json[], passage: Passage): Share => {
  let share: Share = 'all';
  for (const each of statements) {
    const one = 'match' in each ? matchShare(Object(each.match), passage) : plainShare(each);
    if (one === 'none') return 'none';
    if (one === 'unknown' || share === 'unknown') share = 'unknown';
    else if (one === 'some') share = 'some';
  }
  return share;
};

const plainShare = (statement: Json): Share =>
  Object.keys(statement).every((key) => PLAIN.includes(key)) ? 'all' : 'unknown';

const matchShare = ({ op, left, right }: Json, passage: Passage): Share => {
  const share = keyShare(Object(left), right, passage);
  if (op === '==' || op === 'in') return share;
  if (op !== '!=' || share === 'unknown') return 'unknown';
  return share === 'all' ? 'none' : share === 'none' ? 'all' : 'some';
};

const keyShare = ({ meta, ct, payload }: Json, right: unknown, passage: Passage): Share => {
  const { key } = Object(meta ?? ct) as { readonly key?: unknown };
  if (ct !== undefined) {
    return key === 'state' ? (valuesOf(right).includes('new') ? 'all' : 'none') : 'unknown';
  }
  if (meta !== undefined) return metaShare(String(key), right, passage);
  const { protocol, field } = Object(payload) as Readonly<Record<string, unknown>>;
  if (field === 'dport') return portShare(String(protocol), right, passage);
  if (field === 'protocol' || field === 'nexthdr') return protocolShare(right, passage);
  const far = passage.direction === 'in' ? 'saddr' : 'daddr';
  return field === far
    ? addressShare(protocol === 'ip6' ? 'ip6' : 'ip', right, passage)
    : 'unknown';
};

const valuesOf = (right: unknown): readonly unknown[] => {
  const { set } = Object(right) as { readonly set?: unknown };
  return Array.isArray(set) ? set : Array.isArray(right) ? right : [right];
};

const metaShare = (key: string, right: unknown, passage: Passage): Share => {
  if (key === 'l4proto') return protocolShare(right, passage);
  const [near, far] = passage.direction === 'in' ? ['iif', 'oif'] : ['oif', 'iif'];
  if (key === far || key === `${far}name`) return 'none';
  if (key !== near && key !== `${near}name`) return 'unknown';
  const names = valuesOf(right).map(String);
  const isOwn = names.some((pattern) => isNamed(pattern, passage.interface));
  if (passage.zone === 'mesh') return isOwn ? 'all' : 'none';
  // Behind which of the others it is, nobody said.
  return names.every((name) => name === 'lo' || name === passage.interface) ? 'none' : 'unknown';
};

/** A star at the end stands for whatever comes. */
export const isNamed = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

const protocolShare = (right: unknown, { protocol }: Passage): Share => {
  if (protocol === 'any') return 'unknown';
  const names: readonly unknown[] = [
    ...[protocol, PROTOCOL_NUMBERS[protocol]],
    ...(protocol === 'icmpv6' ? ['ipv6-icmp'] : []),
  ];
  return valuesOf(right).some((each) => names.includes(each)) ? 'all' : 'none';
};

const portShare = (of: string, right: unknown, { protocol, ports }: Passage): Share => {
  if (protocol !== 'tcp' && protocol !== 'udp') return protocol === 'any' ? 'unknown' : 'none';
  if (of !== 'th' && of !== protocol) return 'none';
  const asked = valuesOf(right).flatMap((each): readonly (readonly [number, number])[] => {
    const { range } = Object(each) as { readonly range?: unknown };
    const [first, last] = Array.isArray(range) ? range : [each, each];
    return typeof first === 'number' && typeof last === 'number' ? [[first, last]] : [];
  });
  if (asked.length === 0) return 'unknown';
  // A rule for all ports is no rule for one of them.
  if (ports === null) return 'unknown';
  return shareAmong(
    ports.map(([first, last]) => [BigInt(first), BigInt(last)] as const),
    asked.map(([first, last]) => [BigInt(first), BigInt(last)] as const),
  );
};

type Range = readonly [first: bigint, last: bigint];

const shareAmong = (own: readonly Range[], asked: readonly Range[]): Share => {
  const isIn = ([first, last]: Range) => asked.some((one) => one[0] <= first && last <= one[1]);
  const touches = ([first, last]: Range) => asked.some((one) => one[0] <= last && first <= one[1]);
  return own.every(isIn) ? 'all' : own.some(touches) ? 'some' : 'none';
};

const addressShare = (family: Family, right: unknown, { remote }: Passage): Share => {
  // Whom a rule for everybody lets in, another may well keep out by name.
  if (remote === null) return 'unknown';
  const own = remote.filter((each) => each.family === family);
  if (own.length === 0) return 'none';
  const asked = valuesOf(right).map(prefixRange);
  const known = asked.filter((each) => each !== null);
  if (known.length < asked.length) return 'unknown';
  const share = shareAmong(
    own.map(({ first, last }): Range => [first, last]),
    known,
  );
  return share === 'all' && own.length < remote.length ? 'some' : share;
};

const prefixRange = (value: unknown): Range | null => {
  const { prefix } = Object(value) as { readonly prefix?: { readonly addr: string; len: number } };
  if (prefix !== undefined) {
    const cidr = parseCidr(`${prefix.addr}/${prefix.len}`);
    return cidr.ok ? [cidr.value.first, cidr.value.last] : null;
  }
  const number = typeof value === 'string' ? addressNumber(value) : null;
  return number === null ? null : [number.value, number.value];
};

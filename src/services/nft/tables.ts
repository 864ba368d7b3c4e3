/**
 * Rule: nft tables — a table as nft's JSON has it: sets, maps, chains and the expressions of
 * rules, made of typed fields only, so that no text of an operator is ever read as syntax.
 *
 * The forms are those in which nft lists them, so that what is read back can be compared.
 */

/** Which table: each service has its own, and touches no other. */
export interface Place {
  readonly family: 'inet';
  readonly table: string;
}

/**
 * Protocols by number: nft takes their names from /etc/protocols, which small systems lack. Then it
 * lists numbers, and reads no name.
 */
export const PROTOCOL_NUMBERS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

/** A statement or expression, as nft's JSON has it. */
export type Expression = Readonly<Record<string, unknown>>;

export interface NftRule {
  /** Whose doing it is. */
  readonly comment?: string;
  readonly expr: readonly Expression[];
}

/** Where a base chain hangs. Their policy is always to accept. */
export interface Hook {
  /** Absent: it filters. */
  readonly type?: 'nat';
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
  readonly prio: number;
}

export interface NftChain {
  readonly name: string;
  readonly hook: Hook | null;
  readonly rules: readonly NftRule[];
}

/** An element of a set (`verdict` null), or of a map: a verdict or what the map gives. */
export interface NftElement {
  readonly key: unknown;
  readonly verdict: Expression | string | number | null;
  /** Whose doing it is, or null. */
  readonly rule: string | null;
}

export interface NftSet {
  readonly name: string;
  readonly kind: 'set' | 'map';
  readonly type: string | readonly string[];
  readonly flags: readonly ('interval' | 'timeout')[];
  /** Of what a map gives; absent: verdicts. */
  readonly data?: readonly string[];
  /** Rules put elements into it, at most so many. Made by text only: see `text.ts`. */
  readonly sizeMax?: number;
  readonly isCounted: boolean;
  /** What is in it is let through: to add is to loosen. */
  readonly isOpening?: true;
  /** What is in it and is not wanted stays: others put it there, for a time. */
  readonly keepsOthers?: true;
  /** By `keyText`. */
  readonly elements: ReadonlyMap<string, NftElement>;
}

/** All of our table, or a part of it. */
export interface Table {
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/** What tells one element of a set from another. */
export const keyText = (key: unknown): string => JSON.stringify(key);

/** Elements by their keys. */
export const elementsOf = (elements: readonly NftElement[]): ReadonlyMap<string, NftElement> =>
  new Map(elements.map((element) => [keyText(element.key), element]));

/** Matches a field that is this, or one that is not. */
export const is = (left: Expression, right: unknown): Expression => match('==', left, right);
export const isNot = (left: Expression, right: unknown): Expression => match('!=', left, right);
/** Whether a field of flags has this one. */
export const has = (left: Expression, flag: string): Expression => match('in', left, flag);
const match = (op: string, left: Expression, right: unknown): Expression => ({
  match: { op, left, right },
});
/** One value as it is, several as a set. */
export const oneOrSet = (values: readonly unknown[]): unknown =>
  values.length === 1 ? values[0] : { set: values };

/** What a packet has. */
export const meta = (key: string): Expression => ({ meta: { key } });
export const ct = (key: string): Expression => ({ ct: { key } });
export const payload = (protocol: string, field: string): Expression => ({
  payload: { protocol, field },
});

/** Verdicts, and what goes before them. */
export const ACCEPT: Expression = { accept: null };
export const DROP: Expression = { drop: null };
export const RETURN: Expression = { return: null };
export const COUNTER: Expression = { counter: null };
export const jump = (target: string): Expression => ({ jump: { target } });
export const goto = (target: string): Expression => ({ goto: { target } });
/** Looks a key up in a map of verdicts, and goes on where it is not there. */
export const lookup = (key: readonly Expression[], map: string): Expression => ({
  vmap: { key: key.length === 1 ? key[0] : { concat: key }, data: `@${map}` },
});
/** A value of several parts. */
export const concat = (...parts: readonly unknown[]): Expression => ({ concat: parts });
/** Where a number leads: `verdicts` by the numbers from 0. */
export const among = (number: Expression, verdicts: readonly Expression[]): Expression => ({
  vmap: { key: number, data: { set: verdicts.map((verdict, index) => [index, verdict]) } },
});
/** The value that a number gives: `values` by the numbers from 0. */
export const given = (number: Expression, values: readonly unknown[]): Expression => ({
  map: { key: number, data: { set: values.map((value, index) => [index, value]) } },
});
/** Logs, at a bounded rate. A rule that ends here decides nothing. */
export const logged = (prefix: string): readonly Expression[] => [
  { limit: { rate: 10, burst: 20, per: 'second' } },
  { log: { prefix } },
];

/** Matches what is over a rate: `count` in each `per`, and `burst` besides. */
export const rateOver = (rate: {
  readonly count: number;
  readonly per: string;
  readonly burst: number;
}): Expression => ({
  limit: { rate: rate.count, burst: rate.burst, per: rate.per, inv: true },
});

/** Most addresses that a meter remembers: nft's own default. */
const METER_SIZE = 65_535;

/** Matches what is over so many connections at a time of one `key`. `name`: of the meter. */
export const connectionsOver = (count: number, key: Expression, name: string): Expression => ({
  meter: { key, stmt: { 'ct count': { val: count, inv: true } }, size: METER_SIZE, name },
});

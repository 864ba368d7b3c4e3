/**
 * Rule: firewall foreign asks — what a rule of another program asks for, as nft lists it.
 *
 * 1. What cannot be read for certain is `unknown`, a named set above all: who is in it is not seen.
 */

import { PROTOCOL_NUMBERS } from '../nft/tables.ts';
import { BITS, type Family, parseCidr } from '../selectors/cidr.ts';
import { merged, type Range } from './foreign-ranges.ts';

export type Json = Readonly<Record<string, unknown>>;

/** `isWhole`: all that it names could be read. */
interface Named {
  readonly isNot: boolean;
  readonly isWhole: boolean;
}

/** What must be true of a connection. */
export type Ask =
  | { readonly kind: 'unknown' }
  | (Named & { readonly kind: 'port'; readonly of: string; readonly ranges: readonly Range[] })
  | (Named & {
      readonly kind: 'address';
      readonly family: Family;
      readonly field: string;
      readonly ranges: readonly Range[];
    })
  | (Named & { readonly kind: 'iif' | 'oif'; readonly names: readonly string[] })
  | (Named & { readonly kind: 'protocol'; readonly values: readonly unknown[] })
  | { readonly kind: 'family'; readonly family: Family };

const UNKNOWN: readonly Ask[] = [{ kind: 'unknown' }];

/** What a match asks for, or null where it takes nothing that is new. */
export const asksOf = ({ op, left, right }: Json): readonly Ask[] | null => {
  const isNot = op === '!=';
  const { meta, ct, payload } = Object(left) as Json;
  if (!isNot && op !== '==' && op !== 'in') return UNKNOWN;
  const { key } = Object(meta ?? ct) as { readonly key?: unknown };
  if (ct !== undefined) return ctAsks(key, right, isNot);
  if (meta !== undefined) return metaAsks(String(key), right, isNot);
  return payload === undefined ? UNKNOWN : payloadAsks(Object(payload), right, isNot);
};

/** States and translations: what is new is in none but `new`. */
const ctAsks = (key: unknown, right: unknown, isNot: boolean): readonly Ask[] | null => {
  const values = valuesOf(right);
  const isWhole = values.every(isReadable);
  if (key === 'state') {
    const isNew = values.includes('new');
    if (!isNew && !isWhole) return UNKNOWN;
    return isNew === isNot ? null : [];
  }
  // What goes straight to its port was not translated.
  const isTranslated = values.every((each) => each === 'dnat' || each === 'snat');
  return key === 'status' && isTranslated ? (isNot ? [] : null) : UNKNOWN;
};

const metaAsks = (key: string, right: unknown, isNot: boolean): readonly Ask[] => {
  const values = valuesOf(right);
  const isWhole = values.every(isReadable);
  if (key === 'l4proto') return [{ kind: 'protocol', values, isNot, isWhole }];
  const [, kind] = /^(iif|oif)(?:name)?$/.exec(key) ?? [];
  if (kind !== 'iif' && kind !== 'oif') return UNKNOWN;
  return [{ kind, names: values.filter(isReadable).map(String), isNot, isWhole }];
};

const payloadAsks = (payload: Json, right: unknown, isNot: boolean): readonly Ask[] => {
  const [of, field] = [String(payload.protocol), String(payload.field)];
  const values = valuesOf(right);
  if (field === 'dport') return [{ kind: 'port', of, isNot, ...rangesOf(values, portRange) }];
  const family = of === 'ip6' ? 'ip6' : 'ip';
  if (field === 'protocol' || field === 'nexthdr') {
    const isWhole = values.every(isReadable);
    return [
      { kind: 'family', family },
      { kind: 'protocol', values, isNot, isWhole },
    ];
  }
  if (field === 'saddr' || field === 'daddr') {
    return [{ kind: 'address', family, field, isNot, ...rangesOf(values, addressRange) }];
  }
  // A field of another protocol's header.
  return of in PROTOCOL_NUMBERS
    ? [{ kind: 'protocol', values: [of], isNot: false, isWhole: true }, ...UNKNOWN]
    : UNKNOWN;
};

const valuesOf = (right: unknown): readonly unknown[] => {
  const { set } = Object(right) as { readonly set?: unknown };
  return Array.isArray(set) ? set : Array.isArray(right) ? right : [right];
};

/** A name or a number, and not the name of a set. */
const isReadable = (value: unknown): boolean =>
  typeof value === 'number' || (typeof value === 'string' && !value.startsWith('@'));

const rangesOf = (values: readonly unknown[], read: (value: unknown) => Range | null) => {
  const ranges = values.map(read).filter((each) => each !== null);
  return { ranges: merged(ranges), isWhole: ranges.length === values.length };
};

/** Both ends of a range, or the one value twice. */
const endsOf = (value: unknown): readonly [unknown, unknown] => {
  const { range } = Object(value) as { readonly range?: unknown };
  return Array.isArray(range) ? [range[0], range[1]] : [value, value];
};

const portRange = (value: unknown): Range | null => {
  const [first, last] = endsOf(value);
  if (typeof first !== 'number' || typeof last !== 'number') return null;
  const isRange = Number.isInteger(first) && Number.isInteger(last) && first <= last;
  return isRange ? [BigInt(first), BigInt(last)] : null;
};

/** By its prefix: those are remembered, and a look comes after the other. */
const addressRange = (value: unknown): Range | null => {
  const { prefix } = Object(value) as { readonly prefix?: Json };
  if (prefix !== undefined) return prefixRange(String(prefix.addr), Number(prefix.len));
  const [first, last] = endsOf(value).map((each) =>
    typeof each === 'string' ? prefixRange(each, BITS[each.includes(':') ? 'ip6' : 'ip']) : null,
  );
  return first && last ? [first[0], last[1]] : null;
};

const prefixRange = (address: string, length: number): Range | null => {
  const cidr = parseCidr(`${address}/${length}`);
  return cidr.ok ? [cidr.value.first, cidr.value.last] : null;
};

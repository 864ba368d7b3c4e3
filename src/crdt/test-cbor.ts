/**
 * Rule: test cbor — CBOR that is not ours, byte by byte, alone and inside what an author says; for
 * tests only.
 */
import { hex } from '@scure/base';
import { encode } from './codec.ts';
import { NOW } from './test-mesh.ts';

/** Bytes that are refused, and what is wrong with them. */
export const REFUSED: readonly (readonly [hex: string, why: string])[] = [
  ['', 'empty'],
  ['1801', 'an integer longer than need be'],
  ['1b0020000000000000', 'an integer beyond 2^53 - 1'],
  ['3b001fffffffffffff', 'an integer below -(2^53 - 1)'],
  ['c249010000000000000000', 'a big integer'],
  ['f93c00', 'a float that is an integer'],
  ['f97e00', 'not a number'],
  ['fb3ff8000000000000', 'a float'],
  ['f98000', 'minus zero'],
  ['f7', 'undefined'],
  ['81f7', 'undefined inside'],
  ['c000', 'a tag'],
  ['e0', 'a simple value'],
  ['0000', 'trailing data'],
  ['9f01ff', 'a list of indefinite length'],
  ['bfff', 'a record of indefinite length'],
  ['5f4101ff', 'bytes of indefinite length'],
  ['7f6161ff', 'a text of indefinite length'],
  ['8200', 'a list that is cut'],
  ['9bffffffffffffffff', 'a list of 2^64 items'],
  ['9a7fffffff00', 'a list of 2^31 items, with one'],
  ['5a7fffffff00', 'bytes of 2^31, with one'],
  ['a26161016161' + '02', 'a field twice'],
  ['a26162016161' + '02', 'fields out of order'],
  ['a10100', 'a key that is no text'],
  ['a1695f5f70726f746f5f5fa0', 'the key __proto__'],
  ['a16b636f6e7374727563746f72f6', 'the key constructor'],
  ['a16970726f746f74797065f6', 'the key prototype'],
  ['61ff', 'a text that is not UTF-8'],
  ['63eda080', 'half of a surrogate pair'],
  ['63efbbbf', 'a byte order mark'],
];

const hexOf = (value: string | readonly number[] | null): string => hex.encode(encode(value));

/** An entry of which one part is these bytes, whatever they are; `whole`: they are all of it. */
export const entriesWith = (
  wrong: string,
  path: string,
): readonly (readonly [string, Uint8Array])[] => {
  const good = { hlc: hexOf([NOW, 0]), path: hexOf(path), value: 'f5', replaces: 'f6' };
  const spell = (record: Readonly<Record<string, string>>): string =>
    `a4${Object.entries(record)
      .map(([field, bytes]) => `${hexOf(field)}${bytes}`)
      .join('')}`;
  const parts = Object.keys(good).map((part) => [part, spell({ ...good, [part]: wrong })] as const);
  const list = ['list', spell({ ...good, value: `81${wrong}` })] as const;
  return [...parts, list, ['whole', wrong] as const].map(
    ([part, text]) => [part, hex.decode(text)] as const,
  );
};

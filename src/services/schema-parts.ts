/**
 * Rule: schema parts — what the records of all services are made of.
 */
import * as z from 'zod/mini';
import { NAME_PATTERN } from '../crdt/names.ts';

/** Most entries of one list. A rule with more is better a group, or a CIDR. */
export const LIST_MAX = 256;
/** A whole number within bounds. */
export const integer = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const why = `must be an integer from ${least} to ${most}`;
  return z.int(why).check(z.gte(least, why), z.lte(most, why));
};

/** One of these words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be one of ${words.join(', ')}`);

/** A list that holds at least one thing: an empty one would match nothing, or everything. */
export const list = <Item extends z.ZodMiniType>(item: Item) =>
  z
    .array(item, 'must be a list')
    .check(z.minLength(1, 'is empty'), z.maxLength(LIST_MAX, `holds more than ${LIST_MAX}`));

/** Plain text in one line. `lengthMax`: characters. */
export const text = (lengthMax: number) =>
  z
    .string('must be a text')
    .check(
      z.maxLength(lengthMax, `must be at most ${lengthMax} characters`),
      z.refine(isPlain, 'must be plain text in one line'),
    );

/** No control characters: a comment stands in tables on terminals. */
const isPlain = (value: string): boolean => value.isWellFormed() && !/\p{Cc}/u.test(value);

/** A name of an object. */
export const name = z.string('must be a name').check(z.regex(NAME_PATTERN, 'must be a name'));

/** First and last port. */
export const portRange = z
  .tuple([integer(1, 65_535), integer(1, 65_535)], 'must be [first, last]')
  .check(z.refine(([first, last]) => first <= last, 'is reversed'));
export type PortRange = z.infer<typeof portRange>;

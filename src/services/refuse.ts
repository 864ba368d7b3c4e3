/**
 * Rule: refuse — what is not acceptable, in one line that repeats no more of a value than
 * helps to see it.
 */
import { Fault } from '../fault.ts';

/** How much of a bad value is repeated. Unit: characters. */
const QUOTE_MAX = 60;

/** The fault of a value. */
export const refuse = (field: string, value: string, why: string, remedy: string): Fault => {
  const long = value.length > QUOTE_MAX ? `${value.slice(0, QUOTE_MAX)}… (${value.length})` : value;
  return new Fault('refused', { field, value: value === '' ? '(empty)' : long, why, remedy });
};

/** The value as one of these words. Fault 'refused' for another. */
export const oneOf = <Word extends string>(
  field: string,
  value: string,
  words: readonly Word[],
): Word => {
  const word = words.find((each) => each === value);
  if (word !== undefined) return word;
  throw refuse(field, value, 'not known', `choose of ${words.join(', ')}`);
};

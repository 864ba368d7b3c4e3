/**
 * Rule: wording — what may be long, in few words: whoever reads it has one line for it.
 */

/** How many of several are named. */
const NAMED_MAX = 3;

/** A text of at most so many characters; its end is missing where it was longer. */
export const cutTo = (text: string, lengthMax: number): string =>
  text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).toWellFormed()}…`;

/** The first of them, and how many more there are. */
export const fewOf = (parts: readonly string[], separator: string): string => {
  const more = parts.length - NAMED_MAX;
  const told = parts.slice(0, NAMED_MAX);
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join(separator);
};

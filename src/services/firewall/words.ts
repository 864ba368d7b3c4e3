/**
 * Rule: firewall words — objects of nft's JSON reduced to words that can be compared, whoever
 * wrote them: we, or nft when it lists them.
 *
 * Handles, counters and times go, and so does nesting, in which the versions of nft differ.
 */

/** Keys whose values differ from look to look and say nothing. */
const UNTOLD: ReadonlySet<string> = new Set([
  ...['handle', 'packets', 'bytes', 'expires', 'elem', 'metainfo', 'family', 'table'],
]);

/** The words of an object, in an order that does not depend on how it is nested. */
export const wordsOf = (value: unknown): string => sorted(wordsIn(value));

/** Words in that order, as one text. */
export const sorted = (words: readonly string[]): string => words.toSorted().join(' ');

/** The words of an object, as they come. */
export const wordsIn = (value: unknown): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(wordsIn);
  if (typeof value !== 'object' || value === null)
    return value === null ? [] : [JSON.stringify(value)];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === '|' || key === '&') return wordsIn(inner);
    return UNTOLD.has(key) ? [] : [key, ...wordsIn(inner)];
  });
};

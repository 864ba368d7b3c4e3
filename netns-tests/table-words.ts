/**
 * Rule: table words — a listing of our table (`nft -s list table`) without what each load has of
 * its own, so that two of them can be compared.
 */

/** Without the generations by which connections are marked. */
export const withoutGenerations = (listing: string): string =>
  listing.replaceAll(/^\tset (?:now|trial)\/generation \{[^}]*\}\s*\}$/gm, '');

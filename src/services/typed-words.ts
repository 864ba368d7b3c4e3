/**
 * Rule: typed words — names, comments, ports and times as people type them for verbs of any
 * service.
 */
import { NAME_PATTERN } from '../crdt/names.ts';
import { refuse } from './refuse.ts';
import type { PortRange } from './schema-parts.ts';

/** Fault 'refused' for what cannot be a name. */
export function mustBeName(field: string, name: string): void {
  if (NAME_PATTERN.test(name)) return;
  const why = 'is no name: 1 to 63 of a-z, 0-9 and -, neither first nor last a -';
  throw refuse(field, name, why, 'choose one as web-in');
}

/** Letters, digits and the signs of a sentence; nothing that a shell or a rule file could obey. */
const COMMENT = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} .,:/@#+=()_-]{0,199}$/u;

/** A comment. Fault 'refused' for one with other signs. */
export function readComment(text: string | null): string | null {
  if (text === null || COMMENT.test(text)) return text;
  const why = 'has other characters than letters, digits, blanks and . , : / @ # + = ( ) _ -';
  throw refuse('comment', text, why, 'begin with a letter or digit, and use at most 200 of those');
}

/** One port or a range, `80`, `80-90` or, as in the original's rules, `80:90`. */
export function readPorts(field: string, text: string): PortRange {
  const [, first = '', last = first] = /^(\d{1,9})(?:[-:](\d{1,9}))?$/.exec(text) ?? [];
  if (first === '') throw refuse(field, text, 'is no port and no range', 'write 443 or 8000-8090');
  const range: PortRange = [Number(first), Number(last)];
  const bad = range.find((port) => port < 1 || port > 65_535);
  if (bad !== undefined) {
    throw refuse(field, text, `${bad} is no port`, 'choose from 1 to 65535');
  }
  if (range[0] <= range[1]) return range;
  throw refuse(field, text, 'is reversed', `write ${range[1]}-${range[0]}`);
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `10m`: a time as it is typed. */
export const durationText = (ms: number): string => {
  const unit = ms === 0 ? undefined : UNITS.find(([, size]) => ms % size === 0);
  if (unit !== undefined) return `${ms / unit[1]}${unit[0]}`;
  return ms === 0 ? '0s' : `${ms}ms`;
};

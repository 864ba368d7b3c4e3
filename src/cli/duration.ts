/**
 * Rule: duration — `90s`, `1h`, `7d` to milliseconds.
 */
import { Fault } from '../fault.ts';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a text such as `90s`. Fault 'refused' naming `field` when it is none. */
export function readDuration(field: string, text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] as keyof typeof UNITS_MS | undefined;
  if (match === null || unit === undefined) {
    throw new Fault('refused', {
      field,
      value: text,
      why: 'not a duration',
      remedy: 'write a number and ms, s, m, h or d, as 90s or 1h',
    });
  }
  return Number(match[1]) * UNITS_MS[unit];
}

/**
 * Rule: duration — `90s`, `1h`, `7d` to milliseconds.
 */
import { Fault } from '../fault.ts';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** What a duration has to lie within, as it is typed. */
interface Bounds {
  readonly least: string;
  readonly most?: string;
}

/** Milliseconds of a text such as `90s`. Fault 'refused' naming `field` when it is none within. */
export function readDuration(
  field: string,
  text: string,
  bounds: Bounds = { least: '0s' },
): number {
  const { least, most } = bounds;
  const durationMs = durationOf(text);
  if (durationMs === null) {
    const remedy = 'write a number and ms, s, m, h or d, as 90s or 1h';
    throw new Fault('refused', { field, value: text, why: 'not a duration', remedy });
  }
  const isLess = durationMs < (durationOf(least) ?? 0);
  if (!isLess && durationMs <= (durationOf(most ?? '') ?? durationMs)) return durationMs;
  const remedy = most === undefined ? `give ${least} or more` : `give ${least} to ${most}`;
  const why = isLess ? 'too short' : 'too long';
  throw new Fault('refused', { field, value: text, why, remedy });
}

function durationOf(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] as keyof typeof UNITS_MS | undefined;
  return match === null || unit === undefined ? null : Number(match[1]) * UNITS_MS[unit];
}

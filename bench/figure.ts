/** Rule: figure — one thing measured, of us and of others, and whether it is as it must be. */
import { mean, median, pairRatio, percentile99 } from './statistics.ts';

/** One measurement. `value` in the unit of its figure. */
export interface Sample {
  readonly value: number;
  /** CPU time that it took, ms, where that says something. */
  readonly cpuMs?: number;
}

/** What was measured of one contender, round by round. */
export interface Series {
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** What must hold of a series. `ratio`: the first series' to that of the name `to`. */
export type Limit = {
  readonly atMost?: number;
  readonly atLeast?: number;
} & (
  | { readonly of: 'median' | 'p99' | 'worst'; readonly series: string }
  | { readonly of: 'ratio'; readonly to: string }
);

/** One thing measured. The first series is ours; rounds of all series belong together. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly series: readonly Series[];
  readonly limits: readonly Limit[];
}

/** What is said of one series. `ratio`: ours to this one's; null of ours and of single values. */
export interface Summary {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly p99: number;
  readonly rounds: number;
  /** Mean CPU time of a round, ms; null where none was measured. */
  readonly cpuMs: number | null;
  readonly ratio: number | null;
}

/** A limit and what was measured. */
export interface Verdict {
  readonly text: string;
  readonly isKept: boolean;
}

const valuesOf = ({ samples }: Series): readonly number[] => samples.map(({ value }) => value);

/** What is said of each series of a figure, in their order. */
export function summariesOf({ series }: Figure): readonly Summary[] {
  const [ours] = series;
  return series.map((each) => {
    const values = valuesOf(each);
    const cpu = each.samples.flatMap(({ cpuMs }) => cpuMs ?? []);
    return {
      name: each.name,
      median: median(values),
      min: Math.min(...values),
      max: Math.max(...values),
      p99: percentile99(values),
      rounds: values.length,
      cpuMs: cpu.length === 0 ? null : mean(cpu),
      ratio: ours === undefined || each === ours ? null : pairRatio(valuesOf(ours), values),
    };
  });
}

/** Each limit of a figure, and whether it is kept. A limit of a series that is missing is not. */
export function verdictsOf(figure: Figure): readonly Verdict[] {
  const summaries = summariesOf(figure);
  return figure.limits.map((limit) => {
    const { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY } = limit;
    const name = limit.of === 'ratio' ? limit.to : limit.series;
    const value = measured(limit, summaries.find((each) => each.name === name) ?? null);
    const isKept = value !== null && value <= atMost && value >= atLeast;
    const unit = limit.of === 'ratio' ? '' : ` ${figure.unit}`;
    const bounds = [
      ...(limit.atLeast === undefined ? [] : [`≥ ${limit.atLeast}${unit}`]),
      ...(limit.atMost === undefined ? [] : [`≤ ${limit.atMost}${unit}`]),
    ].join(', ');
    const what = limit.of === 'ratio' ? `ratio to ${name}` : `${limit.of} of ${name}`;
    const found = value === null ? 'not measured' : `${rounded(value)}${unit}`;
    return { text: `${figure.name}: ${what} ${bounds}: ${found}`, isKept };
  });
}

/** The value that a limit speaks of. The worst is the one farthest on the wrong side. */
function measured(limit: Limit, summary: Summary | null): number | null {
  if (summary === null) return null;
  if (limit.of === 'median') return summary.median;
  if (limit.of === 'p99') return summary.p99;
  if (limit.of === 'ratio') return summary.ratio;
  return limit.atMost === undefined ? summary.min : summary.max;
}

/** A number as people read it: three digits, never fewer than the whole ones. */
export const rounded = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));

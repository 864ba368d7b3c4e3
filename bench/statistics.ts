/** Rule: statistics — what is said of a handful of measured values. */

/** The middle value; of an even number of them the mean of the two in the middle. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted.at(-middle - 1), sorted[middle]];
  return (low + high) / 2;
}

/** The smallest value that 99 of 100 do not exceed. NaN of none. */
export const percentile99 = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(0.99 * values.length) - 1] ?? Number.NaN;

/** The mean. NaN of none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The median of one : other over the rounds. What disturbs a round disturbs both its sides, so this
 * says more than the ratio of the two medians.
 */
export const pairRatio = (one: readonly number[], other: readonly number[]): number =>
  median(one.slice(0, other.length).map((value, round) => value / (other[round] ?? Number.NaN)));

/** Counts of tests, read from what a tier printed. */

/** How many tests passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const sum = (text: string, pattern: RegExp): number | null => {
  const found = [...text.matchAll(pattern)].map((match) => Number(match[1]));
  return found.length === 0 ? null : found.reduce((total, each) => total + each, 0);
};

/**
 * The tally of a tier: the summary of node:test, or the last line `N passed, N failed`; a tier that
 * prints neither is one test. A tier that failed counts at least one failure.
 */
export const tallyOf = (output: string, isPassed: boolean): Tally => {
  const own = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const passed = own ? Number(own[1]) : sum(output, /^ℹ pass (\d+)$/gm);
  const failed = own ? Number(own[2]) : sum(output, /^ℹ (?:fail|cancelled) (\d+)$/gm);
  if (passed === null) return isPassed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  return { passed, failed: isPassed ? (failed ?? 0) : Math.max(1, failed ?? 0) };
};

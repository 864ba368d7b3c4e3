/**
 * Rule: report — what the machine under test says line by line, in the Test Anything Protocol:
 * `ok 1 - what`, `not ok 2 - what`, and at the end `1..2`.
 */

/** One line. */
export type ReportLine =
  | { readonly kind: 'check'; readonly isPassed: boolean; readonly name: string }
  | { readonly kind: 'end'; readonly count: number }
  | { readonly kind: 'noise'; readonly text: string };

/** Reads a line; whatever has no known form is noise. */
export const readLine = (line: string): ReportLine => {
  const check = /^(not )?ok \d+ - (.+)$/.exec(line);
  if (check !== null) return { kind: 'check', isPassed: !check[1], name: check[2] ?? '' };
  const end = /^1\.\.(\d+)$/.exec(line);
  if (end !== null) return { kind: 'end', count: Number(end[1]) };
  return { kind: 'noise', text: line };
};

/** What came of all lines. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  /** Why the report cannot be trusted although no check failed; null when it can. */
  readonly why: string | null;
}

/** Counts. A report that does not end, or tells another number than it has, counts as a failure. */
export const outcomeOf = (lines: readonly ReportLine[]): Outcome => {
  const checks = lines.filter((line) => line.kind === 'check');
  const ends = lines.filter((line) => line.kind === 'end');
  const passed = checks.filter(({ isPassed }) => isPassed).length;
  const failed = checks.length - passed;
  const why = whyNot(checks.length, ends);
  return { passed, failed: failed === 0 && why !== null ? 1 : failed, why };
};

const whyNot = (checks: number, ends: readonly { readonly count: number }[]): string | null => {
  const [end] = ends;
  if (end === undefined) return 'the machine went away before the last check';
  if (checks === 0) return 'the machine checked nothing';
  if (ends.length > 1 || end.count !== checks) {
    return `the machine counted ${end.count} checks, ${checks} arrived`;
  }
  return null;
};

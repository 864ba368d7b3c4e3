/**
 * Rule: contract — what a contract suite of a port needs of a test runner, so that one suite runs
 * on every edge.
 *
 * The suites beside this file say what a port promises; the Linux edges and the simulator's edges
 * both run them. They get the runner and the assertions handed in, because only edges import
 * `node:*`.
 */

/** Assertions, as `node:assert/strict` has them. */
export interface Assertions {
  readonly equal: (actual: unknown, expected: unknown, message?: string) => void;
  readonly deepEqual: (actual: unknown, expected: unknown, message?: string) => void;
  readonly rejects: (action: () => Promise<unknown>) => Promise<void>;
}

/** A test runner: registers a test under a name. */
export interface Suite {
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly assert: Assertions;
}

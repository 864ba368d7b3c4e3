/**
 * Rule: fault — the one error that a person or a program outside ever sees.
 *
 * Every expected failure at an edge, in the CLI or in the API is a Fault; anything else that is
 * thrown is a programmer's error and ends the process. The code decides the exit status and the
 * HTTP status, nothing else does.
 */

/** What kind of failure it is. Meaning, exit status and HTTP status stand in `FAULT_STATUS`. */
export type FaultCode =
  | 'usage'
  | 'refused'
  | 'forbidden'
  | 'no-daemon'
  | 'timeout'
  | 'unfinished'
  | 'internal';

/**
 * Exit and HTTP status per code; no two codes share an HTTP status, by which the CLI tells them
 * apart. After usage, refused, forbidden and no-daemon nothing was
 * changed. `unfinished` is a leave that a person must help: trying again by itself would not.
 */
export const FAULT_STATUS: Readonly<Record<FaultCode, { exit: number; http: number }>> = {
  usage: { exit: 2, http: 400 },
  refused: { exit: 3, http: 409 },
  forbidden: { exit: 3, http: 403 },
  'no-daemon': { exit: 4, http: 503 },
  timeout: { exit: 5, http: 504 },
  unfinished: { exit: 6, http: 424 },
  internal: { exit: 1, http: 500 },
};

/**
 * The facts of a fault: which field, what value it had, why that is not acceptable, and what to
 * do about it.
 */
export interface FaultFacts {
  readonly field: string;
  readonly value: string;
  readonly why: string;
  readonly remedy: string;
}

/** An expected failure. `message` is the one line `field: value: why; remedy`. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly facts: FaultFacts;

  constructor(code: FaultCode, facts: FaultFacts, cause?: unknown) {
    super(`${facts.field}: ${facts.value}: ${facts.why}; ${facts.remedy}`, { cause });
    this.name = 'Fault';
    this.code = code;
    this.facts = facts;
  }
}

/**
 * Rule: core message — how whoever has the core role says so, and what it is answered.
 *
 * A claim is believed of its sender alone: the connection is authenticated, so it is not signed.
 * Nor is a pass: by it the elected one leaves its turn in this epoch to the next.
 */
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { compareTerms, type Pass, type Term } from './election.ts';

/** The latest moment that is one: the year 10889, which every reader of dates can show. */
const MOMENT_MS_MAX = 2 ** 48;

/** Longest message. Unit: bytes. */
export const CORE_BYTES_MAX = 1_024;

/** "I have the role, in this term, since then" by the sender's wall clock, Unix ms. */
export interface Claim {
  readonly term: Term;
  readonly sinceMs: number;
}

/**
 * Whether it was taken; whether the answering member elects the claimer at all; and the highest
 * term that it has taken, null for none.
 */
export interface ClaimAnswer {
  readonly isTaken: boolean;
  readonly isElected: boolean;
  readonly highest: Term | null;
}

const VERSION = 1;

/** A claim as bytes. */
export const encodeClaim = ({ term: { epoch, n }, sinceMs }: Claim): Uint8Array =>
  encode({ v: VERSION, epoch, n, sinceMs });

/** Reads a claim; null for what is none. */
export function decodeClaim(bytes: Uint8Array): Claim | null {
  const record = recordIn(bytes);
  const term = record === null ? null : termIn(record);
  const sinceMs = record?.sinceMs;
  return term !== null && isCount(sinceMs) && sinceMs <= MOMENT_MS_MAX ? { term, sinceMs } : null;
}

/** "I leave my turn in this epoch to the next" as bytes. */
export const encodePass = ({ epoch, why }: Pass): Uint8Array =>
  encode({ v: VERSION, passes: epoch, ...(why === 'wrong clock' ? { why: CLOCK } : {}) });

/** Reads a pass; null for what is none. A reason that this version does not know is not told. */
export function decodePass(bytes: Uint8Array): Pass | null {
  const record = recordIn(bytes);
  const epoch = record?.passes;
  if (!isCount(epoch)) return null;
  return { epoch, why: record?.why === CLOCK ? 'wrong clock' : 'unable' };
}
const CLOCK = 'clock';

/** An answer as bytes. */
export const encodeClaimAnswer = ({ isTaken, isElected, highest }: ClaimAnswer): Uint8Array =>
  encode({ v: VERSION, isTaken, isElected, ...(highest === null ? {} : { ...highest }) });

/** Reads an answer; null for what is none. */
export function decodeClaimAnswer(bytes: Uint8Array): ClaimAnswer | null {
  const record = recordIn(bytes);
  if (record === null || typeof record.isTaken !== 'boolean') return null;
  return {
    isTaken: record.isTaken,
    isElected: record.isElected === true,
    highest: termIn(record),
  };
}

/** Terms as they are kept on disk, rising. */
export const encodeTerms = ([first, ...later]: readonly Term[]): Uint8Array =>
  encode({ v: VERSION, ...first, ...(later.length === 0 ? {} : { later: later.map(fieldsOf) }) });

/** Reads them back, rising; none for what are none. */
export function decodeTerms(bytes: Uint8Array): readonly Term[] {
  const record = recordIn(bytes);
  if (record === null) return [];
  const { later } = record;
  const records = [record, ...(Array.isArray(later) ? later.filter(isRecord) : [])];
  return records.flatMap((each) => termIn(each) ?? []).toSorted(compareTerms);
}

const fieldsOf = ({ epoch, n }: Term) => ({ epoch, n });

type Fields = { readonly [key: string]: Value };

const recordIn = (bytes: Uint8Array): Fields | null => {
  const read = decode(bytes, CORE_BYTES_MAX);
  return read.ok && isRecord(read.value) && read.value.v === VERSION ? read.value : null;
};

const termIn = ({ epoch, n }: Fields): Term | null =>
  isCount(epoch) && isCount(n) ? { epoch, n } : null;

const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

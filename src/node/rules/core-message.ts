/**
 * Rule: core message — how whoever has the core role says so, what it is answered, and how others
 * hand on what it said.
 *
 * 1. A claim says who has the role; by a pass the elected one leaves its turn in this epoch to the
 *    next. Of its sender either is believed as it is: the connection is authenticated.
 * 2. Whoever hands one on can change nothing of it: it is signed by its author, with the mesh. Who
 *    runs an early release does not sign, and is believed of itself alone.
 */
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, type MemberId, memberIdOf } from '../../crdt/ids.ts';
import { sign, verify } from '../../crdt/signed.ts';
import type { Crypto } from '../../ports.ts';
import { compareTerms, type Pass, type Term } from './election.ts';
import type { Speaker } from './word-message.ts';

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
 * term that it has taken, null for none. To a question: what the member in question said, as it
 * came here, in the order in which it counts.
 */
export interface ClaimAnswer {
  readonly isTaken: boolean;
  readonly isElected: boolean;
  readonly highest: Term | null;
  readonly said: readonly Uint8Array[];
}

/** Messages that one answer hands on at most: a pass and a claim. */
const SAID_MAX = 2;

const VERSION = 1;

/** A claim as bytes that nobody signed. */
export const encodeClaim = (claim: Claim): Uint8Array => encode(claimFields(claim));

const claimFields = ({ term: { epoch, n }, sinceMs }: Claim): Fields => ({
  v: VERSION,
  epoch,
  n,
  sinceMs,
});

/** Reads a claim; null for what is none. */
export function decodeClaim(bytes: Uint8Array): Claim | null {
  const record = recordIn(bytes);
  const term = record === null ? null : termIn(record);
  const sinceMs = record?.sinceMs;
  return term !== null && isCount(sinceMs) && sinceMs <= MOMENT_MS_MAX ? { term, sinceMs } : null;
}

/** "I leave my turn in this epoch to the next" as bytes that nobody signed. */
export const encodePass = (pass: Pass): Uint8Array => encode(passFields(pass));

const passFields = ({ epoch, why }: Pass): Fields => ({
  v: VERSION,
  passes: epoch,
  ...(why === 'wrong clock' ? { why: CLOCK } : {}),
});

/** Reads a pass; null for what is none. A reason that this version does not know is not told. */
export function decodePass(bytes: Uint8Array): Pass | null {
  const record = recordIn(bytes);
  const epoch = record?.passes;
  if (!isCount(epoch)) return null;
  return { epoch, why: record?.why === CLOCK ? 'wrong clock' : 'unable' };
}
const CLOCK = 'clock';

/** "What did this member say of the role?" as bytes. An early release takes it for no claim. */
export const encodeQuestion = (about: MemberId): Uint8Array =>
  encode({ v: VERSION, about: bytesOfId(about) });

/** Reads a question: who is asked about; null for what is none. */
export function decodeQuestion(bytes: Uint8Array): MemberId | null {
  const about = recordIn(bytes)?.about;
  return isBytes(about, 32) ? memberIdOf(about) : null;
}

/** An answer as bytes. */
export const encodeClaimAnswer = ({ isTaken, isElected, highest, said }: ClaimAnswer): Uint8Array =>
  encode({
    v: VERSION,
    isTaken,
    isElected,
    ...(highest === null ? {} : { ...highest }),
    ...(said.length === 0 ? {} : { said }),
  });

/** Reads an answer; null for what is none. */
export function decodeClaimAnswer(bytes: Uint8Array): ClaimAnswer | null {
  const record = recordIn(bytes);
  if (record === null || typeof record.isTaken !== 'boolean') return null;
  const said = Array.isArray(record.said) ? (record.said as readonly Value[]) : [];
  return {
    isTaken: record.isTaken,
    isElected: record.isElected === true,
    highest: termIn(record),
    said: said.filter((one) => one instanceof Uint8Array).slice(0, SAID_MAX),
  };
}

/** Signs what a member says of the role, and checks what is handed on. */
export interface CoreSigner {
  /** A claim of this member as bytes. */
  claim(claim: Claim): Uint8Array;
  /** A pass of this member as bytes. */
  pass(pass: Pass): Uint8Array;
  /** Whether that member said this in this mesh, whatever else a later release may put in it. */
  isSaid(author: MemberId, message: Uint8Array): boolean;
}

/** Signatures with the seed of a member. */
export function createCoreSigner(
  crypto: Crypto,
  { seed, meshId }: Pick<Speaker, 'seed' | 'meshId'>,
): CoreSigner {
  const mesh = bytesOfId(meshId);
  const signed = (fields: Fields): Uint8Array =>
    encode({ ...fields, signature: sign(crypto, seed, KIND, { ...fields, mesh }) });
  return {
    claim: (claim) => signed(claimFields(claim)),
    pass: (pass) => signed(passFields(pass)),
    isSaid: (author, message) => {
      const { signature, ...fields } = recordIn(message) ?? {};
      if (!isBytes(signature, 64)) return false;
      const record = { ...fields, mesh };
      return verify(crypto, bytesOfId(author), { kind: KIND, record, signature });
    },
  };
}

/** What these signatures are for, and no others. */
const KIND = 'core';

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

const isBytes = (value: Value | undefined, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;

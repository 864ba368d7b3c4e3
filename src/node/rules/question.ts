/**
 * Rule: question — what one member asks another of itself, and what comes back.
 *
 * 1. Whoever is asked may be hostile, and so may whoever asks: all that is read is bounded, and of
 *    another form than these it is nothing.
 */
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { Fault, type FaultCode } from '../../fault.ts';

/** Longest question and longest answer. Unit: bytes. A page of a log and what is around it. */
export const QUESTION_BYTES_MAX = 512 * 1024;

/** Longest text of a fault that another member tells. Unit: characters. */
const TOLD_MAX = 500;

/** What can go wrong at the other member. What else a code may mean is this one's own business. */
const CODES: readonly FaultCode[] = ['refused', 'forbidden', 'timeout'];

/** What is asked, by its name, and how exactly: the topic's own record. */
export interface Question {
  readonly topic: string;
  readonly wish: Value;
}

/** What came of it. */
export type QuestionAnswer =
  | { readonly ok: true; readonly said: Value }
  | { readonly ok: false; readonly fault: Fault };

/** The question as bytes. */
export const encodeQuestion = ({ topic, wish }: Question): Uint8Array =>
  encode({ v: 1, topic, wish });

/** The question that bytes spell, or null. */
export const decodeQuestion = (bytes: Uint8Array): Question | null => {
  const read = decode(bytes, QUESTION_BYTES_MAX);
  if (!read.ok || !isRecord(read.value)) return null;
  const { v, topic, wish } = read.value;
  return v === 1 && typeof topic === 'string' && wish !== undefined ? { topic, wish } : null;
};

/** The answer as bytes. A fault without its cause, and never a programmer's error. */
export const encodeAnswer = (answer: QuestionAnswer): Uint8Array => {
  if (answer.ok) return encode({ v: 1, said: answer.said });
  const { code, facts } = answer.fault;
  const { field, value, why, remedy } = facts;
  return encode({ v: 1, code, field, value, why, remedy });
};

/** The answer that bytes spell, or null. */
export const decodeAnswer = (bytes: Uint8Array): QuestionAnswer | null => {
  const read = decode(bytes, QUESTION_BYTES_MAX);
  if (!read.ok || !isRecord(read.value) || read.value.v !== 1) return null;
  const { said, code, ...told } = read.value;
  if (said !== undefined) return { ok: true, said };
  const known = CODES.find((each) => each === code);
  const [field, value, why, remedy] = [told.field, told.value, told.why, told.remedy].map(shown);
  if (field === undefined || value === undefined) return null;
  if (why === undefined || remedy === undefined) return null;
  return { ok: false, fault: new Fault(known ?? 'refused', { field, value, why, remedy }) };
};

const shown = (text: Value | undefined): string | undefined =>
  typeof text === 'string' && text.length <= TOLD_MAX ? text : undefined;

/**
 * Rule: arguments — what a request brings for a verb, by what the verb declares; the first value
 * that does not fit is named.
 *
 * What a service's own rules are given is plain text of a bounded length: no control characters, no
 * lists of thousands, no field that nobody asked for.
 */
import { Fault } from '../fault.ts';
import { durationText } from './typed-words.ts';
import type { Arguments, Input, InputKind } from './verb.ts';

/** Longest text. Unit: characters. Names, selectors and comments are far below it. */
const TEXT_MAX = 1_024;
/** Longest list. A larger one is an import. */
const LIST_MAX = 256;
/** Longest content of a file. Unit: characters. What the body of a request has room for. */
const CONTENT_MAX = 3_000_000;
/** How much of a bad value is repeated. Unit: characters. */
const QUOTE_MAX = 60;

type Given = string | readonly string[] | number | boolean;

/** The arguments of a request. Fault 'refused' names the first that does not fit. */
export function readArguments(inputs: readonly Input[], body: unknown): Arguments {
  const given = isObject(body) ? body : {};
  if (body !== null && body !== undefined && !isObject(body)) {
    throw refusal('arguments', typeof body, 'not an object of JSON', 'see the --help of the verb');
  }
  for (const name of Object.keys(given)) {
    if (inputs.some((input) => input.name === name)) continue;
    const known = inputs.map((input) => input.name).join(', ');
    throw refusal(name, '(given)', 'not known here', `choose of ${known === '' ? 'none' : known}`);
  }
  const values = new Map<string, Given>();
  for (const input of inputs) {
    const value = given[input.name];
    if (value !== undefined && value !== null) values.set(input.name, readAs(input, value));
    else if (input.isNeeded === true) {
      throw refusal(input.name, '(none)', 'needed', `give ${input.help}`);
    }
  }
  return argumentsOf(inputs, values);
}

function argumentsOf(inputs: readonly Input[], values: ReadonlyMap<string, Given>): Arguments {
  const of = (name: string, kinds: readonly InputKind[]): Given | undefined => {
    const input = inputs.find((one) => one.name === name);
    if (input !== undefined && kinds.includes(input.kind)) return values.get(name);
    throw new Error(`the verb declares no ${kinds.join(' or ')} ${name}`);
  };
  return {
    text: (name) => (of(name, ['text', 'content']) as string | undefined) ?? null,
    texts: (name) => (of(name, ['texts']) as readonly string[] | undefined) ?? [],
    number: (name) => (of(name, ['count', 'duration']) as number | undefined) ?? null,
    isSet: (name) => of(name, ['switch']) === true,
  };
}

function readAs(input: Input, value: unknown): Given {
  switch (input.kind) {
    case 'text':
      return readText(input, value);
    case 'texts':
      return readList(input, value);
    case 'content':
      return readContent(input, value);
    case 'switch':
      if (typeof value === 'boolean') return value;
      throw refusal(input.name, shownOf(value), 'neither true nor false', 'leave it out, or true');
    case 'count':
      return readCount(input, value);
    case 'duration':
      return readDuration(input, value);
  }
}

/** What can move a terminal, hide, or end a line of somebody's rules. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function readText({ name }: Input, value: unknown): string {
  if (typeof value !== 'string') throw refusal(name, shownOf(value), 'not a text', 'quote it');
  if (value.length > TEXT_MAX) {
    const why = `longer than ${TEXT_MAX} characters`;
    throw refusal(name, shownOf(value), why, 'shorten it');
  }
  if (UNSEEN.test(value)) {
    const remedy = 'write it in one line of letters, digits and signs';
    throw refusal(name, shownOf(value), 'has characters that cannot be seen', remedy);
  }
  return value;
}

function readList(input: Input, value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    throw refusal(input.name, shownOf(value), 'not a list of texts', 'write one as ["a"]');
  }
  if (value.length > LIST_MAX) {
    const why = `more than ${LIST_MAX}`;
    const remedy = 'give fewer at once; a group or a label stands for many';
    throw refusal(input.name, `${value.length} values`, why, remedy);
  }
  return value.map((one) => readText(input, one));
}

function readContent({ name }: Input, value: unknown): string {
  if (typeof value !== 'string') throw refusal(name, shownOf(value), 'not a text', 'quote it');
  if (value.length <= CONTENT_MAX) return value;
  const why = `longer than ${CONTENT_MAX} characters`;
  throw refusal(name, `${value.length} characters`, why, 'split it into several');
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);

function readCount({ name, range }: Input, value: unknown): number {
  const [least, most] = range ?? [0, Number.MAX_SAFE_INTEGER];
  if (isWhole(value) && value >= least && value <= most) return value;
  const why = `not a whole number from ${least} to ${most}`;
  throw refusal(name, shownOf(value), why, 'choose one of those');
}

/** Given in ms; told as it is typed. */
function readDuration({ name, range }: Input, value: unknown): number {
  const [least, most] = range ?? [0, Number.MAX_SAFE_INTEGER];
  if (isWhole(value) && value >= least && value <= most) return value;
  const [shortest, longest] = [durationText(least), durationText(most)];
  const remedy = `choose from ${shortest} to ${longest}`;
  if (!isWhole(value)) throw refusal(name, shownOf(value), 'not a whole number of ms', remedy);
  const why = value < least ? `shorter than ${shortest}` : `longer than ${longest}`;
  throw refusal(name, durationText(value), why, remedy);
}

/** A bad value, as far as it helps to see it. */
const shownOf = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
  if (text === '') return '(empty)';
  return text.length <= QUOTE_MAX ? text : `${text.slice(0, QUOTE_MAX)}… (${text.length})`;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refusal = (field: string, value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field, value, why, remedy });

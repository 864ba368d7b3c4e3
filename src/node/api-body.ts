/**
 * Rule: api body — reads what a request of the local API brings, or says which field does not fit.
 */
import * as z from 'zod/mini';
import { parseLabel } from '../crdt/names.ts';
import { Fault } from '../fault.ts';

/** The body by its schema. Texts are not repeated: one of them may be a secret. */
export function readAs<T>(schema: z.ZodMiniType<T>, body: unknown): T {
  const parsed = z.safeParse(schema, body);
  if (parsed.success) return parsed.data;
  const { path = [], message = '' } = parsed.error.issues[0] ?? {};
  const [name] = path;
  const value = isObject(body) && typeof name === 'string' ? body[name] : body;
  const isPlain = typeof value === 'number' || typeof value === 'boolean' || value === null;
  throw new Fault('refused', {
    field: path.length === 0 ? 'body' : path.join('.'),
    value: value === undefined ? '(none)' : isPlain ? String(value) : `(${typeof value})`,
    why: path.length === 0 ? 'not an object of JSON' : message,
    remedy: 'see the --help of the command',
  });
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A count in a query. Fault 'refused' naming `field` when it is none. */
export const readCount = (field: string, text: string): number =>
  readNumber(field, text, 'write how many, as 50');

/** A time in a query, ms. Fault 'refused' naming `field` when it is none. */
export const readMs = (field: string, text: string): number =>
  readNumber(field, text, 'write milliseconds, as 5000');

function readNumber(field: string, text: string, remedy: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Fault('refused', { field, value: text, why: 'not a number', remedy });
}

/** Labels as typed. Fault 'refused' for one that is none. */
export function readLabels(texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = texts.map((text) => {
    const label = parseLabel(text);
    if (label.ok) return label.value;
    const remedy = 'write it as key=value, as role=web';
    throw new Fault('refused', { field: 'label', value: text, why: label.why, remedy });
  });
  return Object.fromEntries(pairs);
}

/**
 * Rule: records — reads a value as a record of a schema, or says in one line why it is none.
 */
import * as z from 'zod/mini';

/** Outcome of reading a record. */
export type ReadRecord<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly why: string };

/** Reads a value by a schema. `why` names the first field that does not fit, not its content. */
export const readRecord = <Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
): ReadRecord<z.infer<Schema>> => {
  const result = z.safeParse(schema, value);
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  return {
    ok: false,
    why: `${where === '' ? 'value' : where} ${issue?.message ?? 'does not fit'}`,
  };
};

/**
 * Rule: objects — the objects of intent of a service, each read by the schema of its kind.
 *
 * An object that cannot be read is set aside by name, and the last one at its path that can is in
 * force.
 */
import type { ReadRecord } from '../crdt/records.ts';
import type { Intent, IntentClaim } from '../crdt/view.ts';

/** An object that this version cannot read. */
export interface Unread {
  readonly path: string;
  readonly why: string;
  /** Whether an older one at its path is in force instead; else it counts for nothing. */
  readonly isHeld: boolean;
}

/**
 * Reads the objects of a kind, one after the other, so that it can be left between two; why one
 * cannot be read goes to `unread`, what is read to `claims`.
 */
export const readerOf = (
  own: readonly Intent[],
  unread: Unread[],
  claims: Map<string, IntentClaim>,
) => {
  const byKind = Map.groupBy(own, ({ kind }) => kind);
  return function* readAll<Found>(kind: string, read: (value: unknown) => ReadRecord<Found>) {
    for (const intent of byKind.get(kind) ?? []) {
      const { good, why } = lastGood(intent, read);
      if (why !== null) unread.push({ path: intent.path, why, isHeld: good !== null });
      if (good === null) continue;
      claims.set(intent.path, good.claim);
      yield { intent, ...good };
    }
  };
};

/** What became of values that were read: most are the same objects at each look. */
const readings = new WeakMap<object, ReadRecord<unknown>>();

const remembered = <Found>(
  value: unknown,
  read: (value: unknown) => ReadRecord<Found>,
): ReadRecord<Found> => {
  if (typeof value !== 'object' || value === null) return read(value);
  const result = (readings.get(value) as ReadRecord<Found> | undefined) ?? read(value);
  readings.set(value, result);
  return result;
};

/** Whether the value of an object was read before. */
export const isRead = ({ value }: Intent): boolean =>
  typeof value === 'object' && value !== null && readings.has(value);

/** The first claim that can be read, from the one in force back; and why that one cannot. */
export const lastGood = <Found>(intent: Intent, read: (value: unknown) => ReadRecord<Found>) => {
  let why: string | null = null;
  for (const claim of [intent, ...intent.older]) {
    const result = remembered(claim.value, read);
    if (result.ok) return { why, good: { claim, found: result.value } };
    why ??= result.why;
  }
  return { why, good: null };
};

/** Such an object, in words for people. */
export const unreadText = ({ path, why, isHeld }: Unread): string => {
  const so = isHeld ? 'what stood there before holds' : 'it counts for nothing here';
  return `${path}: ${why}; ${so}; run the same version of cnsmo on all members`;
};

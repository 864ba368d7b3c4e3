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

/** Reads all objects of a kind; why one cannot goes to `unread`, what is read to `claims`. */
export const readerOf =
  (own: readonly Intent[], unread: Unread[], claims: Map<string, IntentClaim>) =>
  <Found>(kind: string, read: (value: unknown) => ReadRecord<Found>) =>
    own
      .filter((each) => each.kind === kind)
      .flatMap((each) => {
        const { good, why } = lastGood(each, read);
        if (why !== null) unread.push({ path: each.path, why, isHeld: good !== null });
        if (good === null) return [];
        claims.set(each.path, good.claim);
        return [{ intent: each, ...good }];
      });

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

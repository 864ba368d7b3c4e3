/**
 * Rule: setting — what operators set for the whole mesh, beside what they want of services.
 */
import { isRecord, type Value } from '../../crdt/entry.ts';
import type { IntentPlace } from '../../crdt/paths.ts';
import type { View } from '../../crdt/view.ts';

/** A field of the setting at this place; undefined where nothing is set, or has no such field. */
export function settingAt(
  { intent }: Pick<View, 'intent'>,
  { service, kind, name }: IntentPlace,
  field: string,
): Value | undefined {
  const said = intent.find(
    (one) => one.service === service && one.kind === kind && one.name === name,
  )?.value;
  const isThere = said !== undefined && isRecord(said);
  return isThere && Object.hasOwn(said, field) ? said[field] : undefined;
}

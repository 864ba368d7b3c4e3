/**
 * Rule: groups — the groups that operators made, for the selectors of all services. They are
 * objects of the firewall, `intent/firewall/group/<name>`.
 */
import { readRecord } from '../../crdt/records.ts';
import type { Intent, View } from '../../crdt/view.ts';
import { lastGood } from '../objects.ts';
import { type GroupRecord, groupSchema } from './schemas.table.ts';
import type { Groups } from './selectors.ts';

/** The groups of a view, by name. As long as the intent is the same, the same object. */
export const groupsOf = ({ intent }: Pick<View, 'intent'>): Groups => {
  const groups = known.get(intent) ?? new Map(intent.flatMap(groupIn));
  known.set(intent, groups);
  return groups;
};

const known = new WeakMap<readonly Intent[], Groups>();

const groupIn = (object: Intent): readonly (readonly [name: string, group: GroupRecord])[] => {
  if (object.service !== 'firewall' || object.kind !== 'group') return [];
  const { good } = lastGood(object, readGroup);
  return good === null ? [] : [[object.name, good.found]];
};

/** A group of what stands at its path. */
export const readGroup = (value: unknown) => readRecord(groupSchema, value);

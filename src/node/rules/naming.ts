/**
 * Rule: naming — labels after a change that a person typed.
 */
import { isLabelKey, LABELS_MAX, parseLabel } from '../../crdt/names.ts';
import { Fault } from '../../fault.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * The labels after some changes: `key=value` sets one, `key-` removes one, in their order. Fault
 * 'refused' names the change that is neither, or how many labels there would be.
 */
export function relabel(before: Labels, changes: readonly string[]): Labels {
  const labels = new Map(Object.entries(before));
  for (const change of changes) {
    const removed = change.endsWith('-') ? change.slice(0, -1) : '';
    if (isLabelKey(removed)) {
      labels.delete(removed);
      continue;
    }
    const parsed = parseLabel(change);
    if (!parsed.ok) throw badLabel(change, parsed.why, 'write KEY=VALUE, or KEY- to remove it');
    labels.set(...parsed.value);
  }
  if (labels.size > LABELS_MAX) {
    const why = `labels are too many, a member has at most ${LABELS_MAX}`;
    throw badLabel(String(labels.size), why, 'remove some with KEY-');
  }
  return Object.fromEntries([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether two records of labels say the same. */
export const isSameLabels = (a: Labels, b: Labels): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([key, value]) => b[key] === value);

const badLabel = (value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'label', value, why, remedy });

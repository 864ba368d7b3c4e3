/**
 * Rule: firewall touched — two views with only those rules that differ between them, so that what a
 * change does costs as much as the change, and not as much as the policy.
 *
 * Sound where the two views differ in their intent only: a rule that is the same object in both,
 * and names no group that differs, means the same in both. Where members differ, all is touched.
 */
import type { MemberId } from '../../../crdt/ids.ts';
import type { Meter } from '../../../crdt/meter.ts';
import type { Intent, View } from '../../../crdt/view.ts';
import type { Zone } from '../../selectors/schemas.table.ts';
import { digestView } from '../digest.ts';
import { policyOf, type Rule } from '../policy.ts';
import { openMeaning, type Probe } from './ends.ts';

/** The two views, and whether every connection may be judged otherwise: a default differs. */
export interface Touched {
  readonly before: View;
  readonly after: View;
  readonly isAll: boolean;
}

/** Time to find out whether a selector means a member. Unit: ms, as measured. */
const MEANT_MS = 0.0005;

/**
 * The members that changed rules single out, by name, label or address, and those that differ. In
 * pieces.
 */
export function* namedBy(
  { before, after }: Touched,
  meter: Meter,
): Generator<void, ReadonlySet<MemberId>> {
  const known = new Map(before.members.map((member) => [member.id, member]));
  const other = after.members.filter((member) => known.get(member.id) !== member);
  const named = new Set(other.map(({ id }) => id));
  for (const view of [before, after]) {
    for (const { from, to, on, zone } of policyOf(view).rules) {
      for (const selector of [...(from ?? []), ...(to ?? []), ...(on ?? [])]) {
        if (selector.kind === 'any' || selector.kind === 'mesh') continue;
        const isMeant = openMeaning(view, selector, zone);
        for (const member of view.members) {
          if (!named.has(member.id) && isMeant({ kind: 'member', member })) named.add(member.id);
        }
        if (meter.isDue(view.members.length * MEANT_MS)) yield;
      }
    }
  }
  return named;
}

/** Whether a changed rule may decide on connections of this protocol to this port. */
export const mayDecide = ({ before, after, isAll }: Touched, zone: Zone, probe: Probe): boolean =>
  isAll ||
  [before, after].some((view) =>
    policyOf(view).rules.some(
      ({ zone: own, protocol, ports }) =>
        own === zone &&
        (protocol === 'any' || protocol === probe.protocol) &&
        ports?.some(([first, last]) => first <= probe.value && probe.value <= last) !== false,
    ),
  );

/** What differs between two views of one mesh, in pieces. */
export function* touchedBy(before: View, after: View, meter: Meter): Generator<void, Touched> {
  const [old, now] = [new Set(before.intent), new Set(after.intent)];
  const changed = [
    ...before.intent.filter((each) => !now.has(each)),
    ...after.intent.filter((each) => !old.has(each)),
  ];
  if (meter.isDue((old.size + now.size) * INTENT_MS)) yield;
  const paths = new Set(changed.map(({ path }) => path));
  const groups = new Set(changed.flatMap(({ kind, name }) => (kind === 'group' ? [name] : [])));
  const touched = {
    before: reduced(before, paths, groups),
    after: reduced(after, paths, groups),
    isAll: before.members !== after.members || changed.some(({ kind }) => kind === 'default'),
  };
  yield* digestView(touched.before, meter);
  yield* digestView(touched.after, meter);
  return touched;
}

/** Time to look whether an object is as it was. Unit: ms, as measured. */
const INTENT_MS = 0.0005;

/** Without the rules that are the same. */
const reduced = (view: View, paths: ReadonlySet<string>, groups: ReadonlySet<string>): View => {
  const named = new Set(
    groups.size === 0
      ? []
      : policyOf(view)
          .rules.filter((rule) => namesGroup(rule, groups))
          .map(({ path }) => path),
  );
  const isKept = ({ kind, path }: Intent): boolean =>
    kind !== 'rule' || paths.has(path) || named.has(path);
  return { ...view, intent: view.intent.filter(isKept) };
};

const namesGroup = ({ from, to, on }: Rule, groups: ReadonlySet<string>): boolean =>
  [from, to, on].some(
    (selectors) =>
      selectors?.some((each) => each.kind === 'group' && groups.has(each.name)) === true,
  );

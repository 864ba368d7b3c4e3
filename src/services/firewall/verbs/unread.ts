/**
 * Rule: firewall unread — objects that this version cannot read, as verbs meet them by name. They
 * may be in force at members of another version.
 */
import { intentPath } from '../../../crdt/paths.ts';
import type { View } from '../../../crdt/view.ts';
import type { Unread } from '../../objects.ts';
import { refuse } from '../../refuse.ts';
import type { Arguments } from '../../verb.ts';
import { policyOf, SERVICE } from '../policy.ts';
import type { Kind } from './change.ts';

/** What is not read under a name, or null. */
export const unreadAt = (view: View, kind: Kind, name: string): Unread | null => {
  const path = intentPath({ service: SERVICE, kind, name });
  return policyOf(view).unread.find((each) => each.path === path) ?? null;
};

/**
 * Fault 'refused' unless it is to be deleted on trial or by force: nobody here knows what that lets
 * through, or cuts.
 */
export const mustBeMeant = (
  given: Arguments,
  field: string,
  name: string,
  { why }: Unread,
): void => {
  if (given.isSet('force') || given.number('confirm') !== null) return;
  const unknown = `this version cannot read it (${why}), so nobody here knows what that changes`;
  throw refuse(field, name, unknown, 'say --confirm 60s or --force, or ask on a newer member');
};

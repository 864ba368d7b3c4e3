/**
 * Rule: eviction — what hangs on a member, in words for whoever is about to evict it.
 */
import type { Evicting } from '../../crdt/evicting.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { Eviction } from './answers.ts';
import { inviteState } from './find.ts';

const LAST =
  'no operator is left then: nobody can invite, evict or change policy until somebody runs ' +
  'cnsmo operator recover with the recovery code';

const oneself = (lost: number): string =>
  'this VM evicts itself: it is out at once, and what it signed is void and cannot be adopted by ' +
  `itself${lost === 0 ? '' : `, so ${lost} other members go with it`}; ` +
  'to go in order, run cnsmo leave, or cnsmo evict on another operator';

/** What comes of an eviction. `self`: who evicts; `wallMs`: now, Unix ms. */
export function describeEviction(
  view: View,
  { edits, after }: Evicting,
  { member, self, wallMs }: { member: Member; self: MemberId; wallMs: number },
): Eviction {
  const nameOf = (id: string): string => view.members.find((one) => one.id === id)?.name ?? id;
  const saidAt = (area: string): readonly string[] =>
    edits.filter(({ path }) => path.startsWith(area)).map(({ path }) => path);
  const named = (area: string): readonly string[] =>
    saidAt(area)
      .map((path) => nameOf(path.slice(area.length)))
      .toSorted();
  const stays = new Set(after.members.map(({ id }) => id));
  const lost = view.members.filter(
    ({ id, hasLeft }) => id !== member.id && !hasLeft && !stays.has(id),
  );
  const isSelf = member.id === self;
  return {
    id: member.id,
    member: member.name,
    adopted: named('trust/adopt/').filter((name) => name !== nameOf(self)),
    lost: lost.map(({ name }) => name).toSorted(),
    invites: view.invites
      .filter(({ author }) => author === member.id)
      .filter((invite) => inviteState(invite, wallMs) === 'open')
      .map(({ id }) => id),
    operators: named('trust/role/'),
    paths: [...saidAt('intent/'), ...saidAt('trust/name/'), ...saidAt('trust/label/')],
    warnings: [
      ...(isSelf ? [oneself(lost.length)] : []),
      ...(after.operators.length === 0 ? [LAST] : []),
    ],
  };
}

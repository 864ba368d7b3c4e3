/**
 * Rule: eviction — what hangs on a member, in words for whoever is about to evict it; and who was
 * evicted, for those who look back.
 */
import type { Evicting } from '../../crdt/evicting.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { Eviction, MemberStatus } from './answers.ts';
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

/** How many of those who were evicted are shown. A mesh that lives for years evicts many. */
const SHOWN_MAX = 20;
/** As much of an id as is shown where there is no name. Unit: characters. */
const ID_LENGTH = 12;

const nameIn = ({ members, evictions }: View, id: MemberId): string => {
  const there = members.find((member) => member.id === id);
  return there?.name ?? evictions.find((one) => one.id === id)?.name ?? id.slice(0, ID_LENGTH);
};

/** By whose word each of them was evicted, and why. */
export function evictionCauses(view: View): ReadonlyMap<MemberId, string> {
  const names = new Map<MemberId, string | null>();
  for (const { id, name } of [...view.evictions, ...view.members]) names.set(id, name);
  const causeOf = ({ by, reason }: View['evictions'][number]): string => {
    if (by === null) return 'whoever let it in is out';
    const name = names.get(by) ?? by.slice(0, ID_LENGTH);
    return `by ${name}${reason === '' ? '' : `: ${reason}`}`;
  };
  return new Map(view.evictions.map((one) => [one.id, causeOf(one)]));
}

/** Who was evicted, the last one first; then those of whom nobody said when. */
export const evictedOf = (view: View): readonly MemberStatus[] =>
  view.evictions
    .toSorted((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0))
    .slice(0, SHOWN_MAX)
    .map(({ id, by, atMs, reason }) => ({
      ...NOTHING,
      id,
      name: nameIn(view, id),
      evicted: {
        by: by === null ? null : nameIn(view, by),
        at: atMs === null ? null : new Date(atMs).toISOString(),
        reason,
      },
    }));

/** Its name and addresses are free, and nothing that it said counts. */
const NOTHING = {
  role: 'node',
  labels: {},
  state: 'evicted',
  draining: false,
  addresses: [],
  endpoint: null,
  handshakeAgeMs: null,
  rttMs: null,
  version: null,
} as const;

/**
 * Rule: join entries — whom an entry names, whom a joiner asks, and whom it contacts first as a
 * member.
 */
import { endpointsOf } from '../../crdt/endpoints.ts';
import { type MemberId, parseMemberId } from '../../crdt/ids.ts';
import type { TokenEntry } from '../../crdt/token.ts';
import type { View } from '../../crdt/view.ts';
import type { JoinAnswer } from './join-message.ts';
import type { LocalConfig } from './local-config.ts';

/** Entries that a joiner asks at most: full members that name each other are no endless walk. */
const ENTRIES_MAX = 16;

/** Members that one answer names, at most. FORMATS, "Join messages". */
const NAMED_MAX = 8;

type Named = Extract<JoinAnswer, { kind: 'retry' }>['entries'];

/** The members that an entry names for a joiner: operators first, for they are never full. */
export function othersOf(view: View, self: MemberId): Named {
  return view.members
    .filter(({ id, hasLeft }) => id !== self && !hasLeft)
    .toSorted((a, b) => Number(b.role === 'operator') - Number(a.role === 'operator'))
    .flatMap((member) => {
      const endpoint = endpointsOf(member, view.mesh)[0];
      return endpoint === undefined ? [] : [{ member: member.id, ...endpoint }];
    })
    .slice(0, NAMED_MAX);
}

/**
 * The entries with those that the one at `index` named, who come next. What no member id can be,
 * what is known already and what is too many is left out.
 */
export function withNamed(
  entries: readonly TokenEntry[],
  index: number,
  named: Named,
): readonly TokenEntry[] {
  const known = new Set(entries.map(textOf));
  const fresh = entriesOf(named).filter((entry) => !known.has(textOf(entry)));
  const room = Math.max(0, ENTRIES_MAX - entries.length);
  return [...entries.slice(0, index + 1), ...fresh.slice(0, room), ...entries.slice(index + 1)];
}

/**
 * The members to contact first as a member: who let us in, those that were asked, and whom it
 * named.
 */
export function firstContacts(
  admittedBy: TokenEntry,
  asked: readonly TokenEntry[],
  named: Named,
): LocalConfig['entries'] {
  const all = [admittedBy, ...asked, ...entriesOf(named)];
  const distinct = new Map(all.map((entry) => [textOf(entry), entry])).values();
  return [...distinct].map(({ memberId, address }) => ({
    member: memberId,
    endpoint: { ...address },
  }));
}

const entriesOf = (named: Named): readonly TokenEntry[] =>
  named.flatMap(({ member, host, port }) => {
    const memberId = parseMemberId(member);
    return memberId === null ? [] : [{ memberId, address: { host, port } }];
  });

const textOf = ({ memberId, address }: TokenEntry): string => `${memberId} ${address.host}`;

/**
 * Rule: conflicts — changes that were made at the same time as the one in force, and lost without
 * their winner having known of them.
 *
 * `replaces` names what an author saw in force when it wrote. Followed back from the winner, it
 * leads through everything that the winner knew. What is not on that way, but shares an ancestor
 * with it, was concurrent. Where the way is not known far enough, nothing is claimed.
 *
 * Nobody is believed about it but who has the role, or had it: a node may say anything.
 */

import type { Crypto } from '../ports.ts';
import type { Chain } from './chain.ts';
import { encode, isSameBytes } from './codec.ts';
import type { Value } from './entry.ts';
import { hashKey, isLasting, type Statement, statementHash } from './entry-bytes.ts';
import type { Hlc } from './hlc.ts';
import type { MemberId } from './ids.ts';
import { compareOrder } from './statements.ts';

/** What an author says at a path that several may write. */
export interface Claim {
  readonly author: MemberId;
  readonly path: string;
  /** Null: deleted. */
  readonly value: Value;
  readonly hlc: Hlc;
  /** Name of the statement, and of the one that it replaces, in hex. */
  readonly name: string;
  readonly replaces: string | null;
}

/** A path at which a concurrent change lost. */
export interface Conflict {
  readonly path: string;
  readonly winner: Claim;
  /** Those that lost unseen, the latest first. */
  readonly losers: readonly Claim[];
}

/** What each known statement of `voices` replaces, by name. */
export type Ancestry = Pick<ReadonlyMap<string, string | null>, 'get'>;

/** What authors say now of intent and trust; `path`: there only. */
export const claimsOf = (
  crypto: Crypto,
  chains: readonly Chain[],
  path: string | null = null,
): readonly Claim[] =>
  chains.flatMap(({ author, holdings }) => {
    const { byPath } = holdings();
    const held = path === null ? [...byPath.values()] : [byPath.get(path)];
    return held.flatMap((one) => (one === undefined ? [] : claimIn(crypto, author, one.statement)));
  });

const claimIn = (crypto: Crypto, author: MemberId, statement: Statement): readonly Claim[] => {
  if (statement.kind !== 'entry' || !isLasting(statement.entry.path)) return [];
  const { path, value, hlc, replaces } = statement.entry;
  let name: string | null = null;
  return [
    {
      ...{ author, path, value, hlc, replaces: replaces && hashKey(replaces) },
      get name() {
        name ??= hashKey(statementHash(crypto, statement)); // Of thousands a few are asked.
        return name;
      },
    },
  ];
};

/**
 * The conflicts among what operators say, by path. `known`: statements that were overwritten.
 * `voices`: who is believed about what was replaced, the operators at least.
 */
export const conflictsAmong = (
  claims: readonly Claim[],
  operators: ReadonlySet<MemberId>,
  known: Ancestry,
  voices: ReadonlySet<MemberId> = operators,
): readonly Conflict[] => {
  const said = Map.groupBy(claims, ({ path }) => path);
  const rivalling = [...said].filter(([path, rivals]) => rivals.length > 1 && isContested(path));
  // What leads from one statement to another is all said at one path.
  const own = new Map(
    rivalling.flatMap(([, all]) =>
      all
        .filter(({ author }) => voices.has(author))
        .map(({ name, replaces }) => [name, replaces] as const),
    ),
  );
  const ancestry: Ancestry = { get: (name) => (own.has(name) ? own.get(name) : known.get(name)) };
  return rivalling
    .map(([path, all]) => [path, all.filter(({ author }) => operators.has(author))] as const)
    .flatMap(([path, rivals]) => conflictAt(path, rivals, ancestry) ?? [])
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
};

/** Several may admit or adopt a member, or evict it: that is no disagreement. */
const isContested = (path: string): boolean =>
  path.startsWith('intent/') || /^trust\/(name|label|role|invite)\//.test(path);

const conflictAt = (
  path: string,
  rivals: readonly Claim[],
  ancestry: Ancestry,
): Conflict | null => {
  const [winner, ...others] = rivals.toSorted((a, b) => compareOrder(b, a));
  if (winner === undefined) return null;
  const way = wayBack(winner, ancestry);
  const losers = others.filter(
    (other) =>
      !isSameBytes(encode(other.value), encode(winner.value)) && isUnseen(other, way, ancestry),
  );
  return losers.length === 0 ? null : { path, winner, losers };
};

/** Names on the way back from a statement; ends with null when it leads to where nothing was. */
const wayBack = ({ name, replaces }: Claim, ancestry: Ancestry): ReadonlySet<string | null> => {
  const way = new Set<string | null>([name]);
  for (let at = replaces; !way.has(at); ) {
    way.add(at);
    const before = at === null ? undefined : ancestry.get(at);
    if (before === undefined) break;
    at = before;
  }
  return way;
};

const isUnseen = (loser: Claim, way: ReadonlySet<string | null>, ancestry: Ancestry): boolean => {
  if (way.has(loser.name)) return false;
  if (way.has(null)) return true;
  return [...wayBack(loser, ancestry)].some((name) => way.has(name));
};

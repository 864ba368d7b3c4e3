/**
 * Rule: adoption — what becomes of an operator's word when it loses the role or is evicted.
 *
 * Voiding its sub-document would take back policy, invites and decisions that the mesh lives by.
 * So whoever removes it says again, in the same frame, what is in force by its word alone:
 * 1. What it deleted stays deleted: at a path of which an operator still speaks, or that it deleted
 *    in its current generation.
 * 2. Whom it removed stays removed, whom it evicted stays out; a grant or an eviction that had no
 *    effect gets none.
 * 3. Its invites stay for those who came by them; revoked, because it may still hold the tokens.
 * 4. Where another operator's word is in force nothing is said: it would count as newer.
 */
import { isRecord, type Value } from './entry.ts';
import type { MemberId } from './ids.ts';
import { type PathMeaning, readPath, trustPath } from './paths.ts';
import { readRecord } from './records.ts';
import { PATH_SCHEMAS } from './schemas.table.ts';
import type { Store } from './store.ts';
import type { View } from './view.ts';
import { isOperatorPath } from './voices.ts';

/**
 * What becomes of a statement: said again as it is; said again and closed (an invite); nothing,
 * because another operator's word is in force there; nothing, because it has no effect.
 */
export type Fate = 'adopted' | 'revoked' | 'overruled' | 'void';

/** A statement of the departing, and what becomes of it. `value`: what is to be said again. */
export interface Hanging {
  readonly path: string;
  readonly value: Value;
  readonly fate: Fate;
}

type Known = Pick<Store, 'view' | 'claims' | 'winner'>;

/**
 * Everything that `departing` says as an operator, by path; nothing when it is none. What is
 * `adopted` or `revoked` is to be written with the removal. `wallMs`: now, ms since the Unix epoch.
 */
export function hangingOn(known: Known, departing: MemberId, wallMs: number): readonly Hanging[] {
  const view = known.view();
  const operators = new Set(view.operators.map(({ member }) => member));
  if (!operators.has(departing)) return [];
  const itself = new Set([departing]);
  const paths = known
    .claims()
    .filter(({ author, path }) => operators.has(author) && isOperatorPath(path))
    .map(({ path }) => path);
  return [...new Set(paths)].toSorted().flatMap((path): Hanging[] => {
    const said = known.winner(path, itself);
    if (said === null || path === trustPath('role', departing)) return [];
    const isInForce = known.winner(path, operators)?.author === departing;
    const fate = fateOf(view, path, said.value, isInForce);
    const value = fate === 'revoked' ? closed(said.value, wallMs) : said.value;
    return [{ path, value, fate }];
  });
}

/** What is to be said again. */
export const adoptedOf = (hanging: readonly Hanging[]): readonly Hanging[] =>
  hanging.filter(({ fate }) => fate === 'adopted' || fate === 'revoked');

const fateOf = (view: View, path: string, value: Value, isInForce: boolean): Fate => {
  const meaning = readPath(path);
  if (meaning === null) return isInForce ? 'adopted' : 'overruled'; // Intent of any kind.
  if (value !== null && !readRecord(PATH_SCHEMAS[meaning.kind], value).ok) return 'void';
  const { kind, key } = meaning;
  // These count from each operator, not by the last word.
  if (kind === 'evict') return value === null || isMember(view, key) ? 'void' : 'adopted';
  if (kind === 'role' && value !== null) return isOperator(view, key) ? 'adopted' : 'void';
  if (!isInForce) return 'overruled';
  if (value === null) return 'adopted';
  if (kind === 'invite') return isOpen(value) ? 'revoked' : 'adopted';
  return concernsNobody(view, meaning) ? 'void' : 'adopted';
};

const concernsNobody = (view: View, { key }: PathMeaning): boolean => !isMember(view, key);

const isMember = (view: View, key: string): boolean => view.members.some(({ id }) => id === key);

const isOperator = (view: View, key: string): boolean =>
  view.operators.some(({ member }) => member === key);

const isOpen = (invite: Value): boolean => isRecord(invite) && invite.revokedAt === undefined;

const closed = (invite: Value, wallMs: number): Value =>
  isRecord(invite) ? { ...invite, revokedAt: wallMs } : invite;

/**
 * Rule: paths — what the paths under `member/` and `trust/` mean, and how they are spelt.
 */
import { parseMemberId } from './ids.ts';

/** Own facts: the path is `member/<kind>`. */
const FACT_KINDS = ['endpoints', 'consent', 'version', 'ipv4', 'left'] as const;
/**
 * Statements about an invite or a member: the path is `trust/<kind>/<id>`; for `root`,
 * `trust/root/<n>`.
 */
const TRUST_KINDS = [
  'invite',
  'admission',
  'adopt',
  'evict',
  'role',
  'name',
  'label',
  'root',
] as const;

export type FactKind = (typeof FACT_KINDS)[number];
export type TrustKind = (typeof TRUST_KINDS)[number];

/** What a path speaks of. `key`: an id, the number of a recovery, or empty for own facts. */
export interface PathMeaning {
  readonly kind: FactKind | TrustKind;
  readonly key: string;
}

const NUMBER_PATTERN = /^[1-9][0-9]{0,14}$/;

/** The path of a statement of trust about `key`. */
export const trustPath = (kind: Exclude<TrustKind, 'root'>, key: string): string =>
  `trust/${kind}/${key}`;

/** The path of recovery number `number`, from 1. */
export const rootPath = (number: number): string => `trust/root/${number}`;

/** What a path means, or null for one that is not ours or whose key is no id or number. */
export const readPath = (path: string): PathMeaning | null => {
  const [area, kindText, key, ...rest] = path.split('/');
  if (kindText === undefined || rest.length > 0) return null;
  if (area === 'member') {
    const kind = FACT_KINDS.find((candidate) => candidate === kindText);
    return kind === undefined || key !== undefined ? null : { kind, key: '' };
  }
  if (area !== 'trust' || key === undefined) return null;
  const kind = TRUST_KINDS.find((candidate) => candidate === kindText);
  if (kind === undefined) return null;
  const isKeyGood = kind === 'root' ? NUMBER_PATTERN.test(key) : parseMemberId(key) !== null;
  return isKeyGood ? { kind, key } : null;
};

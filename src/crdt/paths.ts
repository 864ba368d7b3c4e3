/**
 * Rule: paths — what the paths under `member/`, `trust/`, `core/` and `intent/` mean, and how they
 * are spelt.
 */
import { parseMemberId } from './ids.ts';
import { NAME_PATTERN } from './names.ts';

/** Own facts: the path is `member/<kind>`. */
const FACT_KINDS = ['endpoints', 'consent', 'version', 'ipv4', 'left', 'drain', 'core'] as const;
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

/** What the core proposes about a member: the path is `core/<kind>/<id>`. */
const PROPOSAL_KINDS = ['absent'] as const;

export type FactKind = (typeof FACT_KINDS)[number];
export type TrustKind = (typeof TRUST_KINDS)[number];

export type ProposalKind = (typeof PROPOSAL_KINDS)[number];

/** What a path speaks of. `key`: an id, the number of a recovery, or empty for own facts. */
export interface PathMeaning {
  readonly kind: FactKind | TrustKind | ProposalKind;
  readonly key: string;
}

const NUMBER_PATTERN = /^[1-9][0-9]{0,14}$/;

/** The path of a statement of trust about `key`. */
export const trustPath = (kind: Exclude<TrustKind, 'root'>, key: string): string =>
  `trust/${kind}/${key}`;

/** The path of recovery number `number`, from 1. */
export const rootPath = (number: number): string => `trust/root/${number}`;

/** The path of a proposal about a member. */
export const proposalPath = (kind: ProposalKind, member: string): string =>
  `core/${kind}/${member}`;

/** What a path means, or null for one that is not ours or whose key is no id or number. */
export const readPath = (path: string): PathMeaning | null => {
  const [area, kindText, key, ...rest] = path.split('/');
  if (kindText === undefined || rest.length > 0) return null;
  if (area === 'member') {
    const kind = FACT_KINDS.find((candidate) => candidate === kindText);
    return kind === undefined || key !== undefined ? null : { kind, key: '' };
  }
  if (area === 'core' && key !== undefined && parseMemberId(key) !== null) {
    const kind = PROPOSAL_KINDS.find((candidate) => candidate === kindText);
    return kind === undefined ? null : { kind, key };
  }
  if (area !== 'trust' || key === undefined) return null;
  const kind = TRUST_KINDS.find((candidate) => candidate === kindText);
  if (kind === undefined) return null;
  const isKeyGood = kind === 'root' ? NUMBER_PATTERN.test(key) : parseMemberId(key) !== null;
  return isKeyGood ? { kind, key } : null;
};

/** Where an object of a service stands: the path is `intent/<service>/<kind>/<name>`. */
export interface IntentPlace {
  readonly service: string;
  readonly kind: string;
  readonly name: string;
}

const INTENT = 'intent';
/** A DNS name: a label, or labels with dots between them, 1 to 63 characters in all. */
const OBJECT_PATTERN =
  /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** The path of an object. Its place must be canonical: `readIntentPath` reads no other. */
export const intentPath = ({ service, kind, name }: IntentPlace): string =>
  [INTENT, service, kind, name].join('/');

/** Whether a path is meant for an object of a service, canonical or not. */
export const isIntentPath = (path: string): boolean => path.startsWith(`${INTENT}/`);

/** The place that a path names, or null for one that is not spelt as it must be. */
export const readIntentPath = (path: string): IntentPlace | null => {
  const [area, service = '', kind = '', name = '', ...rest] = path.split('/');
  if (area !== INTENT || rest.length > 0) return null;
  const isGood = NAME_PATTERN.test(service) && NAME_PATTERN.test(kind) && OBJECT_PATTERN.test(name);
  return isGood ? { service, kind, name } : null;
};

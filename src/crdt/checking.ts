/**
 * Rule: checking — what an entry is worth by itself: schema, key, prefix, signatures. Checked once
 * for as long as its author's document has it.
 */
import { hex } from '@scure/base';
import { contains } from './addresses.ts';
import { checkJoinRequest } from './admission.ts';
import { encode, isSameBytes } from './codec.ts';
import type { Entry, Value } from './entry.ts';
import { isLasting } from './entry-bytes.ts';
import { bytesOfId, type PeerKey } from './ids.ts';
import {
  type IntentPlace,
  isIntentPath,
  type PathMeaning,
  readIntentPath,
  readPath,
} from './paths.ts';
import { readRecord } from './records.ts';
import { type AdmissionRecord, PATH_SCHEMAS } from './schemas.table.ts';
import type { Flaw, Ground, Kind, RecordOf } from './statements.ts';

const textEncoder = new TextEncoder();

const MISSPELT = 'intent stands at intent/<service>/<kind>/<name>, each of them in lower case';

/** What an entry is worth by itself, whoever says it. */
export type Checked =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'wanted'; readonly place: IntentPlace }
  | { readonly kind: 'said'; readonly meaning: PathMeaning; readonly record: RecordOf<Kind> }
  | { readonly kind: 'flaw'; readonly of: Flaw['kind']; readonly why: string };

/** Checks an entry, once for as long as it lives. */
export const checkedOf = (ground: Ground, entry: Entry): Checked => {
  const checked = ground.checked.get(entry) ?? check(ground, entry);
  ground.checked.set(entry, checked);
  return checked;
};

const check = (ground: Ground, { path, value }: Entry): Checked => {
  if (isIntentPath(path)) {
    const place = readIntentPath(path);
    return place === null
      ? { kind: 'flaw', of: 'intent', why: MISSPELT }
      : { kind: 'wanted', place };
  }
  const meaning = readPath(path);
  return meaning === null ? { kind: 'unknown' } : checkRecord(ground, meaning, value);
};

const checkRecord = <K extends Kind>(
  ground: Ground,
  meaning: PathMeaning & { kind: K },
  value: Value,
): Checked => {
  const { kind, key } = meaning;
  const read = readRecord(PATH_SCHEMAS[kind], value);
  if (!read.ok) return { kind: 'flaw', of: kind, why: read.why };
  const record = read.value as RecordOf<K>;
  const why = CHECKS[kind]?.(ground, key as PeerKey, record) ?? null;
  return why === null ? { kind: 'said', meaning, record } : { kind: 'flaw', of: kind, why };
};

/** Times to check an entry, with signatures and without. Unit: ms, as measured. */
const SIGNED_MS = 0.4;
const ADMISSIONS = 'trust/admission/';
const ENTRY_MS = 0.01;

/** Works out in advance what `readTestimony` will need of an entry; gives what that costs, ms. */
export const foreseeEntry = (ground: Ground, entry: Entry): number => {
  if (isLasting(entry.path)) hashOfPath(ground, entry.path);
  if (entry.value === null) return ENTRY_MS;
  checkedOf(ground, entry);
  return entry.path.startsWith(ADMISSIONS) ? SIGNED_MS : ENTRY_MS;
};

/** The sha256 of a path, in hex. */
export const hashOfPath = ({ crypto, pathMemo }: Ground, path: string): string =>
  pathMemo(path, () => hex.encode(crypto.sha256(textEncoder.encode(path))));

type Check<K extends Kind> = (ground: Ground, key: PeerKey, record: RecordOf<K>) => string | null;

const whyKeyDiffers = (key: PeerKey, bytes: Uint8Array): string | null =>
  isSameBytes(bytesOfId(key), bytes) ? null : 'its key is not the one that its path names';

const whyAddressUnfit = ({ genesis, edges4 }: Ground, ipv4: string): string | null =>
  contains(genesis.prefix, ipv4) && !edges4.has(ipv4)
    ? null
    : `ipv4 is no host address in ${genesis.prefix}`;

/** What the schema cannot say, by kind. */
const CHECKS: { readonly [K in Kind]?: Check<K> } = {
  ipv4: (ground, _key, record) => whyAddressUnfit(ground, record.ipv4),
  invite: (_ground, key, record) => whyKeyDiffers(key, record.publicKey),
  adopt: (ground, key, record) =>
    whyKeyDiffers(key, record.memberKey) ?? whyAddressUnfit(ground, record.ipv4),
  admission: (ground, key, record) =>
    whyKeyDiffers(key, record.memberKey) ??
    whyAddressUnfit(ground, record.ipv4) ??
    whyUnsigned(ground, record),
};

const whyUnsigned = (ground: Ground, record: AdmissionRecord): string | null => {
  const { crypto, meshId, verdicts } = ground;
  const { memberKey, wgKey, name, ipv4, invite, inviteSignature, memberSignature } = record;
  const said = [memberKey, wgKey, name, ipv4, invite, inviteSignature, memberSignature];
  const content = encode(said);
  return verdicts.of(crypto.sha256(content), () =>
    checkJoinRequest(crypto, meshId, invite, record),
  );
};

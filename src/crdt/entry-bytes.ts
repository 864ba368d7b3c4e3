/**
 * Rule: entry-bytes — the bytes of one thing that an author says: an entry, or a tombstone that
 * outlives generations.
 *
 * Both are canonical CBOR records: `{path, value, hlc, replaces}` and `{tombstone, hlc}`.
 * 1. What does not read stays in its sub-document and is skipped, so that a later version may know
 *    it.
 * 2. A statement is named by the sha256 of its bytes; `replaces` holds such a name.
 */
import { hex } from '@scure/base';
import type { Crypto } from '../ports.ts';
import { decode, encode } from './codec.ts';
import type { Entry, Tombstone, Value } from './entry.ts';
import { COUNTER_MAX, type Hlc } from './hlc.ts';

/** Longest path, bytes. FORMATS, "Body". */
const PATH_BYTES_MAX = 200;
/** Longest statement, bytes. FORMATS, "Body". */
export const STATEMENT_BYTES_MAX = 8 * 1024;
/**
 * Latest physical time of a stamp, ms: the year 10889. Keeps a stamp far from where integers lose
 * precision.
 */
const STAMP_MS_MAX = 2 ** 48;

const HASH_LENGTH = 32;
const PATH_PATTERN = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/;
/** In the order in which they are read, which is that of their spelling. */
const ENTRY_FIELDS = 'hlc,path,value,replaces';
const TOMBSTONE_FIELDS = 'hlc,tombstone';
/**
 * Areas in which every author speaks of itself only, so that equal paths of two authors do not
 * compete.
 */
const OWN_AREAS: ReadonlySet<string> = new Set(['member', 'status']);
/** Areas whose tombstones survive every generation. FORMATS, "Tombstones". */
const LASTING_AREAS: ReadonlySet<string> = new Set(['intent', 'trust']);

export type Statement =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

/** Outcome of reading a statement. `why` is fit for a log. */
export type ReadStatement =
  | { readonly ok: true; readonly statement: Statement }
  | { readonly ok: false; readonly why: string };

/** Whether a text is a path: `[a-z0-9-]+` in segments with `/` between them, at most 200 bytes. */
export const isPath = (text: string): boolean =>
  text.length <= PATH_BYTES_MAX && PATH_PATTERN.test(text);

/** Whether several authors may write the path, so that one of them wins. */
export const isShared = (path: string): boolean => !OWN_AREAS.has(areaOf(path));

/** Whether the path's tombstones are carried into later generations. */
export const isLasting = (path: string): boolean => LASTING_AREAS.has(areaOf(path));

/** The tombstone of a path. */
export const tombstoneOf = (pathHash: Uint8Array, hlc: Hlc): Tombstone => ({
  pathHash,
  key: hashKey(pathHash),
  hlc,
});

/** How a carried tombstone names its path. */
export const pathHashOf = (crypto: Crypto, path: string): Uint8Array =>
  crypto.sha256(new TextEncoder().encode(path));

/** The bytes of a statement. Throws for a value that CBOR of ours cannot carry. */
export const encodeStatement = (statement: Statement): Uint8Array => {
  if (statement.kind === 'tombstone') {
    const { pathHash, hlc } = statement.tombstone;
    return encode({ tombstone: pathHash, hlc });
  }
  const { path, value, hlc, replaces } = statement.entry;
  return encode({ path, value, hlc, replaces });
};

/** The name of a statement. */
export const statementHash = (crypto: Crypto, statement: Statement): Uint8Array =>
  crypto.sha256(encodeStatement(statement));

/** Reads the bytes of a statement. Never throws. */
export const readStatement = (bytes: Uint8Array): ReadStatement => {
  const decoded = decode(bytes, STATEMENT_BYTES_MAX);
  if (!decoded.ok) return decoded;
  const record = decoded.value;
  if (!isRecord(record)) return { ok: false, why: 'is no record' };
  const hlc = readHlc(record.hlc);
  if (hlc === null) return { ok: false, why: 'hlc is no stamp' };
  switch (Object.keys(record).join()) {
    case ENTRY_FIELDS:
      return readEntry(record, hlc);
    case TOMBSTONE_FIELDS:
      return readTombstone(record, hlc);
    default:
      return { ok: false, why: 'has fields of neither an entry nor a tombstone' };
  }
};

/** The stamp of a statement. */
export const hlcOf = (statement: Statement): Hlc =>
  statement.kind === 'entry' ? statement.entry.hlc : statement.tombstone.hlc;

/** Whether a statement says that nothing is at its path. */
export const isDeletion = (statement: Statement): boolean =>
  statement.kind === 'tombstone' || statement.entry.value === null;

/** A key for the hash of a path, for maps. */
export const hashKey = (hash: Uint8Array): string => hex.encode(hash);

const areaOf = (path: string): string => path.split('/', 1)[0] ?? '';

type Fields = { readonly [key: string]: Value };

const isRecord = (value: Value): value is Fields =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array);

const readEntry = (record: Fields, hlc: Hlc): ReadStatement => {
  const { path, value = null, replaces = null } = record;
  if (typeof path !== 'string' || !isPath(path)) return { ok: false, why: 'path is no path' };
  if (replaces !== null && !isHash(replaces)) return { ok: false, why: 'replaces is no hash' };
  return { ok: true, statement: { kind: 'entry', entry: { path, value, hlc, replaces } } };
};

const readTombstone = (record: Fields, hlc: Hlc): ReadStatement => {
  const { tombstone: pathHash = null } = record;
  if (!isHash(pathHash)) return { ok: false, why: 'tombstone is no hash' };
  return { ok: true, statement: { kind: 'tombstone', tombstone: tombstoneOf(pathHash, hlc) } };
};

const isHash = (value: Value): value is Uint8Array =>
  value instanceof Uint8Array && value.length === HASH_LENGTH;

const readHlc = (value: Value | undefined): Hlc | null => {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [ms, counter] = value;
  return isWithin(ms, STAMP_MS_MAX) && isWithin(counter, COUNTER_MAX) ? [ms, counter] : null;
};

const isWithin = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max;

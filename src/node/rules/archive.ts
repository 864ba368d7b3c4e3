/**
 * Rule: archive — what a backup holds: everything of a member but what this host looks like. These
 * are its bytes before they are encrypted.
 *
 * 1. Every frame that the member held is in it, as signed: nothing is lost, and nothing of it has
 *    to be believed, for whoever reads it checks the signatures again.
 * 2. Without keys it holds nothing that would make anybody a member.
 */
import * as z from 'zod/mini';
import { decode, encode } from '../../crdt/codec.ts';
import { type Genesis, readGenesis } from '../../crdt/genesis.ts';
import { type MemberId, type MeshId, memberIdOf } from '../../crdt/ids.ts';
import { decodeJournal } from '../../crdt/journal.ts';
import type { Crypto } from '../../ports.ts';
import { type LocalConfig, parseConfig } from './local-config.ts';

/** The secrets of a member, 32 bytes each. */
export interface ArchivedKeys {
  readonly member: Uint8Array;
  readonly wg: Uint8Array;
  /** The swarm's pre-shared key. */
  readonly psk: Uint8Array;
}

/** A file as it stands in the state directory. */
export interface ArchivedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a backup holds. */
export interface Archive {
  /** Version of the program that made it. */
  readonly version: string;
  /** When, by that VM's clock. Unit: ms since the Unix epoch. */
  readonly wallMs: number;
  /** The member whose state it is. */
  readonly member: MemberId;
  readonly genesisBytes: Uint8Array;
  readonly genesis: Genesis;
  readonly meshId: MeshId;
  readonly config: LocalConfig;
  /** The file `journal`: its header and whole records. */
  readonly journal: Uint8Array;
  readonly keys: ArchivedKeys | null;
  /** The files of the audit log; none of earlier versions. */
  readonly audit: readonly ArchivedFile[];
}

/** What comes from the disk; the rest of an archive follows from it. */
export type Content = Omit<Archive, 'member' | 'genesis' | 'meshId'> & {
  /** The member's public key. */
  readonly memberKey: Uint8Array;
};

/** `newer`: of a version of this program that knows more; `made` is that version. */
export type ReadArchive =
  | { readonly ok: true; readonly archive: Archive }
  | { readonly ok: false; readonly why: 'none' }
  | { readonly ok: false; readonly why: 'newer'; readonly made: string }
  | { readonly ok: false; readonly why: 'damaged'; readonly part: string };

const KIND = 'cnsmo-backup';
const VERSION = 1;
/** Far more than any mesh says. Unit: bytes. */
const BYTES_MAX = 1 << 30;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const key = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32);
const cover = z.object({ kind: z.literal(KIND), v: z.int(), version: z.string() });
const content = z.object({
  wallMs: z.int(),
  memberKey: key,
  genesis: bytes,
  config: z.string(),
  journal: bytes,
  keys: z.nullable(z.object({ member: key, wg: key, psk: key })),
  // Earlier versions write none, and read past it.
  audit: z.optional(z.array(z.object({ name: z.string(), bytes }))),
});

/** The bytes of a backup. */
export const encodeArchive = (from: Content): Uint8Array => {
  const { version, wallMs, memberKey, genesisBytes, config, journal, keys, audit } = from;
  return encode({
    kind: KIND,
    v: VERSION,
    version,
    wallMs,
    memberKey,
    genesis: genesisBytes,
    config: JSON.stringify(config),
    journal,
    keys: keys === null ? null : { member: keys.member, wg: keys.wg, psk: keys.psk },
    ...(audit.length === 0 ? {} : { audit: audit.map((file) => ({ ...file })) }),
  });
};

/** Reads it back, and checks that its parts belong together. Never throws. */
export const readArchive = (crypto: Crypto, from: Uint8Array): ReadArchive => {
  const decoded = decode(from, BYTES_MAX);
  const covered = cover.safeParse(decoded.ok ? decoded.value : null);
  if (!decoded.ok || !covered.success) return { ok: false, why: 'none' };
  const { v, version } = covered.data;
  if (v > VERSION) return { ok: false, why: 'newer', made: version };
  const parsed = content.safeParse(decoded.value);
  if (!parsed.success) {
    return { ok: false, why: 'damaged', part: String(parsed.error.issues[0]?.path[0] ?? 'it') };
  }
  const damaged = (part: string): ReadArchive => ({ ok: false, why: 'damaged', part });
  const { wallMs, memberKey, genesis: genesisBytes, journal, keys, audit = [] } = parsed.data;
  const read = readGenesis(crypto, genesisBytes);
  if (!read.ok) return damaged('genesis');
  const config = parseConfig(parsed.data.config);
  if (config === null) return damaged('config');
  const { corrupt, torn, goodLength } = decodeJournal(crypto, journal);
  if (corrupt.length > 0 || torn || goodLength === 0) return damaged('journal');
  const member = memberIdOf(memberKey);
  if (keys !== null && memberIdOf(crypto.publicKey(keys.member)) !== member) return damaged('keys');
  const { genesis, meshId } = read;
  const made = { version, wallMs, member, genesisBytes, genesis, meshId };
  return { ok: true, archive: { ...made, config, journal, keys, audit } };
};

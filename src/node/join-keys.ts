/**
 * Loop: join keys — with which keys a VM asks to be let in, and what they have signed.
 *
 * 1. One pair of keys signs for one name and one address. Of several admissions the earliest
 *    counts, and who writes one says when: an entry that kept a second request could move its
 *    member later on.
 * 2. What is signed is on the disk before it goes out, so that a repeated join keeps to it, too.
 * 3. Keys that signed are known until this VM is in: whoever has their request may have used it.
 * 4. Keys that were only shown are forgotten: nobody can make a member of them.
 */
import { pickIpv4 } from '../crdt/addresses.ts';
import { type JoinRequestValue, makeJoinRequest } from '../crdt/admission.ts';
import { isSameBytes } from '../crdt/codec.ts';
import type { Token } from '../crdt/token.ts';
import type { Crypto, Disk, Ports, Random } from '../ports.ts';
import {
  type Keys,
  keepJoinRequest,
  makeKeys,
  readJoinRequest,
  readKeptKeys,
} from './local-state.ts';
import { decodeJoinAsk, encodeJoin } from './rules/join-message.ts';

/** Keys, and the one name and address that they stand for. */
export interface Bound {
  readonly keys: Keys;
  readonly name: string;
  readonly ipv4: string;
}

/** All keys of one join. The last that signed are those on the disk. */
export interface KeyRing {
  fresh: Keys | null;
  signed: readonly Bound[];
}

/** Former keys that are tried once more, at most: each takes two answers. */
const FORMER_MAX = 4;
const NOBODY: ReadonlySet<string> = new Set();

/** With the keys that an earlier try left. */
export async function openKeyRing({
  crypto,
  disk,
}: Pick<Ports, 'crypto' | 'disk'>): Promise<KeyRing> {
  const keys = await readKeptKeys(disk);
  if (keys === null) return { fresh: null, signed: [] };
  const read = decodeJoinAsk((await readJoinRequest(disk)) ?? new Uint8Array());
  const request = read.kind === 'said' && read.said.kind === 'admit' ? read.said : null;
  const memberKey = crypto.publicKey(keys.memberSeed);
  const isTheirs = request !== null && isSameBytes(request.memberKey, memberKey);
  if (!isTheirs) return { fresh: keys, signed: [] };
  return { fresh: null, signed: [{ keys, name: request.name, ipv4: request.ipv4 }] };
}

/** Keys that have signed nothing: the same until `signWith` or `forgetFresh`. */
export const freshKeys = (ring: KeyRing, random: Random): Keys => {
  ring.fresh ??= makeKeys(random);
  return ring.fresh;
};

/** Makes the next ones others. */
export const forgetFresh = (ring: KeyRing): void => {
  ring.fresh = null;
};

/** The keys that signed before the last, the newest first. */
export const formerOf = ({ signed }: KeyRing): readonly Bound[] =>
  signed.slice(0, -1).toReversed().slice(0, FORMER_MAX);

/** Whether this address is where the search for one begins with this key: nobody chose it. */
export const isOwnAddress = (
  crypto: Crypto,
  prefix: string,
  memberKey: Uint8Array,
  ipv4: string,
): boolean => pickIpv4(crypto, prefix, memberKey, NOBODY) === ipv4;

/** The request of these keys, which are on the disk with it from here on. */
export async function signWith(
  { crypto, disk }: { readonly crypto: Crypto; readonly disk: Disk },
  ring: KeyRing,
  token: Token,
  bound: Bound,
): Promise<JoinRequestValue> {
  const { keys, name, ipv4 } = bound;
  const request = makeJoinRequest(crypto, {
    mesh: token.meshId,
    memberSeed: keys.memberSeed,
    inviteSeed: token.seed,
    wgKey: crypto.wgPublicKey(keys.wgPrivateKey),
    name,
    ipv4,
  });
  if (ring.signed.at(-1)?.keys === keys) return request; // Invariant 2 holds already.
  await keepJoinRequest(disk, keys, encodeJoin({ kind: 'admit', ...request }));
  ring.signed = [...ring.signed.filter((known) => known.keys !== keys), bound];
  if (ring.fresh === keys) ring.fresh = null;
  return request;
}

/**
 * Rule: test world — tells the story of a mesh in a few words, with real keys and signatures, for
 * tests only.
 *
 * Whoever acts is named by `as`; each act is one statement in its sub-document, a millisecond after
 * the one before. An act may break the rules: the story only writes down what was signed.
 */
import { openCrypto } from '../node/linux/crypto.ts';
import type { Crypto } from '../ports.ts';
import { type JoinRequestValue, makeJoinRequest } from './admission.ts';
import { encode } from './codec.ts';
import type { AuthorState, Entry, Tombstone, Value } from './entry.ts';
import { tombstoneOf } from './entry-bytes.ts';
import { makeGenesis, readGenesis } from './genesis.ts';
import { bytesOfId, type InviteId, inviteIdOf, type MemberId, memberIdOf } from './ids.ts';
import { makeInvite } from './invite.ts';
import { openMemo } from './memo.ts';
import { rootPath, trustPath } from './paths.ts';
import { openProjector } from './projection.ts';
import { makeRoot, rootHashOf } from './recovery.ts';
import type { View } from './view.ts';

const crypto = openCrypto();
const textEncoder = new TextEncoder();
/** The seed of whoever has a name. */
export const seedOf = (name: string): Uint8Array => crypto.sha256(textEncoder.encode(name));

/** Keys and signatures take most of the time of a test, and random stories repeat themselves. */
const memberMemo = openMemo<MemberId>(10_000);
const inviteMemo = openMemo<InviteId>(10_000);
const requestMemo = openMemo<JoinRequestValue>(10_000);

/** The id of the member of a name. */
export const idOf = (name: string): MemberId =>
  memberMemo(name, () => memberIdOf(crypto.publicKey(seedOf(name))));
/** The id of the invite of a name. */
export const inviteOf = (name: string): InviteId =>
  inviteMemo(name, () => inviteIdOf(crypto.publicKey(seedOf(name))));
/** The WireGuard public key of the member of a name. */
export const wgKeyOf = (name: string): Uint8Array => seedOf(`wg ${name}`);
/** The hash that commits the recovery code of a name. */
export const rootHash = (code: string): Uint8Array => rootHashOf(crypto, seedOf(code));

const GENESIS_BYTES = makeGenesis(crypto, seedOf('founder'), {
  name: 'test',
  prefix: '10.10.0.0/24',
  prefix6: 'fd12:3456:789a:1::/64',
  nextRootHash: rootHash('code 1'),
});
const read = readGenesis(crypto, GENESIS_BYTES);
if (!read.ok) throw new Error(read.why);
const { genesis, meshId } = read;

/** A fresh projection of the test mesh. */
export const openTestProjector = () => openProjector(crypto, genesis, meshId);

/** A fresh projection of the test mesh that counts how many signatures it checks. */
export const openCountingProjector = () => {
  let count = 0;
  const counting: Crypto = {
    ...crypto,
    verify: (publicKey, data, signature) => {
      count++;
      return crypto.verify(publicKey, data, signature);
    },
  };
  return { project: openProjector(counting, genesis, meshId), checks: () => count };
};

/** The moment at which every invite expires unless its story says otherwise. Unit: ms. */
export const EXPIRY_MS = 10_000;

interface InviteChoice {
  readonly number?: number;
  readonly uses?: number;
  readonly expiry?: number;
  readonly revokedAt?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface EnrolmentChoice {
  readonly name?: string;
  readonly ipv4?: string;
  /** The address that the signatures cover; by default that of the record. */
  readonly signedIpv4?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Moment in the record; by default that of the entry. */
  readonly ms?: number;
  /** Whose key signs for the member; by default its own. */
  readonly signer?: string;
  /** Whose key signs for the invite; by default its own. */
  readonly inviteSigner?: string;
  readonly number?: number;
  readonly invite?: string | null;
}

/** A story. Every act answers the story itself. */
export interface World {
  /** Who acts from here on. */
  readonly as: (actor: string) => World;
  /** The moment of the next act, ms. */
  readonly at: (ms: number) => World;
  readonly invites: (invite: string, choice?: InviteChoice) => World;
  readonly admits: (member: string, invite: string, choice?: EnrolmentChoice) => World;
  readonly adopts: (member: string, choice?: EnrolmentChoice) => World;
  readonly evicts: (member: string) => World;
  readonly grants: (member: string, number?: number) => World;
  readonly removes: (member: string) => World;
  /** Recovers with a code; `next` is the code that it commits. */
  readonly recovers: (number: number, code: string, next: string) => World;
  readonly says: (path: string, value: Value) => World;
  /** Deletes a path by a tombstone that an earlier generation left. */
  readonly buries: (path: string) => World;
  readonly states: () => readonly AuthorState[];
  readonly view: () => View;
}

interface Draft {
  readonly entries: Entry[];
  readonly tombstones: Tombstone[];
}

/** Where a story has come to. */
interface Scene {
  readonly drafts: Map<string, Draft>;
  /** The address that a member gets unless its story says otherwise. */
  readonly addresses: Map<string, string>;
  actor: string;
  nowMs: number;
}

/** The beginning of every story: the founder has adopted itself. It acts first. */
export const world = (): World => emptyWorld().as('founder').adopts('founder', { number: 0 });

/** A story in which nobody has said anything. */
export const emptyWorld = (): World => {
  const scene: Scene = { drafts: new Map(), addresses: new Map(), actor: 'founder', nowMs: 0 };
  const write = (path: string, value: Value): World => {
    scene.nowMs++;
    draftOf(scene).entries.push({ path, value, hlc: [scene.nowMs, 0], replaces: null });
    return story;
  };
  const story: World = {
    as: (name) => {
      scene.actor = name;
      return story;
    },
    at: (ms) => {
      scene.nowMs = ms - 1;
      return story;
    },
    invites: (invite, choice = {}) => write(...inviteAct(invite, choice)),
    admits: (member, invite, choice = {}) => {
      const usual = { ipv4: addressOf(scene, member), ms: scene.nowMs + 1 };
      return write(
        trustPath('admission', idOf(member)),
        admission(member, invite, { ...usual, ...choice }),
      );
    },
    adopts: (member, choice = {}) => {
      const usual = { ipv4: addressOf(scene, member) };
      return write(trustPath('adopt', idOf(member)), adoption(member, { ...usual, ...choice }));
    },
    evicts: (member) => write(trustPath('evict', idOf(member)), { reason: 'test' }),
    grants: (member, number = 1) => write(trustPath('role', idOf(member)), { number }),
    removes: (member) => write(trustPath('role', idOf(member)), null),
    recovers: (number, code, next) =>
      write(rootPath(number), recovery(scene.actor, number, code, next)),
    says: write,
    buries: (path) => {
      bury(scene, path);
      return story;
    },
    states: () => statesOf(scene),
    view: () => openTestProjector()(statesOf(scene)),
  };
  return story;
};

const draftOf = ({ drafts, actor }: Scene): Draft => {
  const known = drafts.get(actor) ?? { entries: [], tombstones: [] };
  drafts.set(actor, known);
  return known;
};

const addressOf = ({ addresses }: Scene, member: string): string => {
  const known = addresses.get(member) ?? `10.10.0.${addresses.size + 1}`;
  addresses.set(member, known);
  return known;
};

const bury = (scene: Scene, path: string): void => {
  scene.nowMs++;
  const pathHash = crypto.sha256(textEncoder.encode(path));
  draftOf(scene).tombstones.push(tombstoneOf(pathHash, [scene.nowMs, 0]));
};

const statesOf = ({ drafts }: Scene): readonly AuthorState[] =>
  [...drafts].map(([name, draft]) => ({ author: idOf(name), ...draft }));

const recovery = (member: string, number: number, code: string, next: string): Value =>
  makeRoot(crypto, seedOf(code), {
    mesh: meshId,
    number,
    member: idOf(member),
    nextRootHash: rootHash(next),
  });

const inviteAct = (name: string, choice: InviteChoice): [path: string, value: Value] => {
  const fields = { number: 1, labels: {}, expiry: EXPIRY_MS, uses: 100, ...choice };
  const { id, value } = makeInvite(crypto, seedOf(name), fields);
  const revoked = choice.revokedAt === undefined ? {} : { revokedAt: choice.revokedAt };
  return [trustPath('invite', id), { ...value, ...revoked }];
};

const admission = (
  member: string,
  invite: string,
  choice: EnrolmentChoice & { readonly ipv4: string; readonly ms: number },
): Value => {
  const ipv4 = choice.signedIpv4 ?? choice.ipv4;
  const fields = { mesh: meshId, wgKey: wgKeyOf(member), name: choice.name ?? member, ipv4 };
  const request = (memberName: string, inviteName: string) =>
    requestMemo(JSON.stringify([member, fields.name, ipv4, memberName, inviteName]), () =>
      makeJoinRequest(crypto, {
        ...fields,
        memberSeed: seedOf(memberName),
        inviteSeed: seedOf(inviteName),
      }),
    );
  const right = request(member, invite);
  return {
    ...right,
    inviteSignature: request(member, choice.inviteSigner ?? invite).inviteSignature,
    memberSignature: request(choice.signer ?? member, invite).memberSignature,
    ipv4: choice.ipv4,
    labels: choice.labels ?? {},
    invite: inviteOf(invite),
    hlc: [choice.ms, 0],
  };
};

const adoption = (member: string, choice: EnrolmentChoice & { readonly ipv4: string }): Value => ({
  memberKey: bytesOfId(idOf(member)),
  wgKey: wgKeyOf(member),
  name: choice.name ?? member,
  ipv4: choice.ipv4,
  labels: choice.labels ?? {},
  number: choice.number ?? 1,
  invite: choice.invite === undefined || choice.invite === null ? null : inviteOf(choice.invite),
});

/** The bytes of a view, to compare two of them byte for byte. */
export const bytesOfView = (view: View): Uint8Array => encode(view as unknown as Value);

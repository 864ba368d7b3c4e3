/**
 * Rule: mesh — a small mesh in the middle of its life, as frames: what a fuzzer sends its mutants
 * into.
 *
 * A founder has let in two members and writes intent. One of them, the attacker, has a certified
 * key and sends what it likes; the outsider holds a live token and nothing else.
 */
import { makeJoinRequest } from '../src/crdt/admission.ts';
import { isSameBytes } from '../src/crdt/codec.ts';
import type { Edit } from '../src/crdt/entry.ts';
import { type Frame, makeFrame, readFrame } from '../src/crdt/frame.ts';
import { makeGenesis, readGenesis } from '../src/crdt/genesis.ts';
import { type MemberId, memberIdOf } from '../src/crdt/ids.ts';
import { makeInvite } from '../src/crdt/invite.ts';
import { openProjector } from '../src/crdt/projection.ts';
import { rootHashOf } from '../src/crdt/recovery.ts';
import { openStore, type Store } from '../src/crdt/store.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import type { Crypto } from '../src/ports.ts';

const real = openCrypto();

/** Signatures that held once; what is loaded again and again need not be checked each time. */
const held = new Map<string, Held>();

interface Held {
  readonly publicKey: Uint8Array;
  readonly data: Uint8Array;
}

/** Most signatures that are remembered: far more than an honest history has. */
const HELD_MAX = 1000;

/** The real thing: signatures count. A good one is checked once. */
export const crypto: Crypto = {
  ...real,
  verify: (publicKey, data, signature) => {
    const name = Buffer.from(signature).toString('latin1');
    const known = held.get(name);
    if (
      known !== undefined &&
      isSameBytes(known.publicKey, publicKey) &&
      isSameBytes(known.data, data)
    ) {
      return true;
    }
    const isGood = real.verify(publicKey, data, signature);
    if (isGood && held.size < HELD_MAX) held.set(name, { publicKey, data });
    return isGood;
  },
};

/** When everything happens, Unix ms. */
export const NOW_MS = 1_800_000_000_000;

/** Names of those who have keys. */
export type Party = 'founder' | 'victim' | 'attacker' | 'outsider';

/** Made once: a seed whose key was imported is not imported again. */
const seeds = new Map<string, Uint8Array>();

/** The seed of a party. */
const seedOf = (name: string): Uint8Array => {
  const seed = seeds.get(name) ?? crypto.sha256(new TextEncoder().encode(`fuzz ${name}`));
  seeds.set(name, seed);
  return seed;
};

const keyOf = (name: Party): MemberId => memberIdOf(crypto.publicKey(seedOf(name)));

const IDS: Readonly<Record<Party, MemberId>> = {
  founder: keyOf('founder'),
  victim: keyOf('victim'),
  attacker: keyOf('attacker'),
  outsider: keyOf('outsider'),
};

/** The id of a party. */
export const idOf = (name: Party): MemberId => IDS[name];

const GENESIS_BYTES = makeGenesis(crypto, seedOf('founder'), {
  name: 'fuzz',
  prefix: '10.10.0.0/24',
  prefix6: 'fd12:3456:789a:1::/64',
  nextRootHash: rootHashOf(crypto, seedOf('recovery')),
});
const read = readGenesis(crypto, GENESIS_BYTES);
if (!read.ok) throw new Error(read.why);
const { genesis, meshId } = read;

/** One for all stores: it remembers what it has judged, and to judge takes most of the time. */
const project = openProjector(crypto, genesis, meshId);

/** An empty store of a party, over the real projection. */
export const openPartyStore = (name: Party): Store =>
  openStore(crypto, { genesis, meshId }, { id: idOf(name), seed: seedOf(name) }, project);

/** Writes a batch and commits it; gives its frame. */
export const say = (store: Store, edits: readonly Edit[]): Uint8Array => {
  const written = store.write(edits, NOW_MS);
  if (written.kind !== 'frame') throw new Error(`nothing written: ${written.kind}`);
  written.commit();
  return written.bytes;
};

const enrol = (name: Party, ipv4: string, invite: string): Edit => {
  const fields = { mesh: meshId, wgKey: seedOf(`wg ${name}`), name, ipv4 };
  const seeds = { memberSeed: seedOf(name), inviteSeed: seedOf('invite') };
  return {
    path: `trust/admission/${idOf(name)}`,
    value: {
      ...makeJoinRequest(crypto, { ...fields, ...seeds }),
      labels: {},
      invite,
      hlc: [NOW_MS, 0],
    },
  };
};

const adoptFounder = (): Edit => ({
  path: `trust/adopt/${idOf('founder')}`,
  value: {
    memberKey: crypto.publicKey(seedOf('founder')),
    wgKey: seedOf('wg founder'),
    name: 'founder',
    ipv4: '10.10.0.1',
    labels: {},
    number: 0,
    invite: null,
  },
});

/** What the founder says, what the victim says, and what the attacker said while it was honest. */
export interface History {
  readonly others: readonly Uint8Array[];
  readonly attacker: readonly Uint8Array[];
}

/** The mesh as frames, the same at each call. */
export const tellHistory = (): History => {
  const founder = openPartyStore('founder');
  const victim = openPartyStore('victim');
  const attacker = openPartyStore('attacker');
  const choice = { number: 1, labels: {}, expiry: NOW_MS + 3_600_000, uses: 10 };
  const invite = makeInvite(crypto, seedOf('invite'), choice);
  const others = [
    say(founder, [adoptFounder()]),
    say(founder, [{ path: `trust/invite/${invite.id}`, value: invite.value }]),
    say(founder, [enrol('victim', '10.10.0.2', invite.id)]),
    say(founder, [enrol('attacker', '10.10.0.3', invite.id)]),
    say(founder, [{ path: 'intent/vpn/mtu', value: { bytes: 1400 } }]),
    say(founder, [{ path: 'intent/vpn/mtu', value: null }]),
  ];
  for (const store of [victim, attacker]) store.receiveAll(others, NOW_MS);
  const facts = (round: number): Edit[] => [
    { path: 'member/version', value: { version: `0.1.${round}`, commit: 'abc' } },
    { path: 'member/consent', value: { services: ['vpn'], allowRun: false } },
  ];
  const rounds = [1, 2, 3, 4];
  const victims = rounds.map((round) => say(victim, facts(round).slice(0, 1)));
  const own = rounds.map((round) => say(attacker, facts(round).slice(0, round === 1 ? 2 : 1)));
  return { others: [...others, ...victims], attacker: own };
};

/** What a frame of a party says, ready to be changed and signed again. */
export const contentOf = (bytes: Uint8Array): Frame => {
  const frame = readFrame(bytes);
  if (!frame.ok) throw new Error(frame.why);
  return frame.frame;
};

/** Signs a content with the key of a party, whoever it names as its author. */
export const signedBy = (name: Party, content: Parameters<typeof makeFrame>[2]): Uint8Array =>
  makeFrame(crypto, seedOf(name), content);

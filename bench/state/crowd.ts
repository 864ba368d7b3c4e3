/**
 * Rule: crowd — a mesh of many members as frames, to measure what it costs to take them all.
 */
import { makeJoinRequest } from '../../src/crdt/admission.ts';
import type { Edit } from '../../src/crdt/entry.ts';
import { makeGenesis, readGenesis } from '../../src/crdt/genesis.ts';
import { memberIdOf } from '../../src/crdt/ids.ts';
import { makeInvite } from '../../src/crdt/invite.ts';
import { openProjector } from '../../src/crdt/projection.ts';
import { rootHashOf } from '../../src/crdt/recovery.ts';
import { openStore, type Store } from '../../src/crdt/store.ts';
import { openCrypto } from '../../src/node/linux/crypto.ts';
import type { LocalState } from '../../src/node/local-state.ts';

/** The one of a daemon. */
export const crypto = openCrypto();

/** When everything is said, Unix ms: in the past, for a daemon takes nothing of the future. */
export const NOW_MS = 1_760_000_000_000;

/** Most uses that an invite has. */
const INVITE_USES = 1000;
/** Admissions in one frame: some 600 bytes each, far from the longest frame. */
const ADMISSIONS_PER_FRAME = 50;

/** The seed of a name. */
export const seedOf = (name: string): Uint8Array =>
  crypto.sha256(new TextEncoder().encode(`bench ${name}`));

const GENESIS_BYTES = makeGenesis(crypto, seedOf('founder'), {
  name: 'bench',
  prefix: '10.10.0.0/16',
  prefix6: 'fd12:3456:789a:1::/64',
  nextRootHash: rootHashOf(crypto, seedOf('recovery')),
});
const read = readGenesis(crypto, GENESIS_BYTES);
if (!read.ok) throw new Error(read.why);
const { genesis, meshId } = read;

/** The empty store of a member of a name. */
export const openMember = (name: string): Store => {
  const self = { id: memberIdOf(crypto.publicKey(seedOf(name))), seed: seedOf(name) };
  return openStore(crypto, { genesis, meshId }, self, openProjector(crypto, genesis, meshId));
};

/** The member of a name, as its state directory holds it. */
export const localOf = (name: string): LocalState => ({
  keys: { memberSeed: seedOf(name), wgPrivateKey: seedOf(`wg ${name}`) },
  psk: seedOf('psk'),
  genesis,
  genesisBytes: GENESIS_BYTES,
  meshId,
  config: {
    name,
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    observed: null,
    services: [],
    allowRun: false,
    entries: [],
  },
});

/** Says a batch; gives its frame. */
export const say = (store: Store, edits: readonly Edit[]): Uint8Array => {
  const written = store.write(edits, NOW_MS);
  if (written.kind !== 'frame') throw new Error(`nothing written: ${written.kind}`);
  written.commit();
  return written.bytes;
};

/** The admission of a name, by an invite whose seed is known. */
export const enrol = (name: string, ipv4: string, invite: string): Edit => {
  const memberSeed = seedOf(name);
  const fields = { mesh: meshId, wgKey: seedOf(`wg ${name}`), name, ipv4 };
  const request = makeJoinRequest(crypto, { ...fields, memberSeed, inviteSeed: seedOf('invite') });
  const hlc: readonly [number, number] = [NOW_MS, 0];
  return {
    path: `trust/admission/${memberIdOf(request.memberKey)}`,
    value: { ...request, labels: {}, invite, hlc },
  };
};

const adoptFounder = (): Edit => {
  const memberKey = crypto.publicKey(seedOf('founder'));
  const record = { memberKey, wgKey: seedOf('wg founder'), name: 'founder', ipv4: '10.10.0.1' };
  const value = { ...record, labels: {}, number: 0, invite: null };
  return { path: `trust/adopt/${memberIdOf(memberKey)}`, value };
};

/** What the founder says: an invite, and admissions of all of these names. */
export const foundWith = (names: readonly string[]): readonly Uint8Array[] => {
  const founder = openMember('founder');
  const choice = { number: 1, labels: {}, expiry: NOW_MS + 3_600_000, uses: INVITE_USES };
  const invite = makeInvite(crypto, seedOf('invite'), choice);
  const frames = [
    say(founder, [adoptFounder()]),
    say(founder, [{ path: `trust/invite/${invite.id}`, value: invite.value }]),
  ];
  for (let at = 0; at < names.length; at += ADMISSIONS_PER_FRAME) {
    const some = names.slice(at, at + ADMISSIONS_PER_FRAME);
    const addressOf = (index: number): string => {
      const host = 256 + at + index;
      return `10.10.${Math.floor(host / 256)}.${host % 256}`;
    };
    frames.push(
      say(
        founder,
        some.map((name, index) => enrol(name, addressOf(index), invite.id)),
      ),
    );
  }
  return frames;
};

/** What one member says of itself: `keys` facts of some 100 bytes in one frame. */
export const factsOf = (name: string, keys: number, round = 0): Uint8Array => {
  const edits = Array.from({ length: keys }, (_, index) => ({
    path: `status/fact-${index}`,
    value: { round, text: `${name} says something of the usual length, ${index}` },
  }));
  return say(openMember(name), edits);
};

/**
 * Loop: test replica — the replicas of a founder and of others, on disks in memory, for tests only.
 */
import assert from 'node:assert/strict';
import { type FrameContent, frameHash, makeFrame } from '../crdt/frame.ts';
import { clientIdOf } from '../crdt/gate.ts';
import { makeGenesis, readGenesis } from '../crdt/genesis.ts';
import { bytesOfId, memberIdOf } from '../crdt/ids.ts';
import { joinBytes } from '../crdt/signed.ts';
import { openPen } from '../crdt/subdocument.ts';
import type { Disk, Log } from '../ports.ts';
import { openCrypto } from './linux/crypto.ts';
import type { LocalState } from './local-state.ts';
import { openReplica, type Replica } from './replica.ts';

const crypto = openCrypto();
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const FOUNDER = 7;

/** The member with the key of that number; 7 is the founder. */
export const idOf = (fill: number) => memberIdOf(crypto.publicKey(seedOf(fill)));

/** The founder's public key. */
export const founderKey = crypto.publicKey(seedOf(FOUNDER));

const genesisBytes = makeGenesis(crypto, seedOf(FOUNDER), {
  name: 'test',
  prefix: '10.10.0.0/16',
  prefix6: 'fd00:1::/64',
  nextRootHash: new Uint8Array(32),
});
const genesis = readGenesis(crypto, genesisBytes);
assert.ok(genesis.ok);
const { meshId } = genesis;
const mesh = genesis.genesis;

const localOf = (fill: number): LocalState => ({
  keys: { memberSeed: seedOf(fill), wgPrivateKey: seedOf(fill) },
  psk: seedOf(0),
  genesis: mesh,
  genesisBytes,
  meshId,
  config: {
    name: 'vm1',
    port: 7300,
    interface: 'cnsmo0',
    advertised: null,
    observed: null,
    services: [],
    allowRun: false,
    entries: [],
  },
});

/** What makes a member of the key of that number. */
export const adoptionOf = (fill: number) => ({
  path: `trust/adopt/${idOf(fill)}`,
  value: {
    memberKey: crypto.publicKey(seedOf(fill)),
    wgKey: seedOf(fill),
    name: `vm${fill}`,
    ipv4: `10.10.0.${fill}`,
    labels: {},
    number: 0,
    invite: null,
  },
});

/** A disk in memory whose changes can be made to fail, and take some turns of the event loop. */
export function createDisk() {
  const files = new Map<string, Uint8Array>();
  const state = { failure: null as Error | null, turns: 0 };
  const change = async (run: () => void): Promise<void> => {
    for (let turn = 0; turn < state.turns; turn += 1) await Promise.resolve();
    if (state.failure !== null) throw state.failure;
    run();
  };
  const disk: Disk = {
    read: async (name) => files.get(name) ?? null,
    write: async (name, content) => change(() => files.set(name, content.slice())),
    append: (name, content) =>
      change(() => files.set(name, joinBytes(files.get(name) ?? new Uint8Array(), content))),
    remove: async (name) => void files.delete(name),
    list: async () => [...files.keys()].toSorted(),
  };
  /** What the directory of a member holds besides. */
  const makeMember = () => void files.set('genesis', genesisBytes);
  return { disk, files, state, makeMember };
}

/** The clock of all replicas here; `pauses` counts how often somebody let others have a turn. */
export const testClock = {
  nowMs: 1_000_000,
  pauses: 0,
  wallMs: (): number => testClock.nowMs,
  monotonicMs: (): number => testClock.nowMs,
  sleep: async (): Promise<void> => {
    testClock.pauses += 1;
  },
};

type Founded = Pick<LocalState, 'genesis' | 'genesisBytes' | 'meshId'>;

/** A log that nobody reads. */
const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The replica of the member with the key of that number; by default the founder's. `founded`: of
 * another mesh than all others here.
 */
export const open = (
  disk: Disk,
  fill = FOUNDER,
  founded?: Founded,
  log = SILENT,
): Promise<Replica> => {
  const usual = localOf(fill);
  const local = founded === undefined ? usual : { ...founded, ...ownOf(usual) };
  return openReplica({ clock: testClock, crypto, disk, log }, local);
};

/**
 * Well-signed frames of the member of that number: the first two of each of so many generations,
 * both for one place.
 */
export function forksOf(fill: number, generations: number): readonly Uint8Array[] {
  const author = crypto.publicKey(seedOf(fill));
  let previous: FrameContent['previous'] = null;
  return Array.from({ length: generations }, (_, generation) => {
    const client = clientIdOf(crypto, author, generation);
    const [first, second] = [1, 2].map((value) => {
      const body = openPen(client, null).write([], [Uint8Array.of(value)]);
      const mesh = bytesOfId(meshId);
      const content = { mesh, author, generation, sequence: 0, previous, body };
      return makeFrame(crypto, seedOf(fill), content);
    }) as [Uint8Array, Uint8Array];
    previous = [generation, 0, frameHash(crypto, first)];
    return [first, second];
  }).flat();
}

const ownOf = ({ keys, psk, config }: LocalState) => ({ keys, psk, config });

/**
 * Loop: local state — what this VM keeps about itself, apart from the shared state.
 *
 * Keys are made here and never leave. `config` holds what only this VM decides: which services
 * run here, which port and interface. The file `genesis` is written last: a directory without it
 * holds no member.
 */
import { type Genesis, readGenesis } from '../crdt/genesis.ts';
import type { MeshId } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Crypto, Disk, Random } from '../ports.ts';
import { KEY_SUMS_FILE } from './key-sums.ts';
import { type LocalConfig, parseConfig } from './rules/local-config.ts';

/** The secrets of this VM: 32 bytes each. */
export interface Keys {
  readonly memberSeed: Uint8Array;
  readonly wgPrivateKey: Uint8Array;
}

/** Everything that makes a directory a member. */
export interface LocalState {
  readonly keys: Keys;
  readonly psk: Uint8Array;
  readonly genesis: Genesis;
  readonly genesisBytes: Uint8Array;
  readonly meshId: MeshId;
  readonly config: LocalConfig;
}

const FILE = {
  genesis: 'genesis',
  member: 'member-key',
  wg: 'wg-key',
  psk: 'psk',
  config: 'config',
  request: 'join-request',
} as const;

/** Fresh keys. */
export const makeKeys = (random: Random): Keys => ({
  memberSeed: random.bytes(32),
  wgPrivateKey: random.bytes(32),
});

/** Whether the directory holds a member. */
export const isInitialised = async (disk: Disk): Promise<boolean> =>
  (await disk.read(FILE.genesis)) !== null;

/** Keys that an earlier try left; null when it left none. */
export async function readKeptKeys(disk: Disk): Promise<Keys | null> {
  const memberSeed = await disk.read(FILE.member);
  const wgPrivateKey = await disk.read(FILE.wg);
  if (memberSeed?.length !== 32 || wgPrivateKey?.length !== 32) return null;
  return { memberSeed, wgPrivateKey };
}

/** Keys kept from an earlier try, or fresh ones, kept before they are first used. */
export async function keepKeys(disk: Disk, random: Random): Promise<Keys> {
  const kept = await readKeptKeys(disk);
  if (kept !== null) return kept;
  const keys = makeKeys(random);
  await writeKeys(disk, keys);
  return keys;
}

/** Writes the keys. The directory holds no member before `writeLocalState`. */
export async function writeKeys(disk: Disk, keys: Keys): Promise<void> {
  await disk.remove(KEY_SUMS_FILE);
  await disk.write(FILE.wg, keys.wgPrivateKey);
  await disk.write(FILE.member, keys.memberSeed);
}

/** Whether an earlier try to join left its keys. */
export const hasKeys = async (disk: Disk): Promise<boolean> =>
  (await disk.read(FILE.member)) !== null;

/** What the kept keys have signed to be let in; null: nothing. */
export const readJoinRequest = (disk: Disk): Promise<Uint8Array | null> => disk.read(FILE.request);

/**
 * Keeps these keys, and what they sign, before that is sent: a join that was cut midway is repeated
 * as the same member. Cut here, the keys of before are gone, or these have signed nothing.
 */
export async function keepJoinRequest(disk: Disk, keys: Keys, request: Uint8Array): Promise<void> {
  await dropKeys(disk);
  await writeKeys(disk, keys);
  await disk.write(FILE.request, request);
}

/** Removes the keys of a VM that became no member. What they signed goes last. */
export async function dropKeys(disk: Disk): Promise<void> {
  await disk.remove(FILE.member);
  await disk.remove(FILE.wg);
  await disk.remove(FILE.request);
}

/** From here on the directory holds no member, whatever else is in it: the genesis goes first. */
export const forgetMember = (disk: Disk): Promise<void> => disk.remove(FILE.genesis);

/** Makes the directory a member. The genesis comes last. */
export async function writeLocalState(
  disk: Disk,
  state: Pick<LocalState, 'psk' | 'genesisBytes' | 'config'>,
): Promise<void> {
  await disk.remove(KEY_SUMS_FILE);
  await disk.write(FILE.psk, state.psk);
  await writeConfig(disk, state.config);
  await disk.write(FILE.genesis, state.genesisBytes);
  await disk.remove(FILE.request);
}

/** Replaces what only this VM decides. */
export const writeConfig = (disk: Disk, config: LocalConfig): Promise<void> =>
  disk.write(FILE.config, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`));

/**
 * Reads it all back. Fault 'refused' when the directory holds no member or a file of it is
 * damaged.
 */
export async function readLocalState(crypto: Crypto, disk: Disk): Promise<LocalState> {
  const genesisBytes = await disk.read(FILE.genesis);
  if (genesisBytes === null) throw noMember();
  const genesis = readGenesis(crypto, genesisBytes);
  if (!genesis.ok) throw damaged(FILE.genesis, genesis.why);
  return {
    keys: {
      memberSeed: await readKey(disk, FILE.member),
      wgPrivateKey: await readKey(disk, FILE.wg),
    },
    psk: await readKey(disk, FILE.psk),
    genesis: genesis.genesis,
    genesisBytes,
    meshId: genesis.meshId,
    config: await readConfig(disk),
  };
}

/** What a VM is told that is no member. */
export const noMember = (): Fault =>
  new Fault('refused', {
    field: 'state',
    value: 'empty',
    why: 'this VM is not a member of a mesh',
    remedy: 'run cnsmo init for a new mesh, or cnsmo join with a token',
  });

async function readKey(disk: Disk, name: string): Promise<Uint8Array> {
  const key = await disk.read(name);
  if (key?.length !== 32) throw damaged(name, `${key?.length ?? 0} bytes where 32 belong`);
  return key;
}

async function readConfig(disk: Disk): Promise<LocalConfig> {
  const config = parseConfig(new TextDecoder().decode((await disk.read(FILE.config)) ?? undefined));
  if (config === null) throw damaged(FILE.config, 'not the settings that init or join wrote');
  return config;
}

const damaged = (file: string, why: string): Fault =>
  new Fault('refused', {
    field: 'state',
    value: file,
    why,
    remedy: 'restore the file, or remove this VM with cnsmo leave --local and join again',
  });

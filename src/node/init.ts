/**
 * Loop: init — makes this VM the founder of a new mesh.
 *
 * 1. Everything that can be refused is refused before the first byte is written.
 * 2. The recovery code is in its owner's hands before the mesh exists; the file `genesis` comes
 *    last.
 */
import { addressAt } from '../crdt/addresses.ts';
import type { Edit } from '../crdt/entry.ts';
import { makeGenesis, makePrefix6, readGenesis } from '../crdt/genesis.ts';
import { memberIdOf } from '../crdt/ids.ts';
import { printRecoveryCode, rootHashOf } from '../crdt/recovery.ts';
import type { Crypto, Ports } from '../ports.ts';
import { startJournal } from './journal.ts';
import { keepKeys, type LocalState, writeLocalState } from './local-state.ts';
import { checkHost, checkOverlay } from './preflight.ts';
import { openReplica, type Replica } from './replica.ts';
import type { LocalConfig } from './rules/local-config.ts';
import type { Settings } from './rules/settings.ts';

/** What init reports. */
export interface Founded {
  readonly mesh: string;
  readonly name: string;
  readonly ipv4: string;
  readonly prefix: string;
  readonly prefix6: string;
}

/** The founder has the first host address of the prefix; `pickIpv4` leaves it out. */
const FOUNDER_INDEX = 1;

type InitPorts = Pick<Ports, 'clock' | 'random' | 'crypto' | 'disk' | 'host' | 'net' | 'log'>;

/** Edits in one of the founder's frames: far below what a frame may hold. */
const EDITS_MAX = 64;

/**
 * Founds a mesh. `keepCode` must put the recovery code where its owner has it; when it fails,
 * nothing was made. `intent`: what the founder says besides, from the beginning.
 */
export async function prepareInit(
  ports: InitPorts,
  settings: Settings,
  keepCode: (code: string) => Promise<void>,
  intent: readonly Edit[] = [],
): Promise<Founded> {
  const { crypto, disk, random } = ports;
  await checkHost(ports, settings.port);
  const prefix6 = settings.prefix6 ?? makePrefix6(random.bytes(16));
  await checkOverlay(ports.host, { prefix: settings.prefix, prefix6 }, settings);
  const rootSeed = random.bytes(32);
  await keepCode(printRecoveryCode(crypto, rootSeed));
  await startJournal(disk);
  const local = await found(ports, settings, { prefix6, rootSeed });
  const ipv4 = addressAt(settings.prefix, FOUNDER_INDEX);
  const replica = await openReplica(ports, local);
  await adoptSelf(crypto, replica, local, ipv4);
  for (let at = 0; at < intent.length; at += EDITS_MAX) {
    await replica.write(intent.slice(at, at + EDITS_MAX));
  }
  await writeLocalState(disk, local);
  return { mesh: settings.mesh, name: settings.member, ipv4, prefix: settings.prefix, prefix6 };
}

async function found(
  { crypto, disk, random }: InitPorts,
  settings: Settings,
  made: { readonly prefix6: string; readonly rootSeed: Uint8Array },
): Promise<LocalState> {
  const keys = await keepKeys(disk, random);
  const genesisBytes = makeGenesis(crypto, keys.memberSeed, {
    name: settings.mesh,
    prefix: settings.prefix,
    prefix6: made.prefix6,
    nextRootHash: rootHashOf(crypto, made.rootSeed),
  });
  const genesis = readGenesis(crypto, genesisBytes);
  if (!genesis.ok) throw new Error(`a genesis that does not read back: ${genesis.why}`);
  return {
    keys,
    psk: random.bytes(32),
    genesis: genesis.genesis,
    genesisBytes,
    meshId: genesis.meshId,
    config: configOf(settings, settings.member),
  };
}

/** The founder enters the state as every member does, by an adoption that it signs itself. */
async function adoptSelf(
  crypto: Crypto,
  replica: Replica,
  local: LocalState,
  ipv4: string,
): Promise<void> {
  const memberKey = crypto.publicKey(local.keys.memberSeed);
  await replica.write([
    {
      path: `trust/adopt/${memberIdOf(memberKey)}`,
      value: {
        memberKey,
        wgKey: crypto.wgPublicKey(local.keys.wgPrivateKey),
        name: local.config.name,
        ipv4,
        labels: {},
        number: 0,
        invite: null,
      },
    },
  ]);
}

/** What this VM decides for itself, from the flags. */
export const configOf = (settings: Settings, name: string): LocalConfig => ({
  name,
  port: settings.port,
  interface: settings.interface,
  advertised: settings.advertised,
  observed: null,
  services: [...settings.services],
  allowRun: settings.allowRun,
  ...(settings.eligible ? {} : { eligible: false }),
  entries: [],
});

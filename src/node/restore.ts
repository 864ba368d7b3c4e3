/**
 * Loop: restore — makes this VM what a backup holds: the same member again, or the founder of a new
 * mesh with the same intent.
 *
 * 1. Everything that can be refused is refused before the first byte is written; the file `genesis`
 *    comes last.
 * 2. A key has one holder. Who answers with the member's key where the member was last reached is
 *    one, and then nothing is restored. Who answers elsewhere is found by the daemons; so into a
 *    mesh that lives nobody is brought back but by who says that the member's VM is gone.
 * 3. The member may have said more since. So its journal is distrusted: it says nothing before it
 *    has heard what the others hold of it, and then begins a new generation.
 */

import { endpointText } from '../crdt/endpoints.ts';
import { type HeldMesh, intentOf, viewOf } from '../crdt/intent.ts';
import { decodeJournal } from '../crdt/journal.ts';
import type { Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Crypto, Disk, Endpoint, Ports } from '../ports.ts';
import { SERVICE_NAMES } from '../services/registry.ts';
import { restoreAudit } from './audit-copy.ts';
import { type Founded, prepareInit } from './init.ts';
import { restoreJournal } from './journal-copy.ts';
import { writeKeys, writeLocalState } from './local-state.ts';
import { checkHost, checkOverlay } from './preflight.ts';
import { type Answer, callRoll } from './roll-call.ts';
import type { Archive, ArchivedKeys } from './rules/archive.ts';
import { readSettings, type SettingTexts } from './rules/settings.ts';

/** What is different on this VM. Absent: as in the backup. */
export type Changes = Pick<SettingTexts, 'port' | 'interface' | 'advertise'>;

/** What restore reports. `ipv4` null: it has none, or is not known to have one. */
export interface Restored {
  readonly mesh: string;
  readonly name: string;
  readonly ipv4: string | null;
  /** Whether it has to hear others before it says anything: they may hold more of what it said. */
  readonly awaitsOthers: boolean;
}

type RestorePorts = Omit<Ports, 'process' | 'logBook'>;

/**
 * Makes this VM the member of the backup. Fault 'refused' when the backup has no keys, the member
 * has left or was evicted, another VM answers as this member, or this host is not fit; and while
 * others of its mesh answer, unless `isRejoin`: the person says that the member's VM is gone.
 */
export async function restoreMember(
  ports: RestorePorts,
  archive: Archive,
  changes: Changes,
  isRejoin: boolean,
): Promise<Restored> {
  const { crypto, disk, clock } = ports;
  const { keys, genesis, config } = archive;
  if (keys === null) throw withoutKeys();
  const settings = readSettings(
    { port: String(config.port), interface: config.interface, ...changes },
    config.name,
    SERVICE_NAMES,
  );
  const advertised = changes.advertise === undefined ? config.advertised : settings.advertised;
  await checkHost(ports, settings.port);
  await checkOverlay(ports.host, genesis, { ...settings, advertised });
  const view = viewOf(crypto, heldBy(crypto, archive), clock.wallMs());
  if (view.evicted.includes(archive.member)) throw isOut(config.name, 'was evicted');
  const member = view.members.find(({ id }) => id === archive.member) ?? null;
  if (member?.hasLeft === true) throw isOut(config.name, 'has left its mesh');
  await refuseWhenAlive(ports, archive, keys, { view, isRejoin });
  const awaitsOthers = view.members.some(({ id }) => id !== archive.member);
  await restoreJournal(disk, archive.journal, !awaitsOthers);
  await restoreAudit(disk, archive.audit);
  await writeKeys(disk, { memberSeed: keys.member, wgPrivateKey: keys.wg });
  await writeLocalState(disk, {
    psk: keys.psk,
    genesisBytes: archive.genesisBytes,
    config: { ...config, port: settings.port, interface: settings.interface, advertised },
  });
  return {
    mesh: genesis.name,
    name: member?.name ?? config.name,
    ipv4: member?.ipv4 ?? null,
    awaitsOthers,
  };
}

/**
 * Founds a new mesh with name, prefix and intent of the backup's, and this VM as its founder. It
 * has keys, id and recovery code of its own; the old mesh, if it lives, never hears of it.
 */
export async function forkMesh(
  ports: RestorePorts,
  archive: Archive,
  texts: Omit<SettingTexts, 'mesh' | 'prefix' | 'prefix6'> & { readonly hostname: string },
  keepCode: (code: string) => Promise<void>,
): Promise<Founded> {
  const { genesis } = archive;
  const { hostname, ...flags } = texts;
  const settings = readSettings(
    { ...flags, mesh: genesis.name, prefix: genesis.prefix },
    hostname,
    SERVICE_NAMES,
  );
  const intent = intentOf(ports.crypto, heldBy(ports.crypto, archive), ports.clock.wallMs());
  return await prepareInit(ports, settings, keepCode, intent);
}

/** Runs `act`, which makes this VM a member. When it fails, files that it made are removed. */
export async function orAsBefore<Result>(disk: Disk, act: () => Promise<Result>): Promise<Result> {
  const before = new Set(await disk.list());
  try {
    return await act();
  } catch (error) {
    const made = (await disk.list()).filter((name) => !before.has(name));
    for (const name of made) await disk.remove(name).catch(() => undefined); // The first counts.
    throw error;
  }
}

const heldBy = (crypto: Crypto, { genesis, meshId, member, journal }: Archive): HeldMesh => ({
  genesis,
  meshId,
  self: member,
  frames: decodeJournal(crypto, journal).frames,
});

/**
 * Fault 'refused' when somebody answers with the member's key, or while its mesh lives and this VM
 * was not said to take the member's place.
 */
async function refuseWhenAlive(
  ports: RestorePorts,
  archive: Archive,
  { psk }: ArchivedKeys,
  { view, isRejoin }: { readonly view: View; readonly isRejoin: boolean },
): Promise<void> {
  const isOwn = ({ id }: Member): boolean => id === archive.member;
  const there = view.members.filter(({ hasLeft }) => !hasLeft);
  const own = there.filter(isOwn);
  const others = isRejoin ? [] : there.filter((member) => !isOwn(member));
  const answers = await callRoll(ports, archive, psk, [...own, ...others]);
  const holder = answers.find(({ member }) => isOwn(member));
  if (holder !== undefined) throw isHeld(archive.config.name, holder.endpoint);
  const [first] = answers;
  if (first !== undefined) throw isAlive(archive, first);
}

const withoutKeys = (): Fault =>
  new Fault('refused', {
    field: 'backup',
    value: 'without keys',
    why: 'it cannot make this VM its member again',
    remedy: 'found a new mesh from it with --fork, or restore one made with: cnsmo backup --keys',
  });

const isOut = (name: string, why: string): Fault =>
  new Fault('refused', {
    field: 'backup',
    value: name,
    why: `this member ${why}`,
    remedy: 'let this VM join with a new token, or found a new mesh from the backup with --fork',
  });

const isAlive = ({ config, genesis }: Archive, { member, endpoint }: Answer): Fault =>
  new Fault('refused', {
    field: 'backup',
    value: config.name,
    why: `its mesh ${genesis.name} lives: ${member.name} answers at ${endpointText(endpoint)}`,
    remedy:
      `if the VM that was ${config.name} is gone for good and this one takes its place: ` +
      '--rejoin; to found a new mesh: --fork',
  });

const isHeld = (name: string, endpoint: Endpoint): Fault =>
  new Fault('refused', {
    field: 'backup',
    value: name,
    why: `this member lives: it answers at ${endpointText(endpoint)}`,
    remedy:
      'stop it there first (cnsmo stop, cnsmo leave --local), or found a new mesh with --fork',
  });

/**
 * Loop: backup — what this member keeps, in one archive, whether its daemon runs or not.
 *
 * The journal only ever grows by whole records or is replaced at once, so what is read of it is a
 * state that the member had; own frames are in it before anybody is sent them.
 */
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import { copyAudit } from './audit-copy.ts';
import { copyJournal } from './journal-copy.ts';
import { isLeaving } from './leave.ts';
import { readLocalState } from './local-state.ts';
import { encodeArchive } from './rules/archive.ts';

/** What is in an archive, for people. */
export interface BackedUp {
  readonly mesh: string;
  readonly member: string;
  readonly hasKeys: boolean;
  /** Whether nothing is known to be lost from the state that was read. */
  readonly isWhole: boolean;
}

/** How to make one. `version`: of this program. */
export interface BackupWish {
  readonly withKeys: boolean;
  readonly version: string;
}

/** Reads the state of this member. Fault 'refused' when there is none, or it is leaving. */
export async function makeArchive(
  ports: Pick<Ports, 'clock' | 'crypto' | 'disk'>,
  { withKeys, version }: BackupWish,
): Promise<{ readonly bytes: Uint8Array; readonly about: BackedUp }> {
  const { clock, crypto, disk } = ports;
  if (await isLeaving(disk)) throw leaving();
  const { keys, psk, genesis, genesisBytes, config } = await readLocalState(crypto, disk);
  const { bytes: journal, isWhole } = await copyJournal(ports);
  const bytes = encodeArchive({
    version,
    wallMs: clock.wallMs(),
    memberKey: crypto.publicKey(keys.memberSeed),
    genesisBytes,
    config,
    journal,
    audit: await copyAudit(disk),
    keys: withKeys ? { member: keys.memberSeed, wg: keys.wgPrivateKey, psk } : null,
  });
  return {
    bytes,
    about: { mesh: genesis.name, member: config.name, hasKeys: withKeys, isWhole },
  };
}

const leaving = (): Fault =>
  new Fault('refused', {
    field: 'state',
    value: 'leaving',
    why: 'this VM is leaving its mesh',
    remedy: 'finish that with: cnsmo leave --local',
  });

/**
 * Edge: backup acts — backup and restore as the command line does them on this machine, without the
 * daemon.
 *
 * `main.ts` loads it only for these acts.
 */
import { createReadStream, existsSync } from 'node:fs';
import { lstat, open, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Ports } from '../../ports.ts';
import { type BackedUp, makeArchive } from '../backup.ts';
import { noMember } from '../local-state.ts';
import { type Changes, forkMesh, orAsBefore, type Restored, restoreMember } from '../restore.ts';
import { type Archive, type ReadArchive, readArchive } from '../rules/archive.ts';
import type { SettingTexts } from '../rules/settings.ts';
import { alone, withPorts } from './acts.ts';
import { openCrypto } from './crypto.ts';
import { type Directories, openPorts } from './daemon.ts';
import { codeOf, diskFault, removeFile, writeAtomically } from './files.ts';
import { mayBeSealed, seal, unseal } from './sealed.ts';
import { versionInfo } from './version.ts';

/** What a person says of a backup. */
export interface BackupFile {
  readonly path: string;
  readonly passphrase: string;
}

/** What is to become of a backup. */
export interface RestoreFlags extends Changes, Pick<SettingTexts, 'member'> {
  /** A new mesh with the same intent. */
  readonly fork?: boolean;
  /** This VM takes the member's place in a mesh that lives. */
  readonly rejoin?: boolean;
  readonly installTools?: boolean;
}

/** How a person watches, and where a recovery code goes. */
interface RestoreWatch {
  readonly onStep: (step: string) => void;
  readonly keepCode: (code: string) => Promise<void>;
}

/** Longest file that is read as a backup: far more than any mesh says. Unit: bytes. */
const FILE_BYTES_MAX = 2 ** 30;

/** Writes a backup of the member here. Fault 'refused' when the file exists. */
export async function backupHere(
  directories: Directories,
  { path, passphrase }: BackupFile,
  withKeys: boolean,
): Promise<BackedUp & { readonly bytes: number }> {
  await refuseUnfit(path, directories);
  if (!existsSync(directories.state)) throw noMember(); // Opening it would make it.
  const ports = await openPorts(directories, 'warn');
  const { version } = versionInfo();
  const { bytes, about } = await makeArchive(ports, { withKeys, version });
  return await inNewFile(path, async () => {
    const sealed = await seal(bytes, passphrase);
    await writeAtomically(path, sealed, 0o600);
    return { ...about, bytes: sealed.length };
  });
}

/** Takes the name first, for sealing takes seconds: of two backups at once one has it. */
async function inNewFile<Result>(path: string, write: () => Promise<Result>): Promise<Result> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (error) {
    throw namedFault(path, error);
  }
  try {
    return await write();
  } catch (error) {
    await removeFile(path).catch(() => undefined); // What matters is the first failure.
    throw namedFault(path, error);
  }
}

/** Makes this VM what a backup holds. See `restoreMember` and `forkMesh`. */
export async function restoreHere(
  directories: Directories,
  file: BackupFile,
  flags: RestoreFlags,
  { onStep, keepCode }: RestoreWatch,
): Promise<Restored> {
  const archive = await openArchive(file);
  const { port, interface: link, advertise } = flags;
  const changes = {
    ...(port === undefined ? {} : { port }),
    ...(link === undefined ? {} : { interface: link }),
    ...(advertise === undefined ? {} : { advertise }),
  };
  const act = async (ports: Ports): Promise<Restored> => {
    if (flags.fork !== true) {
      onStep('asking whether its mesh lives');
      return await restoreMember(ports, archive, changes, flags.rejoin === true);
    }
    const { hostname } = await ports.host.facts();
    const texts = flags.member === undefined ? changes : { ...changes, member: flags.member };
    const founded = await forkMesh(ports, archive, { ...texts, hostname }, keepCode);
    return { ...founded, awaitsOthers: false };
  };
  return await withPorts(directories, flags, onStep, (ports) =>
    alone(directories, ports, () => orAsBefore(ports.disk, () => act(ports))),
  );
}

async function openArchive({ path, passphrase }: BackupFile): Promise<Archive> {
  const content = await readBackup(path).catch((error: unknown) => {
    throw namedFault(path, error);
  });
  const bytes = await unseal(content, passphrase, path);
  const read = readArchive(openCrypto(), bytes);
  if (!read.ok) throw unreadable(path, read);
  return read.archive;
}

/** What is no backup is not read on: a disk image, say, or a device without end. */
async function readBackup(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > FILE_BYTES_MAX) throw isNone(path);
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    if (chunks.length === 0 && !mayBeSealed(chunk)) throw isNone(path);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

type Unread = Extract<ReadArchive, { readonly ok: false }>;

function unreadable(path: string, unread: Unread): Fault {
  if (unread.why === 'newer') {
    const made = `was made by a newer version, cnsmo ${unread.made}`;
    return refused(path, made, 'restore it with that version or a later one');
  }
  if (unread.why === 'none') return isNone(path);
  return refused(path, `is damaged: its ${unread.part} does not read`, 'take another one');
}

/** Refuses what would fail only after the work, and what `leave` would delete. */
async function refuseUnfit(path: string, { state }: Directories): Promise<void> {
  // Elsewhere a dash is a stream; here its words and the backup would be mixed.
  if (path === '' || path === '-') throw refused(path, 'is no name of a file', 'name a new file');
  const folder = await realpath(dirname(resolve(path))).catch((error: unknown) => {
    throw namedFault(path, error);
  });
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw namedFault(path, error);
  });
  if (found !== null) throw refused(path, 'exists', 'name a new file, or remove that one');
  if (folder !== (await realpath(state).catch(() => null))) return;
  throw refused(path, 'is in the state directory, which leave empties', 'name a file elsewhere');
}

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'exists',
  ENOENT: 'no such file or directory',
  EISDIR: 'is a directory',
  ENOTDIR: 'part of the path is no directory',
};

/** What is wrong with a file that a person named. */
function namedFault(path: string, error: unknown): unknown {
  const why = REASONS[codeOf(error)];
  return why === undefined ? diskFault(error, path) : refused(path, why, 'name another file');
}

const isNone = (path: string): Fault => refused(path, 'is no backup', 'name one that cnsmo made');

const refused = (value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'backup', value, why, remedy });

/** Edge: restarts — the directories of members where somebody says as much as may be. */
import { startJournal } from '../../src/node/journal.ts';
import { openClock } from '../../src/node/linux/clock.ts';
import { openDisk } from '../../src/node/linux/disk.ts';
import { openReplica, type Replica } from '../../src/node/replica.ts';
import { crypto, factsOf, foundWith, localOf, NOW_MS } from './crowd.ts';
import { snapshotOf } from './snapshot.ts';

/** `crowd`: a mesh of a thousand honest members. The others: one operator, of that kind only. */
export const RESTART_KINDS = [
  'crowd',
  'keys',
  'deletions',
  'invites',
  'admissions',
  'members',
] as const;

/** What a restart took. */
export interface Restart {
  readonly seconds: number;
  readonly cpuMs: number;
}

export type RestartKind = (typeof RESTART_KINDS)[number];

/** The mesh of the issue. */
const AUTHORS = 1000;
const KEYS = 20;

const framesOf = (kind: RestartKind): readonly Uint8Array[] => {
  if (kind !== 'crowd') return snapshotOf(kind);
  const names = Array.from({ length: AUTHORS }, (_, index) => `member-${index}`);
  return [...foundWith(names), ...names.map((name) => factsOf(name, KEYS))];
};

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** The replica of a member in a directory. */
export const openWatcher = async (directory: string): Promise<Replica> => {
  const disk = await openDisk(directory);
  const clock = { ...openClock(), wallMs: () => NOW_MS };
  return openReplica({ clock, crypto, disk, log: silent }, localOf('watcher'));
};

/** The life of a member until it stops: it hears all that, and looks at it. */
export const liveIn = async (directory: string, kind: RestartKind): Promise<void> => {
  await startJournal(await openDisk(directory));
  const replica = await openWatcher(directory);
  await replica.receiveInPieces(framesOf(kind));
  replica.view();
  await replica.flush();
};

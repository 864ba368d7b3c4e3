/**
 * Loop: leave — takes this VM out of its mesh: tells the others, undoes the host, deletes the
 * state.
 *
 * 1. The mark `leaving` is durable before anybody is told and anything is undone; whoever starts
 *    here next finishes the job first. Else a crash would leave a member that runs on, though all
 *    others take it for gone and let it in no more.
 * 2. The mark goes last: until then, a leave that was cut can be told from a fresh directory.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import { openLedger } from './ledger.ts';
import type { Replica } from './replica.ts';
import type { Sync } from './sync.ts';

const MARK = 'leaving';

/**
 * Longest wait for others to hear of it. Unit: ms. Who misses it sees a dead member until an
 * operator evicts it.
 */
const TELL_MS = 3_000;

/** Says that this member leaves; done when every connected member knows, or after 3 s. */
export async function announceLeave(
  { clock, disk }: Pick<Ports, 'clock' | 'disk'>,
  replica: Replica,
  sync: Sync,
  connected: readonly PeerKey[],
): Promise<void> {
  await disk.write(MARK, new Uint8Array());
  await replica.write([{ path: 'member/left', value: { left: true } }]).catch(async (error) => {
    await disk.remove(MARK);
    throw error;
  });
  const stop = new AbortController();
  const told = Promise.all(connected.map((peer) => sync.with(peer)));
  await Promise.race([told, clock.sleep(TELL_MS, stop.signal)]);
  stop.abort();
}

type ErasePorts = Pick<Ports, 'disk' | 'host' | 'process' | 'log'>;

/**
 * Undoes every change to the host and deletes the state. Repeating it after a crash finishes it.
 * Fault 'unfinished' when something could not be undone; then the state stays.
 */
export async function eraseState({ disk, host, process, log }: ErasePorts): Promise<void> {
  await disk.write(MARK, new Uint8Array());
  const ledger = await openLedger(disk);
  const left = await ledger.undoAll({ host, process, log });
  if (left.length > 0) throw undone(left);
  const names = await disk.list();
  for (const name of names.filter((file) => file !== MARK)) await disk.remove(name);
  await disk.remove(MARK);
}

const undone = (left: readonly string[]): Fault =>
  new Fault('unfinished', {
    field: 'host',
    value: left.join(' '),
    why: 'could not be undone; the log says why',
    remedy: 'repair that, then run: cnsmo leave --local',
  });

/** Whether a leave was begun here and not finished. */
export const isLeaving = async (disk: Ports['disk']): Promise<boolean> =>
  (await disk.read(MARK)) !== null;

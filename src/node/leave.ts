/**
 * Loop: leave — takes this VM out of its mesh: tells the others, undoes the host, deletes the
 * state.
 *
 * 1. The mark `leaving` is durable before anybody is told and anything is undone; whoever starts
 *    here next finishes the job first (`finish-leave.ts`). Else a crash would leave a member that
 *    runs on, though all others take it for gone and let it in no more.
 * 2. The mark goes last: until then, a leave that was cut can be told from a fresh directory.
 * 3. Nobody has to be reachable, and a disk that takes nothing more keeps nobody from being undone.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import { openLedger } from './ledger.ts';
import { forgetMember } from './local-state.ts';
import type { Replica } from './replica.ts';
import type { Told } from './rules/answers.ts';
import type { Sync } from './sync.ts';

const MARK = 'leaving';

/**
 * Longest wait for others to hear of it. Unit: ms. Who misses it sees a dead member until an
 * operator evicts it.
 */
const TELL_MS = 3_000;
/** Longest wait for a first connection, for who leaves right after its start. Unit: ms. */
const MEET_MS = 5_000;
/** Pause between two looks for connections. Unit: ms. */
const LOOK_MS = 100;

type LeavePorts = Pick<Ports, 'clock' | 'disk'>;
type ErasePorts = Pick<Ports, 'disk' | 'host' | 'process' | 'log'>;

/** Whom there is to tell: the members that have not left, and those connected now. */
export interface Audience {
  readonly others: () => readonly PeerKey[];
  readonly connected: () => readonly PeerKey[];
  /** Whether a member that should be connected is not. */
  readonly isMissing: () => boolean;
  /** Connects with those of these members that live. */
  readonly meet: (members: readonly PeerKey[]) => Promise<void>;
}

/**
 * Says that this member leaves; done when every member that lives knows, or after 3 s. When it
 * cannot be said the mark is taken back and nothing has changed.
 */
export async function announceLeave(
  ports: LeavePorts,
  replica: Replica,
  sync: Sync,
  audience: Audience,
): Promise<Told> {
  const { disk } = ports;
  await disk.write(MARK, new Uint8Array());
  await sayLeft(replica).catch(async (error: unknown) => {
    await disk.remove(MARK).catch(() => {
      throw begun(error);
    });
    throw error;
  });
  return await tellOfLeave(ports, sync, audience);
}

/** Says it again, for a leave that was cut: whether or not it can be said, there is no way back. */
export async function repeatLeave(
  ports: LeavePorts & Pick<Ports, 'log'>,
  replica: Replica,
  sync: Sync,
  audience: Audience,
): Promise<Told> {
  await sayLeft(replica).catch((error: unknown) => {
    ports.log.warn('leave-not-said', { why: String(error) });
  });
  const { clock } = ports;
  const untilMs = clock.monotonicMs() + MEET_MS;
  while (audience.isMissing() && clock.monotonicMs() < untilMs) {
    await clock.sleep(LOOK_MS, new AbortController().signal);
  }
  return await tellOfLeave(ports, sync, audience);
}

/** Who has heard of it hangs up, for whoever left is a stranger: mostly before it answers. */
const tellOfLeave = (ports: Pick<Ports, 'clock'>, sync: Sync, audience: Audience): Promise<Told> =>
  tell(ports, sync, audience, async (peer, signal) => {
    while (!signal.aborted && audience.connected().includes(peer)) {
      await ports.clock.sleep(LOOK_MS, signal);
    }
    return !signal.aborted;
  });

const sayLeft = (replica: Replica): Promise<void> =>
  replica.write([{ path: 'member/left', value: { left: true } }]);

/** The members that have not left, but for this one. */
export const othersIn = ({ members }: View, self: MemberId): readonly MemberId[] =>
  members.filter(({ id, hasLeft }) => id !== self && !hasLeft).map(({ id }) => id);

/**
 * Comes in step with all that live, for at most 3 s; who then knows, and of how many. `hasHeard`:
 * whether one knows with whom that failed.
 */
export async function tell(
  { clock }: Pick<Ports, 'clock'>,
  sync: Sync,
  { others, connected, meet }: Omit<Audience, 'isMissing'>,
  hasHeard: (peer: PeerKey, signal: AbortSignal) => Promise<boolean>,
): Promise<Told> {
  await meet(others());
  const stop = new AbortController();
  let told = 0;
  const asking = connected().map(async (peer) => {
    const isTold = (await sync.with(peer)) || (await hasHeard(peer, stop.signal));
    if (isTold && !stop.signal.aborted) told += 1;
  });
  await Promise.race([Promise.all(asking), clock.sleep(TELL_MS, stop.signal)]);
  stop.abort();
  return { told, others: others().length };
}

/**
 * Undoes every change to the host and deletes the state. Repeating it after a crash finishes it.
 * Fault 'unfinished' when something could not be undone; then the state stays.
 */
export async function eraseState({ disk, host, process, log }: ErasePorts): Promise<void> {
  if (!(await isLeaving(disk))) await disk.write(MARK, new Uint8Array());
  const ledger = await openLedger(disk);
  const left = await ledger.undoAll({ host, process, log });
  if (left.length > 0) throw undone(left);
  await forgetMember(disk); // What is left without it is no member, which `finish-leave.ts` asks.
  for (const name of await disk.list()) if (name !== MARK) await disk.remove(name);
  await disk.remove(MARK);
}

const begun = (cause: unknown): Fault =>
  new Fault(
    'unfinished',
    {
      field: 'leave',
      value: 'begun',
      why: 'the disk failed in its midst: it was neither told nor taken back',
      remedy: 'repair the disk, then run cnsmo leave again',
    },
    cause,
  );

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

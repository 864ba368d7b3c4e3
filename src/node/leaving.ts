/**
 * Loop: leaving — a leave that the node carries out, once however often it is asked for.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { Ports } from '../ports.ts';
import { type Audience, announceLeave, eraseState, othersIn, repeatLeave } from './leave.ts';
import type { Links } from './links.ts';
import type { Neighbourhood } from './neighbourhood.ts';
import type { Replica } from './replica.ts';
import type { Told } from './rules/answers.ts';
import type { Sync } from './sync.ts';

type LeavingPorts = Pick<Ports, 'clock' | 'disk' | 'host' | 'process' | 'log'>;

/** What leaving needs of the node. */
interface LeaveContext {
  readonly self: MemberId;
  readonly replica: Replica;
  readonly sync: Sync;
  readonly connected: () => readonly PeerKey[];
  readonly neighbourhood: Pick<Neighbourhood, 'all'>;
  readonly links: Pick<Links, 'meet'>;
  /** Whether an earlier leave was cut. */
  readonly isGoing: boolean;
  readonly stop: AbortController;
}

const audienceOf = ({ self, replica, connected, neighbourhood, links }: LeaveContext): Audience => {
  const isMissing = (): boolean => {
    const now = new Set(connected());
    return [...neighbourhood.all()].some((peer) => !now.has(peer));
  };
  const others = () => othersIn(replica.view(), self);
  return { others, connected, isMissing, meet: links.meet };
};

/** Makes what carries it out. `end` stops the node. */
export function createLeaving(
  ports: LeavingPorts,
  context: LeaveContext,
  end: () => Promise<void>,
) {
  const { replica, sync, isGoing, stop } = context;
  let leaving: Promise<Told> | null = null;
  let erasing = Promise.resolve();
  const begin = async (): Promise<Told> => {
    const say = isGoing ? repeatLeave : announceLeave;
    const told = await say(ports, replica, sync, audienceOf(context));
    erasing = end().then(() => eraseState(ports));
    await erasing;
    return told;
  };
  return {
    leave: (): Promise<Told> => {
      leaving ??= begin().catch((error: unknown) => {
        if (!stop.signal.aborted) leaving = null; // It was refused, and nothing has changed.
        throw error;
      });
      return leaving;
    },
    /** Resolves when no leave is under way. Rejects when the host could not be undone. */
    settled: async (): Promise<void> => {
      await leaving?.catch(() => undefined); // Whoever asked for it has its failure.
      await erasing;
    },
  };
}

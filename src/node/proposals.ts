/**
 * Loop: proposals — says what the core has to propose while this member has the role, and knows
 * what of the mesh's proposals is taken here.
 *
 * What is taken is kept in memory: it follows from the state and from who has the role.
 */
import type { MemberId } from '../crdt/ids.ts';
import type { Clock, Log } from '../ports.ts';
import type { Core } from './core.ts';
import type { Replica } from './replica.ts';
import type { LinkState } from './rules/answers.ts';
import type { Term } from './rules/election.ts';
import { type CoreSightOfMembers, propose, type Taken, takeProposals } from './rules/proposals.ts';
import { createWake } from './wake.ts';

/** Time between two looks. Unit: ms. Nothing is proposed of what is not so for an hour. */
const LOOK_MS = 60_000;

/** What it needs of the node. */
export interface ProposalContext {
  readonly self: MemberId;
  readonly replica: Pick<Replica, 'view' | 'write'>;
  readonly core: Pick<Core, 'holder' | 'isActing' | 'constituency'>;
  readonly state: (member: MemberId) => LinkState;
}

/** The running loop, as others use it. */
export interface Proposals {
  /** Since when each of the absent cannot be reached, Unix ms, as it is taken here. */
  absences(): ReadonlyMap<MemberId, number>;
  /** The view, or who has the role, may be another. */
  mark(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Makes the loop; before it runs, what is taken is what the state says. */
export function createProposals(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  context: ProposalContext,
): Proposals {
  const { replica, core } = context;
  const sight = openSight(clock, context);
  const wake = createWake(clock);
  let taken: Taken = new Map();
  const take = (): Taken => {
    // One that differs from ours by a little may be in the next epoch already.
    const authority = { holder: core.holder(), latestEpoch: core.constituency().epoch + 1 };
    taken = takeProposals(taken, replica.view(), authority);
    return taken;
  };
  const look = async (): Promise<void> => {
    sight.watch();
    const now = take();
    const holder = core.holder();
    if (!core.isActing() || holder === null) return;
    await replica.write(propose(replica.view(), now, sight.inTerm(holder.term)));
    take(); // In its own term: the next one would not take it, and say it again.
  };
  return {
    absences: () =>
      new Map(
        [...take()].flatMap(([id, { absentSinceMs }]) =>
          absentSinceMs === null ? [] : [[id, absentSinceMs]],
        ),
      ),
    mark: wake.mark,
    run: async (signal) => {
      while (!signal.aborted) {
        await look().catch((error: unknown) =>
          log.warn('proposals-not-said', { why: String(error) }),
        );
        await wake.wait(LOOK_MS, signal);
      }
    },
  };
}

/** What this member sees of the others. */
function openSight(clock: Clock, { self, replica, state }: ProposalContext) {
  /** By the clock that does not jump: setting the other one makes nobody gone for longer. */
  const deadAtMs = new Map<MemberId, number>();
  const idsIn = (...states: readonly LinkState[]): ReadonlySet<MemberId> => {
    const { members } = replica.view();
    const found = members.filter(({ id, hasLeft }) => !hasLeft && states.includes(state(id)));
    return new Set(found.map(({ id }) => id));
  };
  return {
    watch: (): void => {
      const ids = idsIn('dead');
      for (const id of deadAtMs.keys()) if (!ids.has(id)) deadAtMs.delete(id);
      for (const id of ids) if (!deadAtMs.has(id)) deadAtMs.set(id, clock.monotonicMs());
    },
    inTerm: (term: Term): CoreSightOfMembers => {
      const wallMs = clock.wallMs();
      const startMs = wallMs - clock.monotonicMs();
      const since = ([id, atMs]: readonly [MemberId, number]) =>
        [id, Math.round(startMs + atMs)] as const;
      const deadSinceMs = new Map([...deadAtMs].map(since));
      return { self, term, deadSinceMs, alive: idsIn('alive', 'degraded'), wallMs };
    },
  };
}

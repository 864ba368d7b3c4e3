/**
 * Loop: core acts — what people do with the core role: look, hand it over, drain a member, set how
 * long a turn is.
 */
import type { MemberId } from '../crdt/ids.ts';
import { intentPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import type { Core } from './core.ts';
import { mustBeOperator, type OperatorContext, spread } from './operators.ts';
import type { CoreStatus, CoreView } from './rules/answers.ts';
import { coreStatusOf, coreViewOf } from './rules/core-answer.ts';
import { candidatesOf, EPOCH_MS_MAX, EPOCH_MS_MIN, EPOCH_PLACE } from './rules/election.ts';

/** What these acts need of the node. */
export interface CoreActsContext extends OperatorContext {
  readonly core: Pick<Core, 'holder' | 'constituency' | 'nextEpochMs'>;
  /** Since when members are gone, Unix ms, by the proposals that are taken here. */
  readonly absences: () => ReadonlyMap<MemberId, number>;
}

/** Longest wait for the next holder. Unit: ms. It settles for 3 s, and has to be heard. */
const HANDOVER_MS = 10_000;
const LOOK_MS = 200;

/** The role as this member sees it. */
export const showCore = ({ core, replica, self }: CoreActsContext): CoreView =>
  coreViewOf(
    replica.view(),
    {
      holder: core.holder(),
      constituency: core.constituency(),
      nextEpochMs: core.nextEpochMs(),
    },
    self,
  );

/**
 * Gives the role away for the rest of the epoch; done when the next member says that it has it.
 * Fault 'refused' for who does not have it, and where nobody else could. Fault 'timeout' when
 * nobody says so in 10 s; it is given away all the same.
 */
export async function stepDown(
  { clock }: { readonly clock: Clock },
  context: CoreActsContext,
): Promise<CoreStatus> {
  const { core, self, replica } = context;
  const holder = coreStatusOf(replica.view(), core.holder());
  if (holder?.id !== self) throw notHolder(holder);
  const others = candidatesOf(core.constituency()).filter(
    ({ member, unfit }) => unfit === null && member.id !== self,
  );
  if (others.length === 0) throw nobodyElse();
  await replica.write([{ path: 'member/core', value: { steppedDown: core.constituency().epoch } }]);
  const untilMs = clock.monotonicMs() + HANDOVER_MS;
  while (clock.monotonicMs() < untilMs) {
    const now = coreStatusOf(replica.view(), core.holder());
    if (now !== null && now.id !== self) return now;
    await clock.sleep(LOOK_MS, new AbortController().signal);
  }
  throw new Fault('timeout', {
    field: 'core',
    value: 'given away',
    why: 'no other member says yet that it has the role',
    remedy: 'see cnsmo core in a few seconds',
  });
}

/** Whether this member takes new load; the core role is handed over by that as well. */
export async function setDraining(
  context: OperatorContext,
  isDraining: boolean,
): Promise<{ readonly draining: boolean }> {
  const value = isDraining ? { drained: true } : null;
  await context.replica.write([{ path: 'member/drain', value }]);
  await spread(context);
  return { draining: isDraining };
}

/** Sets how long a turn is, in the whole mesh. */
export async function setEpoch(
  context: CoreActsContext,
  epochMs: number,
): Promise<{ readonly epochMs: number }> {
  mustBeOperator(context.replica.view(), context.self, 'set how long a turn is');
  if (epochMs < EPOCH_MS_MIN || epochMs > EPOCH_MS_MAX) {
    throw new Fault('refused', {
      field: 'epoch',
      value: `${epochMs} ms`,
      why: `not from ${EPOCH_MS_MIN / 1_000} s to ${EPOCH_MS_MAX / 3_600_000} h`,
      remedy: 'give a duration as 10m',
    });
  }
  await context.replica.write([{ path: intentPath(EPOCH_PLACE), value: { ms: epochMs } }]);
  await spread(context);
  return { epochMs };
}

const notHolder = (holder: CoreStatus | null): Fault =>
  new Fault('refused', {
    field: 'core',
    value: holder?.name ?? 'nobody',
    why: 'has the core role, not this VM',
    remedy: holder === null ? 'see cnsmo core' : `run cnsmo core step-down on ${holder.name}`,
  });

const nobodyElse = (): Fault =>
  new Fault('refused', {
    field: 'core',
    value: 'this VM',
    why: 'no other member that could have the role can be reached',
    remedy: 'start another one, or see cnsmo core',
  });

/**
 * Rule: core answer — who has the core role, and why, as `status` and `cnsmo core` show it.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { CoreStatus, CoreView } from './answers.ts';
import { type Constituency, candidatesOf, electCore, epochMsOf, whyCore } from './election.ts';

/** What the loop knows. `sinceMs`: Unix ms, by the holder's clock. */
export interface CoreSight {
  readonly holder: {
    readonly id: MemberId;
    readonly term: { readonly epoch: number; readonly n: number };
    readonly sinceMs: number;
  } | null;
  readonly constituency: Constituency;
  /** When the next epoch begins, Unix ms. */
  readonly nextEpochMs: number;
}

/** Who has the role; null while nobody says so. */
export function coreStatusOf(view: View, holder: CoreSight['holder']): CoreStatus | null {
  const member = view.members.find(({ id }) => id === holder?.id);
  if (holder === null || member === undefined) return null;
  const { term, sinceMs } = holder;
  const since = new Date(sinceMs).toISOString();
  return { id: member.id, name: member.name, term: term.n, epoch: term.epoch, since };
}

/** The whole of `cnsmo core`. */
export function coreViewOf(view: View, sight: CoreSight, self: MemberId): CoreView {
  const { holder, constituency, nextEpochMs } = sight;
  const elected = electCore(constituency);
  const next = electCore({ ...constituency, epoch: constituency.epoch + 1 });
  const candidates = candidatesOf(constituency);
  return {
    holder: coreStatusOf(view, holder),
    elected: elected === null ? null : { id: elected.id, name: elected.name },
    why: whyCore(constituency),
    epoch: constituency.epoch,
    epochMs: epochMsOf(view),
    next:
      next === null
        ? null
        : { id: next.id, name: next.name, at: new Date(nextEpochMs).toISOString() },
    ring: candidates.map(({ member: { id, name }, unfit }) => ({ id, name, unfit })),
    isEligible: candidates.some(({ member }) => member.id === self),
  };
}

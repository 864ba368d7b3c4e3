/**
 * Rule: returns — who can be reached again after an outage, told once for all who come together.
 *
 * 1. Where nobody is lost any more it is told at once.
 * 2. Where others are still lost, it is told once nobody more has come for a while: a VM that is
 *    gone for good hides no heal, and a member that is lost again meanwhile makes none.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Picture } from './event-picture.ts';
import type { EventDraft } from './events.ts';
import { fewOf } from './wording.ts';

/** Those who came back and of whom nothing was told yet. */
export interface Returns {
  /** What became of each: it is back, or no member any more. */
  readonly fates: ReadonlyMap<MemberId, Fate>;
  /** When the last of them did, monotonic clock. Unit: ms. */
  readonly lastMs: number;
}

interface Fate {
  readonly name: string;
  readonly isBack: boolean;
}

/** Nobody was seen to come back yet. */
export const NO_RETURNS: Returns = { fates: new Map(), lastMs: 0 };

/**
 * How long nobody more comes back before it is told that others have. Unit: ms. A cut that ends is
 * seen by those on its two sides within 5 s of one another, mostly.
 */
const QUIET_MS = 10_000;

/** What is known after a look, what there is to tell, and how soon to look again, ms. */
export interface ReturnsStep {
  readonly returns: Returns;
  readonly healed: EventDraft | null;
  readonly waitMs: number | null;
}

/** The next step. `nowMs`: monotonic clock, ms. */
export function followReturns(
  known: Returns,
  before: Picture,
  after: Picture,
  nowMs: number,
): ReturnsStep {
  const lost = lostIn(after);
  const fresh = [...lostIn(before)].filter((id) => !lost.has(id));
  const fates = new Map([...known.fates].filter(([id]) => !lost.has(id)));
  for (const id of fresh) fates.set(id, fateOf(id, before, after));
  const lastMs = fresh.length > 0 ? nowMs : known.lastMs;
  const isHeal = fates.size > 0 && (lost.size === 0 || [...fates.values()].some(isBack));
  if (!isHeal) return { returns: NO_RETURNS, healed: null, waitMs: null };
  const leftMs = lost.size === 0 ? 0 : lastMs + QUIET_MS - nowMs;
  if (leftMs > 0) return { returns: { fates, lastMs }, healed: null, waitMs: leftMs };
  return { returns: NO_RETURNS, healed: healedOf(after, lost.size, fates), waitMs: null };
}

const isBack = (fate: Fate): boolean => fate.isBack;

const lostIn = ({ members }: Picture): ReadonlySet<MemberId> =>
  new Set(
    [...members].flatMap(([id, { state, hasLeft }]) => (state === 'dead' && !hasLeft ? [id] : [])),
  );

const fateOf = (id: MemberId, before: Picture, after: Picture): Fate => {
  const now = after.members.get(id);
  const name = now?.name ?? before.members.get(id)?.name ?? id;
  return { name, isBack: now !== undefined && !now.hasLeft };
};

const healedOf = ({ members }: Picture, lostCount: number, fates: Returns['fates']): EventDraft => {
  const count = [...members.values()].filter(({ hasLeft }) => !hasLeft).length;
  const who = lostCount === 0 ? `all ${count}` : `${count - lostCount} of ${count}`;
  const causes = [...fates.values()].map(
    (fate) => `${fate.name} ${fate.isBack ? 'is back' : 'is no member any more'}`,
  );
  return {
    kind: 'healed',
    member: null,
    text: `${who} members can be reached again`,
    cause: fewOf(causes, ', '),
  };
};

/**
 * Rule: audit tier — which of what members say about intent and trust counts.
 *
 * Of an operator everything does; of another member only that it let somebody in who is here. The
 * rest is void: it is said, and changes nothing.
 */
import type { Change } from '../../crdt/change.ts';
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';

/** What a frame is kept among. */
export type Tier = 'counted' | 'admitted' | 'void';

/** Tells what counts, as a view has it. */
export interface Judge {
  readonly operators: ReadonlySet<MemberId>;
  counts(change: Pick<Change, 'author' | 'path' | 'value'>): boolean;
}

const ADMISSION = 'trust/admission/';

/** Whom an admission lets in; null for another change. */
const admittedIn = ({ path, value }: Pick<Change, 'path' | 'value'>): MemberId | null =>
  path.startsWith(ADMISSION) && value !== null ? (path.slice(ADMISSION.length) as MemberId) : null;

/** Opens the judge of a view. */
export function openJudge({ operators, enrolments }: View): Judge {
  const speakers = new Set(operators.map(({ member }) => member));
  let enrolled: ReadonlySet<MemberId> | null = null; // Few batches need it.
  const isIn = (id: MemberId): boolean => {
    enrolled ??= new Set(enrolments.map((one) => one.id));
    return enrolled.has(id);
  };
  return {
    operators: speakers,
    counts: (change) => {
      if (speakers.has(change.author)) return true;
      const id = admittedIn(change);
      return id !== null && isIn(id) && isIn(change.author);
    },
  };
}

/**
 * Where the frame that says these changes, all of one author, is kept. `known`: whose admission is
 * kept already, so that nobody says it again and again; it follows.
 */
export function tierOf(judge: Judge, changes: readonly Change[], known: Set<MemberId>): Tier {
  const [first] = changes;
  if (first !== undefined && judge.operators.has(first.author)) return 'counted';
  const fresh = changes
    .filter(judge.counts)
    .flatMap((change) => admittedIn(change) ?? [])
    .filter((id) => !known.has(id));
  for (const id of fresh) known.add(id);
  return fresh.length > 0 ? 'admitted' : 'void';
}

/** Whether a change that is kept there counts for nothing; what counted once is not void later. */
export const isVoidIn = (tier: Tier, change: Change, judge: Judge): boolean => {
  if (tier === 'counted' || judge.counts(change)) return false;
  return tier === 'void' || admittedIn(change) === null;
};

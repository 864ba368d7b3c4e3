/**
 * Rule: examination — whether a frame in its place is good: what it changes is allowed, no clock
 * runs ahead, and everything together fits its author's quota.
 *
 * A frame that is not taken changes nothing.
 */
import type { ReceivedFrame } from './chain.ts';
import { inspect, type Passed, readSaid } from './content.ts';
import type { Statement } from './entry-bytes.ts';
import { applyTo, type Generation, stepOf } from './generation.ts';
import { isAhead, maxHlc } from './hlc.ts';
import {
  latestOf,
  NODE_QUOTA,
  OPERATOR_QUOTA,
  overQuota,
  type Quota,
  type Tally,
} from './holdings.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';

/**
 * What a frame is measured by. `wallMs` null: whatever its stamps are. `quota` is asked only about
 * an author that says more than a node may.
 */
export interface Limits {
  readonly wallMs: number | null;
  readonly quota: () => Quota;
}

/**
 * What a frame in its place is worth. `over-quota`: over the author's own, not over everybody's, or
 * too much in one generation: its author can go on with the next.
 */
export type Examination =
  | { readonly kind: 'good'; readonly take: () => void }
  | { readonly kind: 'bad'; readonly field: 'structure' | 'quota'; readonly why: string }
  | { readonly kind: 'ahead'; readonly aheadMs: number; readonly why: string }
  | { readonly kind: 'over-quota'; readonly why: string };

/** What an examination looks at. */
export interface Exam {
  readonly received: ReceivedFrame;
  readonly limits: Limits;
  /** How much is live now, in the generation before when the frame starts one. */
  readonly tally: Tally;
}

/** Most frames of a generation that are taken: 4 times what its author's own writer makes. */
const FRAMES_MAX = 4_000;
/**
 * Most bytes of a generation that are taken, as a multiple of what may be live in it. A writer goes
 * to 5 times what is live, and one frame further.
 */
const BYTES_RATIO = 6;

/** How reading is left in pieces, and who is told of what was read. */
export interface Pace {
  readonly meter: Meter;
  readonly foresee: (statement: Statement) => number;
}

/** Reads what `examineIn` will look at, unless it is too much. */
export function* prepareIn(
  into: Generation,
  exam: Exam,
  { meter, foresee }: Pace,
): Generator<void, void> {
  const inspection = inspectIn(into, exam);
  if (inspection.kind !== 'passed') return;
  const { content } = exam.received;
  yield* readSaid(content, inspection.passed, meter, ({ read }) =>
    read.ok ? foresee(read.statement) : 0,
  );
}

/** Examines a frame that comes next in a generation. `onTaken`: called when `take` went well. */
export const examineIn = (into: Generation, exam: Exam, onTaken: () => void): Examination => {
  const { received, limits } = exam;
  const inspected = inspectIn(into, exam);
  if (inspected.kind !== 'passed') return inspected;
  const { content } = received;
  const inspection = inspected.passed;
  const said = finish(readSaid(content, inspection, UNMETERED, () => 0));
  const latest = latestOf(said);
  if (limits.wallMs !== null && isAhead(latest, limits.wallMs)) {
    const aheadMs = latest[0] - limits.wallMs;
    return { kind: 'ahead', aheadMs, why: `its clock is ${aheadMs} ms ahead of ours` };
  }
  const step = stepOf(into, said, inspection);
  const over = whyOver(step.tally, exam);
  if (over !== null) return over;
  return {
    kind: 'good',
    take: () => {
      applyTo(into, step);
      const { bytes, hash } = received;
      into.links.push({ bytes: bytes.slice(), hash });
      into.latest = maxHlc(into.latest, latest);
      into.bytes += bytes.length;
      onTaken();
    },
  };
};

/** First what costs nothing: what is too much is not even read. */
const inspectIn = (
  into: Generation,
  exam: Exam,
): Examination | { readonly kind: 'passed'; readonly passed: Passed } => {
  const heavy = tooHeavy(into, exam);
  if (heavy !== null) return { kind: 'over-quota', why: heavy };
  const inspection = inspect(exam.received.content, into.known);
  if (!inspection.ok) return { kind: 'bad', field: 'structure', why: inspection.why };
  const many = tooMany(exam, inspection.additions.length);
  if (many !== null) return { kind: 'over-quota', why: many };
  return { kind: 'passed', passed: inspection };
};

/** Why a generation would be too heavy with the frame, however little of it is live. */
const tooHeavy = (into: Generation, { received, limits, tally }: Exam) => {
  const frames = into.links.length + 1;
  if (frames > FRAMES_MAX) return `${frames} frames in a generation, at most ${FRAMES_MAX} fit`;
  const bytes = into.bytes + received.bytes.length;
  if (bytes <= BYTES_RATIO * NODE_QUOTA.bytes) return null;
  if (bytes <= BYTES_RATIO * limits.quota().bytes) return null;
  // An operator no more may hold too much: it goes by that, as its own writer does.
  const most = BYTES_RATIO * Math.max(limits.quota().bytes, tally.bytes);
  return bytes > most ? `${bytes} bytes in a generation, at most ${most} fit` : null;
};

/** Why a frame says more at once than may ever be live. */
const tooMany = ({ limits, tally }: Exam, count: number): string | null => {
  if (count <= statementsMost(NODE_QUOTA)) return null;
  const most = Math.max(statementsMost(limits.quota()), statementsMost(tally));
  return count > most ? `${count} statements in a frame, at most ${most} fit` : null;
};

const statementsMost = ({ keys, tombstones }: Quota): number => keys + tombstones;

/** Why what would be live is over a quota. */
const whyOver = (after: Tally, { limits, tally }: Exam): Examination | null => {
  if (overQuota(after, NODE_QUOTA) === null) return null;
  const quota = limits.quota();
  if (overQuota(after, quota) === null) return null;
  const hard = overQuota(after, OPERATOR_QUOTA);
  if (hard !== null) return { kind: 'bad', field: 'quota', why: hard };
  // An operator no more may hold too much: it may still say less.
  const own = overQuota(after, highestOf(quota, tally));
  return own === null ? null : { kind: 'over-quota', why: own };
};

const highestOf = (a: Tally, b: Tally): Tally => ({
  keys: Math.max(a.keys, b.keys),
  tombstones: Math.max(a.tombstones, b.tombstones),
  bytes: Math.max(a.bytes, b.bytes),
});

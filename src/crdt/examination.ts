/**
 * Rule: examination — whether a frame in its place is good: what it changes is allowed, no clock
 * runs ahead, and everything together fits its author's quota.
 *
 * A frame that is not taken changes nothing.
 */
import type { ReceivedFrame } from './chain.ts';
import { inspectUpdate } from './gate.ts';
import { applyTo, type Generation } from './generation.ts';
import { isAhead, maxHlc } from './hlc.ts';
import {
  latestOf,
  NODE_QUOTA,
  OPERATOR_QUOTA,
  overQuota,
  type Quota,
  type Reading,
  type Tally,
  tallyOf,
} from './holdings.ts';
import { openSubdocument } from './subdocument.ts';

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
 * `take` is false when the frame was not taken after all, because Yjs did not take its body.
 */
export type Examination =
  | { readonly kind: 'good'; readonly take: () => boolean }
  | { readonly kind: 'bad'; readonly field: 'structure' | 'quota'; readonly why: string }
  | { readonly kind: 'ahead'; readonly aheadMs: number; readonly why: string }
  | { readonly kind: 'over-quota'; readonly why: string };

/** What an examination looks at. */
export interface Exam {
  readonly received: ReceivedFrame;
  readonly limits: Limits;
  readonly reading: Reading;
  /** What is live now, in the generation before when the frame starts one. */
  readonly contents: () => readonly Uint8Array[];
}

/** Most frames of a generation that are taken: 4 times what its author's own writer makes. */
const FRAMES_MAX = 4_000;
/**
 * Most bytes of a generation that are taken, as a multiple of what may be live in it. A writer goes
 * to 5 times what is live, and one frame further.
 */
const BYTES_RATIO = 6;

/** Examines a frame that comes next in a generation. `onTaken`: called when `take` went well. */
export const examineIn = (into: Generation, exam: Exam, onTaken: () => void): Examination => {
  const { received, limits, reading } = exam;
  // First what costs nothing: what is too much is not even read.
  const heavy = tooHeavy(into, exam);
  if (heavy !== null) return { kind: 'over-quota', why: heavy };
  const inspection = inspectUpdate(received.frame.body, into.document.known());
  if (!inspection.ok) return { kind: 'bad', field: 'structure', why: inspection.why };
  const many = tooMany(exam, inspection.additions.length);
  if (many !== null) return { kind: 'over-quota', why: many };
  const added = inspection.additions.map(reading);
  const latest = latestOf(added);
  if (limits.wallMs !== null && isAhead(latest, limits.wallMs)) {
    const aheadMs = latest[0] - limits.wallMs;
    return { kind: 'ahead', aheadMs, why: `its clock is ${aheadMs} ms ahead of ours` };
  }
  const { tally, over } = tallyAfter(into, exam, inspection.additions);
  if (over !== null) return over;
  return {
    kind: 'good',
    take: () => {
      if (!applyTo(into, received.frame)) return false;
      const { bytes, hash } = received;
      into.links.push({ bytes: bytes.slice(), hash });
      into.latest = maxHlc(into.latest, latest);
      into.tallyMost = tally;
      into.bytes += bytes.length;
      into.holdings = null;
      into.state = null;
      onTaken();
      return true;
    },
  };
};

/** Why a generation would be too heavy with the frame, however little of it is live. */
const tooHeavy = (into: Generation, { received, limits, reading, contents }: Exam) => {
  const frames = into.links.length + 1;
  if (frames > FRAMES_MAX) return `${frames} frames in a generation, at most ${FRAMES_MAX} fit`;
  const bytes = into.bytes + received.bytes.length;
  if (bytes <= BYTES_RATIO * NODE_QUOTA.bytes) return null;
  if (bytes <= BYTES_RATIO * limits.quota().bytes) return null;
  // An operator no more may hold too much: it goes by that, as its own writer does.
  const most = BYTES_RATIO * Math.max(limits.quota().bytes, tallyOf(contents(), reading).bytes);
  return bytes > most ? `${bytes} bytes in a generation, at most ${most} fit` : null;
};

/** Why a frame says more at once than may ever be live. */
const tooMany = ({ limits, contents }: Exam, count: number): string | null => {
  if (count <= statementsMost(NODE_QUOTA)) return null;
  const most = Math.max(statementsMost(limits.quota()), contents().length);
  return count > most ? `${count} statements in a frame, at most ${most} fit` : null;
};

const statementsMost = ({ keys, tombstones }: Quota): number => keys + tombstones;

/**
 * What is held after the frame, or why that is over a quota. A copy is made only when it may be.
 */
const tallyAfter = (
  into: Generation,
  { received, limits, reading, contents }: Exam,
  additions: readonly Uint8Array[],
): { readonly tally: Tally; readonly over: Examination | null } => {
  const most = addTallies(into.tallyMost, tallyOf(additions, reading));
  if (overQuota(most, NODE_QUOTA) === null) return { tally: most, over: null };
  const quota = limits.quota();
  if (overQuota(most, quota) === null) return { tally: most, over: null };
  const copy = openSubdocument(into.document.known().client, into.document.encode());
  copy.apply(received.frame.body);
  const tally = tallyOf(copy.contents(), reading);
  const hard = overQuota(tally, OPERATOR_QUOTA);
  if (hard !== null) return { tally, over: { kind: 'bad', field: 'quota', why: hard } };
  // An operator no more may hold too much: it may still say less.
  const own = overQuota(tally, highestOf(quota, tallyOf(contents(), reading)));
  return { tally, over: own === null ? null : { kind: 'over-quota', why: own } };
};

const highestOf = (a: Tally, b: Tally): Tally => ({
  keys: Math.max(a.keys, b.keys),
  tombstones: Math.max(a.tombstones, b.tombstones),
  bytes: Math.max(a.bytes, b.bytes),
});

const addTallies = (a: Tally, b: Tally): Tally => ({
  keys: a.keys + b.keys,
  tombstones: a.tombstones + b.tombstones,
  bytes: a.bytes + b.bytes,
});

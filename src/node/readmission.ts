/**
 * Loop: readmission — lets in again whom another member has let in and takes back.
 *
 * 1. Operators do it within a second, the others some seconds later, each after a time of its own:
 *    so it is seldom said twice, and nobody has to be there.
 */
import type { MemberId } from '../crdt/ids.ts';
import { trustPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import type { Replica } from './replica.ts';
import { type KnownAdmission, remember, takenBack } from './rules/readmission.ts';
import { createWake } from './wake.ts';

/** Longest wait of an operator, and of who is none. Unit: ms. News spread within some 0.3 s. */
const OPERATOR_MS = 1_000;
const NODE_MS = 8_000;
/** After this long what could not be written is tried again. Unit: ms. */
const AGAIN_MS = 10_000;
/** Longest time between two looks. Unit: ms. */
const LOOK_MS = 600_000;
/** Admissions said in one frame, of some 400 bytes each. */
const AT_ONCE_MAX = 32;

/** The running loop. */
export interface Readmission {
  mark(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. */
export function createReadmission(
  { clock, random, log }: Pick<Ports, 'clock' | 'random' | 'log'>,
  self: MemberId,
  replica: Pick<Replica, 'view' | 'valueOf' | 'write'>,
): Readmission {
  const wake = createWake(clock);
  const known = new Map<MemberId, KnownAdmission>();
  /** When each is to be said again. */
  const dueMs = new Map<MemberId, number>();
  const look = (): void => {
    const held = { view: replica.view(), saidBy: replica.valueOf };
    remember(known, held);
    const out = new Set(takenBack(known, held));
    for (const id of dueMs.keys()) if (!out.has(id)) dueMs.delete(id);
    const isOperator = held.view.operators.some(({ member }) => member === self);
    const waitMs = isOperator ? OPERATOR_MS : NODE_MS;
    for (const id of out) {
      if (!dueMs.has(id)) dueMs.set(id, clock.monotonicMs() + random.fraction() * waitMs);
    }
  };
  const say = async (): Promise<void> => {
    const nowMs = clock.monotonicMs();
    const due = [...dueMs].filter(([, atMs]) => atMs <= nowMs).slice(0, AT_ONCE_MAX);
    const edits = due.flatMap(([id]) => {
      const admission = known.get(id);
      if (admission === undefined) return [];
      log.warn('admission-taken-back', { member: id, by: admission.author });
      return [{ path: trustPath('admission', id), value: admission.value }];
    });
    for (const [id] of due) dueMs.set(id, nowMs + AGAIN_MS);
    if (edits.length > 0 && isMember()) await replica.write(edits);
  };
  const isMember = (): boolean =>
    replica.view().members.some(({ id, hasLeft }) => id === self && !hasLeft);
  const waitMs = (): number =>
    Math.max(0, Math.min(LOOK_MS, ...[...dueMs.values()].map((at) => at - clock.monotonicMs())));
  return {
    mark: wake.mark,
    run: async (signal) => {
      while (!signal.aborted) {
        look();
        await say().catch((error: unknown) => {
          // The disk takes nothing, or this VM has said all that it may: another one says it.
          if (!(error instanceof Fault)) throw error;
          log.warn('readmission-failed', { why: error.message });
        });
        await wake.wait(waitMs(), signal);
      }
    },
  };
}

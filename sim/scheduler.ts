/**
 * Edge: scheduler — virtual time: pops the earliest event, runs it, lets what it woke settle,
 * repeats.
 *
 * 1. Events at one moment run in the order in which they were made.
 * 2. Between two events every promise that can settle has settled: the scheduler waits for what
 *    runs after the microtasks. So nothing may finish off this thread.
 * 3. Time only moves between events. A run in which it stands still is stopped (`EVENTS_MAX`).
 */
import { openHeap } from './heap.ts';

/** Events at one moment before the run is taken for an endless loop. */
const EVENTS_MAX = 100_000;

/** Undoes an event that has not run. Harmless afterwards. */
export type Cancel = () => void;

/** Virtual time. */
export interface Scheduler {
  /** Virtual ms since the start of the run. */
  nowMs(): number;
  /** Runs `run` after `delayMs`. */
  after(delayMs: number, run: () => void): Cancel;
  /**
   * Advances until `done` settles, and gives its result. Rejects on a deadlock, on an endless loop
   * and at the virtual moment `untilMs`.
   */
  drive<Result>(done: Promise<Result>, untilMs?: number): Promise<Result>;
  /** How many events are still to come. */
  waiting(): number;
  /** Makes the run fail with this error at its next step. The first one counts. */
  fail(error: unknown): void;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  /** Null once it has run or was cancelled: what it would have done is not kept until its time. */
  run: (() => void) | null;
}

/** What happens at a moment. */
interface Due {
  readonly atMs: number;
  readonly run: () => void;
}

/** Virtual time at zero. */
export function openScheduler(settle: () => Promise<void>): Scheduler {
  const queue = openQueue();
  let nowMs = 0;
  let made = 0;
  let failure: { readonly error: unknown } | null = null;
  const step = (): void => {
    const event = queue.pop();
    if (event === undefined) throw new Error('deadlock: nothing left that could happen');
    nowMs = event.atMs;
    event.run();
  };
  const drive = async <Result>(
    done: Promise<Result>,
    untilMs = Number.POSITIVE_INFINITY,
  ): Promise<Result> => {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    done.then(mark, mark);
    await settle();
    const isEndless = openStandstill();
    while (!isSettled) {
      step();
      await settle();
      if (failure !== null) throw failure.error;
      if (nowMs > untilMs) throw new Error(`not done by ${untilMs} ms: something never settles`);
      if (isEndless(nowMs)) throw new Error(`endless loop: time stands still at ${nowMs} ms`);
    }
    return done;
  };
  return {
    nowMs: () => nowMs,
    waiting: queue.waiting,
    after: (delayMs, run) => {
      const event: Event = {
        atMs: nowMs + Math.max(0, delayMs),
        order: made++,
        run,
      };
      return queue.push(event);
    },
    drive,
    fail: (error) => {
      failure ??= { error };
    },
  };
}

/** Tells when too much happens at one moment. */
function openStandstill(): (nowMs: number) => boolean {
  let sinceMs = 0;
  let count = 0;
  return (nowMs) => {
    count = sinceMs === nowMs ? count + 1 : 0;
    sinceMs = nowMs;
    return count > EVENTS_MAX;
  };
}

interface Queue {
  push(event: Event): Cancel;
  /** How many will still be popped. */
  waiting(): number;
  pop(): Due | undefined;
}

const isBefore = (a: Event, b: Event): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Events that are cancelled are dropped as they surface. */
function openQueue(): Queue {
  const heap = openHeap(isBefore);
  let waiting = 0;
  const end = (event: Event): void => {
    if (event.run !== null) waiting -= 1;
    event.run = null;
  };
  return {
    push: (event) => {
      heap.push(event);
      waiting += 1;
      return () => end(event);
    },
    waiting: () => waiting,
    pop: () => {
      for (let event = heap.pop(); event !== undefined; event = heap.pop()) {
        const { atMs, run } = event;
        end(event);
        if (run !== null) return { atMs, run };
      }
      return undefined;
    },
  };
}

/**
 * Loop: disk watch — knows when the state directory takes nothing any more, and when it does again.
 *
 * 1. Whatever fails to be written shows at once; that it was put right is shown by a probe, for
 *    what is small may fit where nothing else does.
 * 2. Trouble is looked at often, and those who wait for its end are told: nobody has to restart.
 * 3. It never fails itself: a daemon whose disk is gone still answers, and the VPN goes on.
 */
import { Fault, type FaultFacts } from '../fault.ts';
import type { Disk, Ports, Unsubscribe } from '../ports.ts';
import { createWake } from './wake.ts';

/** Time between two probes: while all is well, and in trouble. Unit: ms. */
const CALM_MS = 60_000;
const TROUBLE_MS = 3_000;
/** Age at which a person who looks gets a fresh probe, and longest wait for it. Unit: ms. */
const STALE_MS = 3_000;
const REFRESH_MS = 1_000;
/** What must fit. Unit: bytes. Far more than a frame, far less than what a VM needs to live. */
const PROBE_BYTES = 64 * 1024;
const PROBE = 'probe';

/** The disk, watched. */
export interface DiskWatch {
  /** The same disk; what fails there is noticed here. */
  readonly disk: Disk;
  /** What is wrong with it, or null. */
  trouble(): FaultFacts | null;
  /** Resolves when what `trouble` says is fresh, or after a second. */
  refresh(): Promise<void>;
  /** Called when trouble is over. */
  onRecovery(listener: () => void): Unsubscribe;
  /** Ends with `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

/** Fault of the disk when it takes nothing now. Leaves nothing behind. */
export async function probeDisk(disk: Disk): Promise<void> {
  await disk.write(PROBE, new Uint8Array(PROBE_BYTES));
  await disk.remove(PROBE);
}

/** Watches a disk; it looks by itself only while it runs. */
export function watchDisk(ports: Pick<Ports, 'clock' | 'disk' | 'log'>): DiskWatch {
  const { clock, disk } = ports;
  const wake = createWake(clock);
  const record = createRecord(ports, wake.mark);
  let probedMs = Number.NEGATIVE_INFINITY;
  const probe = async (): Promise<void> => {
    await probeDisk(disk).then(record.recover, record.note);
    probedMs = clock.monotonicMs();
  };
  const noticed = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      if (isOfDisk(error)) record.note(error);
      throw error;
    }
  };
  return {
    disk: {
      ...disk,
      write: (name, content) => noticed(disk.write(name, content)),
      append: (name, content) => noticed(disk.append(name, content)),
      remove: (name) => noticed(disk.remove(name)),
    },
    trouble: record.trouble,
    refresh: async () => {
      if (clock.monotonicMs() - probedMs < STALE_MS) return;
      const late = new AbortController();
      await Promise.race([probe(), clock.sleep(REFRESH_MS, late.signal)]);
      late.abort('in time');
    },
    onRecovery: record.onRecovery,
    run: async (signal) => {
      while (!signal.aborted) {
        const waitMs = record.trouble() === null ? CALM_MS : TROUBLE_MS;
        const isMarked = await wake.wait(waitMs, signal);
        if (!isMarked && !signal.aborted) await probe();
      }
    },
  };
}

/** What is wrong now, and whom to tell when it is over. `onTrouble`: told when it begins. */
function createRecord({ log }: Pick<Ports, 'log'>, onTrouble: () => void) {
  const listeners = new Set<() => void>();
  let trouble: FaultFacts | null = null;
  return {
    trouble: () => trouble,
    note: (error: unknown): void => {
      const facts = factsOf(error);
      const isNew = trouble === null;
      trouble = facts;
      if (!isNew) return;
      log.warn('disk-trouble', { path: facts.value, why: facts.why });
      onTrouble();
    },
    recover: (): void => {
      if (trouble === null) return;
      trouble = null;
      log.info('disk-recovered');
      for (const listener of listeners) listener();
    },
    onRecovery: (listener: () => void): Unsubscribe => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

const isOfDisk = (error: unknown): error is Fault =>
  error instanceof Fault && error.facts.field === 'disk';

const factsOf = (error: unknown): FaultFacts =>
  isOfDisk(error)
    ? error.facts
    : {
        field: 'disk',
        value: 'state directory',
        why: error instanceof Error ? error.message : String(error),
        remedy: 'see that it is there and may be written',
      };

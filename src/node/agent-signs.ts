/**
 * Loop: agent signs — looks every few seconds at what no monitor tells, without starting a process,
 * as long as the service is in step.
 *
 * 1. A sign that differs only marks; the pass that follows reads the host and decides.
 * 2. One that goes on to differ though passes find nothing to do is looked at less and less often.
 */
import type { Ports } from '../ports.ts';
import type { Signs } from '../services/service.ts';

/** Time between two looks. Unit: ms. With the pass that follows it is well below 10 s. */
const LOOK_MS = 5_000;

/** Differences in a row that passes may need to repair something, before looks become rarer. */
const VAIN_MAX = 2;

/** The same, doubled this often at most: every 5 min, as the regular read-back. */
const DOUBLINGS_MAX = 6;

/** The signs of one agent. */
export interface SignWatch {
  /** What is expected from here on; none while the service is not in step. */
  expect(signs: Signs): void;
  /** Ends with `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

/** Makes the loop. `onDifference` is told when a sign is not as expected. */
export function watchSigns(
  { clock, net }: Pick<Ports, 'clock' | 'net'>,
  onDifference: () => void,
): SignWatch {
  let signs: Signs = [];
  let vain = 0;
  const differs = async (expected: Signs): Promise<boolean> => {
    for (const each of expected) {
      if ((await net.glance(each.sign)) !== each.expected) return true;
    }
    return false;
  };
  return {
    expect: (next) => {
      signs = next;
    },
    run: async (signal) => {
      while (!signal.aborted) {
        const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, vain - VAIN_MAX));
        await clock.sleep(LOOK_MS * 2 ** doublings, signal);
        const expected = signs;
        if (signal.aborted || expected.length === 0) continue;
        const isDifferent = await differs(expected);
        if (expected !== signs) continue; // A pass has looked closer meanwhile.
        vain = isDifferent ? vain + 1 : 0;
        if (isDifferent && !signal.aborted) onDifference();
      }
    },
  };
}

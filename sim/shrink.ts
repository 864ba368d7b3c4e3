/**
 * Rule: shrink — the fewest steps of a failing run that still fail.
 *
 * Delta debugging: ever smaller groups of steps are left out, and stay out where it fails all the
 * same.
 */

/** Runs that are tried at most. At half a second each, half a minute. */
const TRIES_MAX = 80;

/** The smallest list found. `fails` runs a list; `steps` itself fails. */
export async function shrink(
  steps: readonly number[],
  fails: (only: readonly number[]) => Promise<boolean>,
): Promise<readonly number[]> {
  let kept = steps;
  let tries = 0;
  const tryWithout = async (at: number, count: number): Promise<boolean> => {
    const candidate = [...kept.slice(0, at), ...kept.slice(at + count)];
    tries += 1;
    if (tries > TRIES_MAX || !(await fails(candidate))) return false;
    kept = candidate;
    return true;
  };
  if (await tryWithout(0, kept.length)) return kept;
  for (let count = Math.ceil(kept.length / 2); ; count = Math.max(1, Math.floor(count / 2))) {
    let hasShrunk = false;
    for (let at = 0; at < kept.length && tries <= TRIES_MAX; ) {
      if (await tryWithout(at, count)) hasShrunk = true;
      else at += count;
    }
    if (tries > TRIES_MAX || (count === 1 && !hasShrunk)) return kept;
  }
}

/** Failures of one run that are made smaller at once; after that something is wrong altogether. */
const AT_ONCE_MAX = 2;

/** What is done of a failure: it is made smaller now, or it is said how to. */
interface Smaller {
  readonly now: () => Promise<void>;
  readonly later: () => void;
}

/** Called for each failure of a run of many seeds, so that none is left without its smallest. */
export function openSmaller(): (ways: Smaller) => Promise<void> {
  let failures = 0;
  return async ({ now, later }) => {
    failures += 1;
    if (failures <= AT_ONCE_MAX) await now();
    else later();
  };
}

/** What kind of failure it is: its first words, without numbers and names. */
export const kindOf = (failure: string): string =>
  (failure.split('\n')[0] ?? '').replaceAll(/\d+/g, '#').slice(0, KIND_LENGTH);

/** Enough to tell an invariant from another. Unit: characters. */
const KIND_LENGTH = 22;

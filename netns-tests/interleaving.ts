/**
 * Rule: interleaving — what people and accidents do to two VMs, drawn from a seed: the same seed
 * gives the same steps.
 *
 * 1. The founder lives through kills and power cuts, but stays a member: somebody has to know.
 * 2. A step that makes no sense where it comes, as a boot of what runs, is left out by the runner.
 */

/** What happens to a VM. `kill-command` kills what was typed there and still runs. */
export type Act =
  | 'join'
  | 'init'
  | 'leave'
  | 'leave --local'
  | 'start'
  | 'stop'
  | 'restart'
  | 'kill-daemon'
  | 'kill-command'
  | 'power-cut'
  | 'boot';

/** One step. */
export interface Step {
  readonly vm: string;
  readonly act: Act;
  readonly isTwice: boolean;
  /** Whether the next step waits for its end; else only for `pauseMs`. */
  readonly isAwaited: boolean;
  readonly pauseMs: number;
}

/** A source of numbers in [0, 1). */
export type Dice = () => number;

/** mulberry32: every seed gives other numbers, the same on every machine. */
export function openDice(seed: number): Dice {
  let state = Math.imul(seed + 1, 0x9e37_79b9) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** One of them, each as likely as it is often in the list. */
export function pick<Item>(dice: Dice, items: readonly Item[]): Item {
  const item = items[Math.floor(dice() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** Who founds and stays, and who comes and goes. */
export const FOUNDER = 'vm1';
export const GUESTS = ['vm2', 'vm3'] as const;

/** A third of it makes a member, a third undoes one, and a third is accidents. */
const GUEST_ACTS: readonly Act[] = [
  ...(['join', 'join', 'join', 'join', 'join', 'init', 'start', 'start', 'restart'] as const),
  ...(['leave', 'leave', 'leave', 'leave', 'leave --local', 'leave --local', 'stop'] as const),
  ...(['kill-daemon', 'kill-daemon', 'kill-command', 'kill-command', 'power-cut', 'boot'] as const),
];
/** How often a step hits the VM of the step before, and so often what that began. */
const SAME_SHARE = 0.6;
/** How often a command is typed twice at the same moment. */
const TWICE_SHARE = 0.2;
const FOUNDER_ACTS: readonly Act[] = [
  'kill-daemon',
  'start',
  'start',
  'restart',
  'power-cut',
  'boot',
];
/** Of twelve steps one hits the founder. */
const FOUNDER_SHARE = 1 / 12;

/** How often the next step waits for the end of a step. */
const AWAITED_SHARE = 0.35;
const STEPS_MIN = 8;
const STEPS_MAX = 16;
/** Longest pause after a step that nobody waits for. Unit: ms. A join takes a second or two. */
const PAUSE_MS_MAX = 1_200;

/** The steps of a seed. The first is a join, or most seeds would do nothing for a while. */
export function interleavingOf(dice: Dice): readonly Step[] {
  const count = STEPS_MIN + Math.floor(dice() * (STEPS_MAX - STEPS_MIN + 1));
  let guest: string = pick(dice, GUESTS);
  return Array.from({ length: count }, (_, index): Step => {
    const isFounders = dice() < FOUNDER_SHARE && index > 0;
    if (dice() >= SAME_SHARE) guest = pick(dice, GUESTS);
    return {
      vm: isFounders ? FOUNDER : guest,
      act: index === 0 ? 'join' : pick(dice, isFounders ? FOUNDER_ACTS : GUEST_ACTS),
      isTwice: dice() < TWICE_SHARE,
      isAwaited: dice() < AWAITED_SHARE,
      pauseMs: Math.floor(dice() ** 2 * PAUSE_MS_MAX),
    };
  });
}

/**
 * Rule: plan — the troubles of one run, drawn before it begins.
 *
 * Each step has a number and draws its own chance from it, so that a step does the same whether
 * others happen or not: a plan can be made smaller, and what is left still fails in the same way.
 */
import type { Dice } from './random.ts';

/** One trouble. */
export interface Step {
  /** Its place in the whole plan, from 1. */
  readonly number: number;
  /** Virtual ms after the storm begins. */
  readonly atMs: number;
  readonly act: string;
}

/** What may happen, and how often in relation to each other. */
export type Weights = Readonly<Record<string, number>>;

/**
 * Longest time between two steps. Unit: ms. Twice as many find the planted bugs no sooner: many a
 * trouble has to have come to an end before the next one begins.
 */
const GAP_MS_MAX = 24_000;
/** Of all kinds of trouble a run has so many: rare ones meet more often where others are absent. */
const KINDS_SHARE_MIN = 0.3;

/** Draws a plan. `only`: the numbers of the steps that are wanted; null: all of them. */
export function drawPlan(
  dice: Dice,
  weights: Weights,
  { durationMs, only }: { readonly durationMs: number; readonly only: readonly number[] | null },
): readonly Step[] {
  const kinds = drawKinds(dice.fork('kinds'), weights);
  const steps: Step[] = [];
  let atMs = dice.between(0, GAP_MS_MAX);
  for (let number = 1; atMs < durationMs; number += 1) {
    steps.push({ number, atMs, act: draw(dice, kinds) });
    atMs += dice.between(0, GAP_MS_MAX);
  }
  return only === null ? steps : steps.filter(({ number }) => only.includes(number));
}

/** Some of the kinds, other ones for each seed (swarm testing). */
function drawKinds(dice: Dice, weights: Weights): Weights {
  const share = dice.between(KINDS_SHARE_MIN, 1.2);
  const kinds = Object.entries(weights).filter(() => dice.chance(share));
  return kinds.length === 0 ? weights : Object.fromEntries(kinds);
}

function draw(dice: Dice, weights: Weights): string {
  const entries = Object.entries(weights);
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  let left = dice.between(0, sum);
  for (const [act, weight] of entries) {
    left -= weight;
    if (left < 0) return act;
  }
  throw new Error('no act drawn');
}

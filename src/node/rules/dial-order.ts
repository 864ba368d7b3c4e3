/**
 * Rule: dial order — in which order a member's endpoints are tried at the n-th dial in a row.
 *
 * 1. The best stays first: a member that was down comes back where it was.
 * 2. The others move up from dial to dial: addresses that swallow packets use up the time of a
 *    dial, and what stands behind them has its turn, too.
 */
import type { Endpoint } from '../../ports.ts';

/** Endpoints after the first that a dial of 6 s has time for when all swallow packets. */
const STEP = 3;

/** The endpoints, best first, in the order of dial number `turn`, counted from 0. */
export function dialOrder(endpoints: readonly Endpoint[], turn: number): readonly Endpoint[] {
  const [best, ...others] = endpoints;
  if (best === undefined || others.length === 0) return endpoints;
  const from = (turn * STEP) % others.length;
  return [best, ...others.slice(from), ...others.slice(0, from)];
}

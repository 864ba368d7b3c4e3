/**
 * Rule: firewall boot — what is loaded before the network is up: the last that was in force here.
 *
 * What was on trial is not: after a boot the old rules hold. That it was begun is remembered, so
 * that it is not begun again.
 */

import { textOf } from '../nft/transaction.ts';
import { tableOf } from './diff.ts';
import { replaceTable } from './own-table.ts';
import type { FirewallDesired } from './state.ts';

/** A kernel that just booted has no connection that could carry an older generation. */
const FIRST = { now: 1, trial: 2 };

/** The commands of nft's JSON, or null where nothing is filtered. */
export const boot = (desired: FirewallDesired): string | null =>
  desired === null
    ? null
    : textOf(replaceTable(tableOf({ ...desired, trial: null }, FIRST), new Map()));

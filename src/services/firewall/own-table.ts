/**
 * Rule: firewall own table — which table is the firewall's, what in it has a name that others
 * need, and the commands that make it.
 */
import type { Hook, Place } from '../nft/tables.ts';
import { transactionOn } from '../nft/transaction.ts';

/** Family and name of the table. It is ours on every host, and we touch no other. */
export const FAMILY = 'inet';
export const NAME = 'cnsmo';

/** The same, as commands name it. */
export const PLACE: Place = { family: FAMILY, table: NAME };

/** The commands that make it, or a part of it. */
export const TABLE = transactionOn(PLACE);
export const {
  replaceTable,
  deleteTable,
  addSet,
  addChain,
  addRule,
  flushChain,
  remove,
  addCounter,
  deleteCounter,
  addElements,
  deleteElements,
} = TABLE;

/** Hooks, and where in them: before DNAT (-100), and before what others filter (0). */
export const HOOKS = {
  prerouting: -110,
  input: -5,
  forward: -5,
  output: -5,
} satisfies Partial<Record<Hook['hook'], number>>;
/** Where the table hangs. */
export type HookName = keyof typeof HOOKS;
/** A ruleset of the table. */
export type Side = 'now' | 'trial';

/** The map that lets everything pass for a time: `firewall open`. */
export const OPEN_MAP = 'open';
/** The map whose elements let a hook ask the side on trial first. */
export const trialMap = (hook: HookName): string => `trial-${hook}`;
/**
 * The chain that says that a trial was begun. Its rules only remember: why it was withdrawn; or
 * what was reached before it.
 */
export const triedName = (id: string): string => `tried/${id}`;

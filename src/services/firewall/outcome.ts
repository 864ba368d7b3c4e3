/**
 * Rule: firewall outcome — what a rule does, as far as two of them may be exchanged.
 */
import type { Clause } from './lane.ts';

/** What a clause does, as far as two may be exchanged. */
export const outcomeOf = ({ rule }: Clause): string =>
  isPlain(rule) && !isAudit(rule) ? rule.action : `rule ${rule.name}`;

/** Whether a rule decides nothing, and logs what it would. */
export const isAudit = ({ audit }: Clause['rule']): boolean => audit === true;

/** Whether a rule does nothing but decide. */
export const isPlain = ({ log, rate, connections }: Clause['rule']): boolean =>
  log === undefined && rate === undefined && connections === undefined;

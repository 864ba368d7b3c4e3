/**
 * Rule: firewall begun — the trials that were begun on this host, as the table tells, or as it told
 * before somebody took it away: so that nobody lives through one longer, or twice.
 */

import type { ObservedTable } from '../nft/observed.ts';
import { isKept } from './callers.ts';
import { trialMap, triedName } from './own-table.ts';
import type { Begun, FirewallObserved } from './state.ts';

/** Trials that are known without the table: one runs at a time, so far more than can matter. */
const KNOWN_MAX = 8;

/** Since `before`, what was read last. `table`: null where there is none. `nowMs`: monotonic. */
export const begunBy = (
  table: ObservedTable | null,
  before: FirewallObserved | null,
  nowMs: number,
): readonly Begun[] => {
  const told = table === null ? [] : toldBy(table, nowMs);
  const ids = new Set(told.map(({ id }) => id));
  const known = before?.begun ?? [];
  return [...told, ...known.filter(({ id }) => !ids.has(id))].slice(0, KNOWN_MAX);
};

const toldBy = (table: ObservedTable, nowMs: number): readonly Begun[] => {
  const [element] = table.sets.get(trialMap('prerouting'))?.elements.values() ?? [];
  const endsMs = element === undefined ? null : nowMs + (element.expires ?? 0) * 1_000;
  return [...table.chains]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, { rules }]) => {
      const comments = rules.flatMap(({ comment }) => comment ?? []);
      const why = comments.find((each) => !isKept(each)) ?? null;
      return { id: name.slice(PREFIX.length), why, kept: comments.filter(isKept), endsMs };
    });
};

const PREFIX = triedName('');

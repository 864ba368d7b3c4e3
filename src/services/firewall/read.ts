/**
 * Rule: firewall read — the host as the probes show it.
 *
 * Output that cannot be read is a problem, never a guess.
 */
import { complaint, isNoTable, readTable } from '../nft/read-table.ts';
import type { Finding, Results, Self } from '../service.ts';
import { begunBy } from './begun.ts';
import { callsIn } from './callers.ts';
import { lackingIn, missingFeatures } from './features.ts';
import { readNeighbours } from './neighbours.ts';
import type { Begun, FirewallObserved } from './state.ts';

/** The host as the probes show it. */
export const read = (
  results: Results,
  { interface: own, nowMs }: Pick<Self, 'interface' | 'nowMs'>,
  before: FirewallObserved | null,
): Finding<FirewallObserved> => {
  const { table } = results;
  const known = begunBy(null, before, nowMs);
  if (table === undefined) return seen({ kind: 'no-tool', begun: known });
  const neighbours = readNeighbours(results, own);
  const lacking = lackingIn(results);
  const calls = callsIn(results);
  if (table.status !== 0) {
    const why = missingFeatures(results);
    if (why !== null) return seen({ kind: 'no-tool', begun: known, why });
    if (isNoTable(table)) {
      return seen({ kind: 'missing', begun: known, calls, neighbours, lacking });
    }
    return unreadable(complaint(table), known);
  }
  const found = readTable(table);
  if (found === null) {
    return unreadable('its output is no JSON of nftables; 0.9.3 or later is needed', known);
  }
  const unreached = (results.ways?.stdout ?? '').split(' ').filter((host) => host !== '');
  const begun = begunBy(found, before, nowMs);
  return seen({ kind: 'present', table: found, begun, unreached, calls, neighbours, lacking });
};

const seen = (state: FirewallObserved): Finding<FirewallObserved> => ({
  state,
  problems: [],
  recheckMs: null,
});

/** Nothing is planned then, and it is looked at again soon. */
const unreadable = (why: string, begun: readonly Begun[]): Finding<FirewallObserved> => ({
  state: { kind: 'no-tool', begun },
  problems: [`nft: list table: ${why}`],
  recheckMs: null,
});

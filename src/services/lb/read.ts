/**
 * Rule: lb read — the host as the probes show it.
 *
 * Output that cannot be read is a problem, never a guess.
 */
import { complaint, isNoTable, readTable } from '../nft/read-table.ts';
import type { Finding, Problem, Results } from '../service.ts';
import type { LbObserved } from './state.ts';

/** The host as the probes show it. */
export const read = ({ tool, table }: Results): Finding<LbObserved> => {
  if (table === undefined) return seen({ kind: tool === undefined ? 'unasked' : 'no-tool' });
  if (isNoTable(table)) return seen({ kind: 'missing' });
  if (table.status !== 0) return unreadable(complaint(table));
  const found = readTable(table);
  return found === null
    ? unreadable('its output is no JSON of nftables; 0.9.3 or later is needed')
    : seen({ kind: 'present', table: found });
};

const seen = (state: LbObserved, problems: readonly Problem[] = []): Finding<LbObserved> => ({
  ...{ state, problems },
  recheckMs: null,
});

/** Nothing is planned then, and it is looked at again soon. */
const unreadable = (why: string): Finding<LbObserved> =>
  seen({ kind: 'no-tool' }, [`nft: list table: ${why}`]);

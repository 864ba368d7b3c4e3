/**
 * Rule: lb read — the host as the probes show it.
 *
 * Output that cannot be read is a problem, never a guess.
 */
import { complaint, isNoTable, readTable } from '../nft/read-table.ts';
import type { Finding, Problem, Results, Self } from '../service.ts';
import { lackingIn } from './features.ts';
import { readForwarding } from './forwarding.ts';
import { readProxy } from './haproxy-read.ts';
import { readListeners } from './listeners.ts';
import { passageNotes } from './passage.ts';
import type { LbObserved, TableObserved } from './state.ts';

/** The host as the probes show it. `before`: what was read last. */
export const read = (
  results: Results,
  self: Self,
  before: LbObserved | null,
): Finding<LbObserved> => {
  const { state, ...finding } = readOwnTable(results, self);
  return { ...finding, state: { ...state, proxy: readProxy(results, before?.proxy ?? null) } };
};

const readOwnTable = (results: Results, self: Pick<Self, 'interface'>): Finding<TableObserved> => {
  const { tool, table, listeners, forwarding } = results;
  if (table === undefined) return seen({ kind: tool === undefined ? 'unasked' : 'no-tool' });
  const lacking = lackingIn(results);
  const host = {
    ...(lacking.length === 0 ? {} : { lacking }),
    listeners: listeners === undefined ? null : readListeners(listeners),
    forwarding: forwarding === undefined ? null : readForwarding(forwarding),
    closed: passageNotes(results, self.interface),
  };
  if (isNoTable(table)) return seen({ kind: 'missing', ...host });
  if (table.status !== 0) return unreadable(complaint(table));
  const found = readTable(table);
  return found === null
    ? unreadable('its output is no JSON of nftables; 0.9.3 or later is needed')
    : seen({ kind: 'present', table: found, ...host });
};

const seen = (state: TableObserved, problems: readonly Problem[] = []): Finding<TableObserved> => ({
  ...{ state, problems },
  recheckMs: null,
});

/** Nothing is planned then, and it is looked at again soon. */
const unreadable = (why: string): Finding<TableObserved> =>
  seen({ kind: 'no-tool' }, [`nft: list table: ${why}`]);

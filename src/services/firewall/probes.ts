/**
 * Rule: firewall probes — what to run to see our table, and who else filters here.
 */
import type { View } from '../../crdt/view.ts';
import type { Probe, Results, Self } from '../service.ts';
import { featureProbes } from './features.ts';
import { isActive, lanesOf } from './lane.ts';
import { foreignTables, probeName } from './neighbours.ts';
import { FAMILY, NAME } from './nft.ts';
import { policyOf } from './policy.ts';
import { isNoTable, readTable } from './read.ts';
import { isRunning, waysOf } from './trial.ts';

/**
 * Before the table is made, also whether this host can have it; while a trial runs, also whether it
 * left a way to the members that are connected.
 */
export const probes = (self: Self, view: View, results: Results): readonly Probe[] => {
  // Without the tool there is nothing to run.
  if (self.facts.tools.nft !== true) return [];
  const first: readonly Probe[] = [
    { name: 'table', argv: ['nft', '-j', 'list', 'table', FAMILY, NAME] },
    { name: 'chains', argv: ['nft', '-j', 'list', 'chains'], isOfOthers: true },
    ...foreignTables(results.chains).map(
      (each): Probe => ({
        name: probeName(each),
        argv: ['nft', '-j', 'list', 'table', each.family, each.table],
      }),
    ),
  ];
  if (results.table !== undefined && isNoTable(results.table)) {
    return isAsked(self, view) ? [...first, ...featureProbes(results)] : first;
  }
  const table = results.table === undefined ? null : readTable(results.table);
  if (table === null || !isRunning(table)) return first;
  const to = waysOf(view, self).flatMap((ways) => ways.to);
  return to.length === 0 ? first : [...first, { name: 'ways', sign: { kind: 'unreached', to } }];
};

/** Whether operators want something of this member. */
const isAsked = (self: Self, view: View): boolean =>
  policyOf(view).trials.length > 0 || lanesOf({ ...self, view, member: self.id }).some(isActive);

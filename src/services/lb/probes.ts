/**
 * Rule: lb probes — what to run to see our table. While nobody balances anything and this VM never
 * did, nothing.
 */
import type { View } from '../../crdt/view.ts';
import { NFT_SIGN } from '../nft/host.ts';
import type { Probe, Results, Self } from '../service.ts';
import { balancersOf } from './balancers.ts';
import { FORWARDING } from './forwarding.ts';
import { wishedHere } from './frontends.ts';
import { proxiedOf } from './haproxy-dispatch.ts';
import { proxyProbes } from './haproxy-read.ts';
import { LISTENERS } from './listeners.ts';
import { FAMILY, NAME } from './own-table.ts';
import { passageProbes } from './passage.ts';
import { TABLE_UNDO } from './state.ts';

/** All probes. */
export const probes = (self: Self, view: View, results: Results): readonly Probe[] => [
  ...tableProbes(self, view, results),
  ...proxyProbes(self, proxiedOf(view).length > 0, results),
];

/** The table, where there is the tool that lists it. */
const tableProbes = (self: Self, view: View, results: Results): readonly Probe[] => {
  if (!isAsked(self, view)) return [];
  // Without the tool there is nothing to run; it may be installed at any time.
  if (self.facts.tools.nft !== true && results.tool?.stdout !== 'found') {
    return [{ name: 'tool', sign: NFT_SIGN }];
  }
  const table = { name: 'table', argv: ['nft', '-j', 'list', 'table', FAMILY, NAME] };
  return wishedHere(view, self).length === 0
    ? [table]
    : [table, LISTENERS, FORWARDING, ...passageProbes(results)];
};

const isAsked = ({ made }: Self, view: View): boolean =>
  balancersOf(view).balancers.length > 0 || made.has(TABLE_UNDO);

/**
 * Rule: lb probes — what to run to see our table. While nobody balances anything and this VM never
 * did, nothing.
 */
import type { View } from '../../crdt/view.ts';
import { NFT_SIGN } from '../nft/host.ts';
import { isNoTable, readTable } from '../nft/read-table.ts';
import type { Probe, Results, Self } from '../service.ts';
import { balancersOf } from './balancers.ts';
import { endedBy } from './compile-ended.ts';
import { dispatchesOf } from './dispatch.ts';
import { featureProbes, unseenIn } from './features.ts';
import { FORWARDING } from './forwarding.ts';
import { wishedHere } from './frontends.ts';
import { proxiedOf } from './haproxy-dispatch.ts';
import { proxyProbes } from './haproxy-read.ts';
import { LISTENERS } from './listeners.ts';
import { FAMILY, NAME } from './own-table.ts';
import { passageProbes } from './passage.ts';
import { type Special, TABLE_UNDO } from './state.ts';
import { viewerOf } from './viewer.ts';
import { leftWays } from './ways.ts';

/** What is to be read of the host: the table, and HAProxy where there is one. */
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
  return [
    ...[table, ...featureProbes(unseenFor(self, view, results), results)],
    ...(wishedHere(view, self).length === 0
      ? []
      : [LISTENERS, FORWARDING, ...passageProbes(results)]),
  ];
};

/** What is to be in the table, and is not there yet: whether it can be is tried first. */
const unseenFor = (self: Self, view: View, results: Results): ReadonlySet<Special> => {
  const found = results.table === undefined ? null : readTable(results.table);
  const isToCome =
    results.table !== undefined &&
    isNoTable(results.table) &&
    balancersOf(view).balancers.length > 0;
  // One that is there may stay for a time without a balancer.
  if (found === null && !isToCome) return new Set();
  const ended = { left: leftWays(view, self.sights), isMoved: false };
  return unseenIn(found, endedBy(dispatchesOf(view, viewerOf(self, found)), ended));
};

const isAsked = ({ made }: Self, view: View): boolean =>
  balancersOf(view).balancers.length > 0 || made.has(TABLE_UNDO);

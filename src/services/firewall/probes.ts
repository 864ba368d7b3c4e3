/**
 * Rule: firewall probes — what to run to see our table, and who else filters here.
 */
import type { View } from '../../crdt/view.ts';
import { NFT_SIGN } from '../nft/host.ts';
import type { ObservedChain, ObservedTable } from '../nft/observed.ts';
import { isNoTable, readTable } from '../nft/read-table.ts';
import type { Probe, Results, Self } from '../service.ts';
import { CALLERS, CALLERS_MS_MAX, callersBefore, callersDuring, isKept } from './callers.ts';
import { featureProbes, featuresFor, unseenIn } from './features.ts';
import { askedOf, type Special } from './lacking.ts';
import { isActive, lanesOf } from './lane.ts';
import {
  foreignTables,
  LEGACY_SIGN,
  LEGACY_TOOLS,
  legacyFamilies,
  legacyName,
  probeName,
} from './neighbours.ts';
import { FAMILY, NAME, triedName } from './own-table.ts';
import { policyOf, withTrial } from './policy.ts';
import { isRunning, isYoung, mayBegin, waysOf } from './trial.ts';

/**
 * Before the table is made, also whether this host can have it; while a trial runs, also whether it
 * left a way to the members that are connected.
 */
export const probes = (self: Self, view: View, results: Results): readonly Probe[] => {
  // Without the tool there is nothing to run; it may be installed at any time.
  if (self.facts.tools.nft !== true && results.tool?.stdout !== 'found') {
    return [{ name: 'tool', sign: NFT_SIGN }];
  }
  const first: Probe[] = [
    { name: 'table', argv: ['nft', '-j', 'list', 'table', FAMILY, NAME] },
    { name: 'chains', argv: ['nft', '-j', 'list', 'chains'], isOfOthers: true },
    ...foreignTables(results.chains).map(
      (each): Probe => ({
        name: probeName(each),
        argv: ['nft', '-j', 'list', 'table', each.family, each.table],
      }),
    ),
    { name: 'legacy', sign: LEGACY_SIGN },
    ...legacyFamilies(results).flatMap(legacyProbes(results)),
  ];
  if (results.table !== undefined && isNoTable(results.table)) {
    if (!isAsked(self, view)) return first;
    first.push(...featureProbes(featuresFor(true, special(self, view)), results));
    return [...first, ...callProbes(self, view, null)];
  }
  const table = results.table === undefined ? null : readTable(results.table);
  if (table === null) return first;
  const unseen = unseenIn(table, special(self, view));
  first.push(...featureProbes(featuresFor(false, unseen), results));
  first.push(...callProbes(self, view, table));
  if (!isRunning(table)) return first;
  const to = waysOf(view, self).flatMap((ways) => ways.to);
  return to.length === 0 ? first : [...first, { name: 'ways', sign: { kind: 'unreached', to } }];
};

const keptIn = ({ rules }: ObservedChain): readonly string[] =>
  rules.flatMap(({ comment }) => comment ?? []).filter(isKept);

/** Whom to ask for connections to this VM: before a trial that has time for it, and amid one. */
const callProbes = (self: Self, view: View, table: ObservedTable | null): readonly Probe[] => {
  const [order] = policyOf(view).trials;
  if (order === undefined) return [];
  const site = { ...self, view, member: self.id };
  const chain = table?.chains.get(triedName(order.id));
  const isInTime = mayBegin(order, { ...self, wallMs: self.wallMs + CALLERS_MS_MAX });
  const callers =
    chain === undefined
      ? isInTime && callersBefore(view, self, order)
      : table !== null && isRunning(table) && callersDuring(site, order, keptIn(chain));
  return callers === false || callers.from.length === 0 ? [] : [{ name: CALLERS, callers }];
};

/** Who lists the filters of iptables-legacy, once it is known to be there. */
const legacyProbes =
  (results: Results) =>
  (family: keyof typeof LEGACY_TOOLS): readonly Probe[] => {
    const tool = LEGACY_TOOLS[family];
    if (results[tool]?.stdout !== 'found')
      return [{ name: tool, sign: { kind: 'tool', name: tool } }];
    const argv = [tool, '-t', 'filter'];
    return [
      { name: tool, sign: { kind: 'tool', name: tool } },
      { name: legacyName(family), argv, isOfOthers: true },
    ];
  };

/** What rules for this member ask for and others do not, those on trial included. */
const special = (self: Self, view: View): ReadonlySet<Special> => {
  const [trial] = policyOf(view).trials;
  const isToCome = trial !== undefined && isYoung(trial, self);
  const views = isToCome ? [view, withTrial(view, trial)] : [view];
  return askedOf(views.flatMap((each) => lanesOf({ ...self, view: each, member: self.id })));
};

/** Whether operators want something of this member. */
const isAsked = (self: Self, view: View): boolean =>
  policyOf(view).trials.length > 0 || lanesOf({ ...self, view, member: self.id }).some(isActive);

/**
 * Rule: nft steps — the commands that turn a table into what it should be: sets and elements one by
 * one, a chain anew only where its own rules differ.
 */
import type { ObservedTable } from './observed.ts';
import type { TableChange } from './table-change.ts';
import type { NftCommand, Times, Transaction } from './transaction.ts';

/** In the order in which nothing names what is not there. `times`: of maps with `timeout`. */
export const changeSteps = (
  table: Transaction,
  change: TableChange,
  { chains }: ObservedTable,
  times: Times,
): readonly NftCommand[] => {
  const { newSets, newChains, changed, oldSets, oldChains, elements } = change;
  const written = changed.filter(({ name }) => chains.has(name));
  return [
    ...newSets.map(table.addSet),
    ...newChains.map(table.addChain),
    ...written.map(({ name }) => table.flushChain(name)),
    ...oldChains.map(table.flushChain),
    ...changed.flatMap(({ name, rules }) => rules.map((rule) => table.addRule(name, rule))),
    ...elements.flatMap(({ set, gone }) => table.deleteElements(set, gone)),
    ...elements.flatMap(({ set, come }) => table.addElements(set, come, times)),
    ...oldSets.map(([name, { kind }]) => table.remove(kind, name)),
    ...oldChains.map((name) => table.remove('chain', name)),
  ];
};

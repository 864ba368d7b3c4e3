/**
 * Rule: lb affinity — which clients stay with a backend that takes no new connections, so that
 * they are to be given another one.
 */
import type { ObservedTable } from '../nft/observed.ts';
import type { NftCommand } from '../nft/transaction.ts';
import type { Dispatch } from './dispatch.ts';
import { addElements, affinityMap, deleteElements, FAMILIES, type Family } from './own-table.ts';

/** The commands that make the kernel forget them. */
export const forgetSteps = (
  dispatches: readonly Dispatch[],
  table: ObservedTable,
): readonly NftCommand[] =>
  dispatches
    .filter(({ balancer }) => balancer.stickyMs !== undefined)
    .flatMap((dispatch) => FAMILIES.flatMap((family) => stepsFor(dispatch, family, table)));

const stepsFor = (
  { balancer, targets }: Dispatch,
  family: Family,
  { sets }: ObservedTable,
): readonly NftCommand[] => {
  const name = affinityMap(family, balancer.name);
  const serving = new Set<unknown>(targets.map((target) => target[family.address]));
  return [...(sets.get(name)?.elements.values() ?? [])].flatMap(({ key, data, timeout }) => {
    if (serving.has(data) || typeof data !== 'string') return [];
    const times = new Map([[name, { timeout: timeout ?? 1 }]]);
    // It may end before this is run, and to delete what is not there fails: so it is put there.
    const element = { key, verdict: data, rule: null };
    return [...addElements({ name }, [element], times), ...deleteElements({ name }, [element])];
  });
};

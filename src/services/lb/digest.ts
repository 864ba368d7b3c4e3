/**
 * Rule: lb digest — works out in pieces what the other rules of the service remember: the chains of
 * balancers, their texts, what was read of the table, and what of it is as it should be. Whoever
 * asks for them gets the same with it and without it; with it, at once.
 */
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import { readInPieces } from '../nft/read-table.ts';
import { isSameChain } from '../nft/table-change.ts';
import type { NftChain } from '../nft/tables.ts';
import { plainTextOf } from '../nft/text.ts';
import type { Seen, Self } from '../service.ts';
import { readBalancers } from './balancers.ts';
import { balancerChains } from './compile-balancer.ts';
import { dispatchesOf } from './dispatch.ts';
import { addRule } from './own-table.ts';
import type { LbObserved } from './state.ts';
import { viewerOf } from './viewer.ts';

/** Time to make, spell and compare a rule of a chain. Unit: ms, as measured. */
const RULE_MS = 0.02;

/** All that a look at the host needs. */
export function* digest(
  view: View,
  self: Self,
  { results }: Seen<LbObserved>,
  meter: Meter,
): Generator<void, void> {
  yield* readBalancers(view, meter);
  const { table } = results;
  const found = table?.status === 0 ? yield* readInPieces(table, meter) : null;
  for (const dispatch of dispatchesOf(view, viewerOf(self, found))) {
    for (const chain of balancerChains(dispatch)) {
      // Remembered by what it asks of.
      isSameChain(chain, found?.chains.get(chain.name));
      if (!spelt.has(chain)) plainTextOf(chain.rules.map((rule) => addRule(chain.name, rule)));
      spelt.add(chain);
      if (meter.isDue(RULE_MS * chain.rules.length)) yield;
    }
  }
}

const spelt = new WeakSet<NftChain>();

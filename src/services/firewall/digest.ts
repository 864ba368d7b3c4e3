/**
 * Rule: firewall digest — works out in pieces what the other rules of the service remember: the
 * policy of a view, what it means here, its table, what was read of the host. Whoever asks for them
 * gets the same with it and without it; with it, at once.
 */
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import { readInPieces } from '../nft/read-table.ts';
import { wantedWords } from '../nft/table-change.ts';
import type { NftChain, Table } from '../nft/tables.ts';
import { commandText } from '../nft/transaction.ts';
import type { Seen, Self } from '../service.ts';
import { compileInPieces } from './compile-lane.ts';
import { lackingIn } from './features.ts';
import { digestLanes, isActive, lanesOf, type Site } from './lane.ts';
import { neighboursIn } from './neighbours.ts';
import { addRule } from './own-table.ts';
import { digestPolicy, policyOf, withTrial } from './policy.ts';
import { findShadows } from './shadows.ts';
import { stampsInPieces } from './stamps.ts';
import type { FirewallObserved, Neighbour } from './state.ts';

/** All that a look at the host needs. */
export function* digest(
  view: View,
  self: Self,
  { results, before }: Seen<FirewallObserved>,
  meter: Meter,
): Generator<void, void> {
  const { table } = results;
  const host = { ...self, lacking: lackingIn(results) };
  yield* digestPolicy(view, meter);
  const [order] = policyOf(view).trials;
  yield* digestSide(view, 'now', host, meter);
  if (order !== undefined) yield* digestSide(withTrial(view, order), 'trial', host, meter);
  const isLook = results.chains !== undefined;
  const others = isLook ? yield* neighboursIn(results, self.interface, meter) : knownIn(before);
  yield* findShadows(others, self.interface, lanesOf({ ...host, view, member: host.id }), meter);
  // While a trial runs they are others, and are found out when they are asked for.
  if (order === undefined) yield* stampsInPieces(view, null, meter);
  if (table?.status === 0) yield* readInPieces(table, meter);
}

const knownIn = (before: FirewallObserved | null): readonly Neighbour[] =>
  before === null || before.kind === 'no-tool' ? [] : before.neighbours;

/** What a view wants, whoever judges by it. */
export function* digestView(view: View, meter: Meter): Generator<void, void> {
  yield* digestPolicy(view, meter);
  yield* digestLanes(view, meter);
}

/** The side of a table by a view. */
function* digestSide(
  view: View,
  side: 'now' | 'trial',
  host: Self & Pick<Site, 'lacking'>,
  meter: Meter,
): Generator<void, void> {
  yield* digestView(view, meter);
  for (const lane of lanesOf({ ...host, view, member: host.id }).filter(isActive)) {
    yield* spell(yield* compileInPieces(side, lane, meter), meter);
  }
}

/** Time to spell a rule for nft, and for comparing. Unit: ms, as measured. */
const SPELL_MS = 0.02;

function* spell({ chains }: Table, meter: Meter): Generator<void, void> {
  for (const chain of chains) {
    if (spelt.has(chain)) continue;
    for (const rule of chain.rules) {
      wantedWords(rule);
      commandText(addRule(chain.name, rule));
      if (meter.isDue(SPELL_MS)) yield;
    }
    spelt.add(chain);
  }
}

const spelt = new WeakSet<NftChain>();

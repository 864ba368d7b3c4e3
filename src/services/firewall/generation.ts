/**
 * Rule: firewall generation — how a connection that was judged is marked, so that it is judged no
 * second time: its mark bears the generation of the ruleset that let it pass.
 *
 * 1. The generation stands in the elements of one set, and in no rule: who comes and goes changes
 *    elements alone, also where live connections have to be judged anew.
 * 2. Of the mark only the first 8 bits are ours; the rest is as others left it.
 * 3. nft 1.0.6 can mark by no value that it looks up. So each bit has a rule of its own, which asks
 *    the set for a key that only stands for it.
 */
import type { ObservedTable } from '../nft/observed.ts';
import {
  ACCEPT,
  ct,
  type Expression,
  elementsOf,
  is,
  type NftRule,
  type NftSet,
} from '../nft/tables.ts';
import type { Side } from './own-table.ts';

/** The first 8 bits of the mark: of known programs none marks connections there (D49). */
const BITS = 8;
const UNIT = 2 ** 24;

/** Generations are 1 to this: a connection that nobody judged has none. */
export const GENERATION_MAX = 2 ** BITS - 1;

const OTHERS_MASK = UNIT - 1;
const MASK = 2 ** 32 - UNIT;

/** What judged connections bear there. */
const markOf = (generation: number): number => generation * UNIT;

/** The key that stands for a bit: no mark of a generation is like it, for those end in zeros. */
const bitKey = (bit: number): number => bit * UNIT + 1;

const BIT_VALUES = Array.from({ length: BITS }, (_, index) => 2 ** index);

const generationName = (side: Side): string => `${side}/generation`;

/** The set that holds the generation of a side. */
export const generationSet = (side: Side, generation: number): NftSet => {
  const bits = BIT_VALUES.filter((bit) => (generation & bit) !== 0);
  const keys = [markOf(generation), ...bits.map(bitKey)];
  return {
    ...{ name: generationName(side), kind: 'set', type: 'mark', flags: [], isCounted: false },
    elements: elementsOf(keys.map((key) => ({ key, verdict: null, rule: null }))),
  };
};

/**
 * The generation of a side of a table that was read; null where it tells none. The mark 0 is none:
 * who has it was judged by nobody, and somebody put it in by hand.
 */
export const generationIn = ({ sets }: Pick<ObservedTable, 'sets'>, side: Side): number | null => {
  for (const { key } of sets.get(generationName(side))?.elements.values() ?? []) {
    if (typeof key === 'number' && key > 0 && key % UNIT === 0) return key / UNIT;
  }
  return null;
};

const MARK = ct('mark');
const setMark = (value: Expression): Expression => ({ mangle: { key: MARK, value } });

/** Matches a connection that the ruleset of a side has let pass. */
export const isJudged = (side: Side): Expression =>
  is({ '&': [MARK, MASK] }, `@${generationName(side)}`);

/** Mark the connection as judged, and let it pass. */
export const stampRules = (side: Side): readonly NftRule[] => [
  { expr: [setMark({ '&': [MARK, OTHERS_MASK] })] },
  ...BIT_VALUES.map((bit): NftRule => {
    const [key, value] = [bitKey(bit), bit * UNIT];
    // Whatever the mark is, this is the key.
    const always = { '|': [{ '&': [MARK, key] }, key] };
    return { expr: [is(always, `@${generationName(side)}`), setMark({ '|': [MARK, value] })] };
  }),
  { expr: [ACCEPT] },
];

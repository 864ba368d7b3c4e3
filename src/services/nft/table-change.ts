/**
 * Rule: nft table change — what of a table is not as it should be: chains, sets and elements
 * that come, go, or are of another make.
 */
import { openMemo } from '../../crdt/memo.ts';
import { meterNames } from './forms.ts';
import type { ObservedChain, ObservedSet, ObservedTable } from './observed.ts';
import { hookWords, ruleWords, setWords } from './read-table.ts';
import {
  type Expression,
  keyText,
  type NftChain,
  type NftElement,
  type NftRule,
  type NftSet,
  RETURN,
  type Table,
} from './tables.ts';
import { wordsOf } from './words.ts';

/** What has to come and to go. */
export interface TableChange {
  readonly newSets: readonly NftSet[];
  readonly newChains: readonly NftChain[];
  /** Chains that are to be written, new ones as well. */
  readonly changed: readonly NftChain[];
  readonly oldSets: readonly (readonly [name: string, set: ObservedSet])[];
  readonly oldChains: readonly string[];
  readonly elements: readonly ElementChange[];
}

/** Of one set, new or not. */
interface ElementChange {
  readonly set: NftSet;
  readonly gone: readonly NftElement[];
  readonly come: readonly NftElement[];
}

/** Compares. The two are of one make. */
export const changeOf = (table: Table, observed: ObservedTable): TableChange => {
  const meters = meterNames(table.chains);
  const wantedSets = new Set([...table.sets.map(({ name }) => name), ...meters]);
  const wantedChains = new Set(table.chains.map(({ name }) => name));
  return {
    newSets: table.sets.filter(({ name }) => !observed.sets.has(name)),
    newChains: table.chains.filter(({ name }) => !observed.chains.has(name)),
    changed: table.chains.filter((chain) => !isSameChain(chain, observed.chains.get(chain.name))),
    oldSets: [...observed.sets].filter(([name]) => !wantedSets.has(name)),
    oldChains: [...observed.chains.keys()].filter((name) => !wantedChains.has(name)),
    elements: table.sets.map((set) => elementChange(set, observed.sets.get(set.name))),
  };
};

/** The names of what is touched. */
export const touchedBy = (change: TableChange): readonly string[] => [
  ...[...change.newChains, ...change.changed, ...change.newSets].map(({ name }) => name),
  ...[...change.oldChains, ...change.oldSets.map(([name]) => name)],
  ...change.elements.flatMap(({ set, gone, come }) =>
    gone.length + come.length > 0 ? [set.name] : [],
  ),
];

/** Whether it only lets more through. */
export const isLoosening = ({ changed, oldSets, oldChains, elements }: TableChange): boolean =>
  changed.length + oldSets.length + oldChains.length === 0 &&
  elements.every(
    ({ set, gone, come }) =>
      gone.length === 0 &&
      come.every(({ verdict }) => verdict === RETURN || set.isOpening === true),
  );

/** The part of the table that is taken away. */
export const goneBy = (
  { oldSets, oldChains, changed, elements }: TableChange,
  { chains, sets }: ObservedTable,
): ObservedTable => {
  const parts = elements.flatMap(({ set: { name }, gone }) => {
    const set = sets.get(name);
    if (set === undefined || gone.length === 0) return [];
    const keys = new Set(gone.map(({ key }) => keyText(key)));
    const left = new Map([...set.elements].filter(([text]) => keys.has(text)));
    return [[name, { ...set, elements: left }] as const];
  });
  const taken = new Set([...oldChains, ...changed.map(({ name }) => name)]);
  return {
    chains: new Map([...chains].filter(([name]) => taken.has(name))),
    sets: new Map([...oldSets, ...parts]),
    counters: new Map(),
  };
};

/** A base chain or a set of our name and of another make cannot be changed in place. */
export const isOfOtherMake = ({ sets, chains }: Table, observed: ObservedTable): boolean =>
  sets.some((set) => {
    const there = observed.sets.get(set.name);
    // An nft that cannot count elements in JSON makes the set without, and says nothing.
    const makes = [makeOf(set), makeOf({ ...set, isCounted: false })];
    return there !== undefined && (there.kind !== set.kind || !makes.includes(there.words));
  }) ||
  chains.some(({ name, hook }) => {
    const there = observed.chains.get(name);
    const words = hook === null ? '' : hookWords({ type: 'filter', ...hook, policy: 'accept' });
    return there !== undefined && there.words !== words;
  });

const makeOf = ({ kind, type, data, flags, isCounted }: NftSet): string =>
  makes([kind, type, data, flags, isCounted].join('/'), () =>
    setWords({
      type,
      map: kind === 'map' ? (data ?? 'verdict') : '',
      flags,
      stmt: isCounted ? [{ counter: null }] : [],
    }),
  );

/** There are few makes, and as many sets as balancers. */
const MAKES_MAX = 64;
const makes = openMemo<string>(MAKES_MAX);

/** Whether it has these rules. What was found equal is remembered. */
export const isSameChain = (chain: NftChain, there: ObservedChain | undefined): boolean => {
  if (there === undefined || chain.rules.length !== there.rules.length) return false;
  if (lastSame.get(there) === chain) return true;
  const { rules } = chain;
  const isSame = rules.every((rule, index) => wantedWords(rule) === there.rules[index]?.words);
  if (isSame) lastSame.set(there, chain);
  return isSame;
};

/** The chain to which one that was seen was found equal: it is asked several times. */
const lastSame = new WeakMap<ObservedChain, NftChain>();

/** The words of a rule that was compiled; it does not change. */
export const wantedWords = (rule: NftRule): string => {
  const words = wordsOfRules.get(rule) ?? ruleWords({ ...rule });
  wordsOfRules.set(rule, words);
  return words;
};

const wordsOfRules = new WeakMap<NftRule, string>();

const elementChange = (set: NftSet, there: ObservedSet | undefined): ElementChange => {
  const isAlike = (wanted: NftElement | undefined, words: string | undefined): boolean =>
    wanted !== undefined && words === wordsOfVerdict(wanted.verdict);
  const gone: NftElement[] = [];
  const come: NftElement[] = [];
  let alike = 0;
  for (const [text, { key, words }] of there?.elements ?? []) {
    if (isAlike(set.elements.get(text), words)) alike += 1;
    else if (set.keepsOthers !== true) gone.push({ key, verdict: DELETED, rule: null });
  }
  // Of many thousands most often all are there.
  for (const [text, element] of alike === set.elements.size ? [] : set.elements) {
    if (!isAlike(element, there?.elements.get(text)?.words)) come.push(element);
  }
  return { set, gone: set.kind === 'set' ? gone.map(plain) : gone, come };
};

const DELETED = RETURN;
const plain = <Item extends object>(item: Item) => ({ ...item, verdict: null });

const wordsOfVerdict = (verdict: NftElement['verdict']): string => {
  if (verdict === null) return '';
  if (typeof verdict !== 'object') return wordsOf(verdict);
  const words = verdictWords.get(verdict) ?? wordsOf(verdict);
  verdictWords.set(verdict, words);
  return words;
};

const verdictWords = new WeakMap<Expression, string>();

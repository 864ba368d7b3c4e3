/**
 * Rule: nft transaction — the commands of nft's JSON that make a table, or a part of it.
 */
import type { Count } from '../service.ts';
import type { NftChain, NftElement, NftRule, NftSet, Place, Table } from './tables.ts';

/** One command of nft's JSON. */
export type NftCommand = Readonly<Record<string, unknown>>;

/** Elements in one command: far below what one message to the kernel may hold. */
const ELEMENTS_PER_COMMAND = 1_000;

/** How long elements of maps with `timeout` live, by the map's name. Unit: s. */
export type Times = ReadonlyMap<string, ElementTime>;
export interface ElementTime {
  readonly timeout: number;
  /** What is left of it; absent: all. */
  readonly expires?: number;
}

/** The commands that make one table. */
export interface Transaction {
  /** Makes the table, whatever is there under its name: added before it is deleted. */
  readonly replaceTable: (table: Table, times: Times) => readonly NftCommand[];
  /** Takes the table away. */
  readonly deleteTable: readonly NftCommand[];
  /** Without its elements: those may name chains that come later. */
  readonly addSet: (set: NftSet) => NftCommand;
  /** Without its rules: those may name chains that come later. */
  readonly addChain: (chain: NftChain) => NftCommand;
  /** At the end of its chain. The same object for the same rule. */
  readonly addRule: (chain: string, rule: NftRule) => NftCommand;
  /** Takes all rules of a chain away. */
  readonly flushChain: (name: string) => NftCommand;
  /** Takes a chain or a set away. */
  readonly remove: (kind: 'chain' | 'set' | 'map', name: string) => NftCommand;
  /** A counter that begins with what was counted before. */
  readonly addCounter: (name: string, counted: Count) => NftCommand;
  /** Takes a counter away. */
  readonly deleteCounter: (name: string) => NftCommand;
  /** `times`: of maps with `timeout`. */
  readonly addElements: (
    set: Pick<NftSet, 'name'>,
    elements: readonly NftElement[],
    times: Times,
  ) => readonly NftCommand[];
  /** By their keys. */
  readonly deleteElements: (
    set: Pick<NftSet, 'name'>,
    elements: readonly NftElement[],
  ) => readonly NftCommand[];
}

/** The commands that make the table at a place. */
export const transactionOn = (place: Place): Transaction => {
  const addRule = rulesOn(place);
  const elements = elementsOn(place);
  const table = { table: { family: place.family, name: place.table } };
  const addSet = (set: NftSet): NftCommand => setAt(place, set);
  const addChain = (chain: NftChain): NftCommand => chainAt(place, chain);
  return {
    replaceTable: ({ sets, chains }, times) => [
      { add: table },
      { delete: table },
      { add: table },
      ...sets.map(addSet),
      ...chains.map(addChain),
      ...chains.flatMap((chain) => chain.rules.map((rule) => addRule(chain.name, rule))),
      ...sets.flatMap((set) => elements.addElements(set, [...set.elements.values()], times)),
    ],
    deleteTable: [{ delete: table }],
    ...{ addSet, addChain, addRule },
    ...elements,
    flushChain: (name) => ({ flush: { chain: { ...place, name } } }),
    remove: (kind, name) => ({ delete: { [kind]: { ...place, name } } }),
    addCounter: (name, { packets, bytes }) => ({
      add: { counter: { ...place, name, packets, bytes } },
    }),
    deleteCounter: (name) => ({ delete: { counter: { ...place, name } } }),
  };
};

const setAt = (place: Place, set: NftSet): NftCommand => {
  const { name, kind, type, data, flags, isCounted, sizeMax } = set;
  const body = {
    ...{ ...place, name, type },
    ...(kind === 'map' ? { map: data ?? 'verdict' } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(sizeMax === undefined ? {} : { size: sizeMax }),
    ...(isCounted ? { stmt: [{ counter: null }] } : {}),
  };
  return { add: { [kind]: body } };
};

const chainAt = (place: Place, { name, hook }: NftChain): NftCommand => {
  const base = hook === null ? {} : { type: 'filter', ...hook, policy: 'accept' };
  return { add: { chain: { ...place, name, ...base } } };
};

const rulesOn = (place: Place): Transaction['addRule'] => {
  const added = new WeakMap<NftRule, { readonly chain: string; readonly command: NftCommand }>();
  return (chain, rule) => {
    const known = added.get(rule);
    if (known?.chain === chain) return known.command;
    const { comment, expr } = rule;
    const command = {
      add: { rule: { ...place, chain, ...(comment === undefined ? {} : { comment }), expr } },
    };
    added.set(rule, { chain, command });
    return command;
  };
};

const elementsOn = (place: Place): Pick<Transaction, 'addElements' | 'deleteElements'> => ({
  addElements: ({ name }, elements, times) => {
    const time = times.get(name);
    return inParts(elements.map((element) => spell(element, time))).map((elem) => ({
      add: { element: { ...place, name, elem } },
    }));
  },
  deleteElements: ({ name }, elements) =>
    inParts(elements.map((element) => spell(element, undefined))).map((elem) => ({
      delete: { element: { ...place, name, elem } },
    })),
});

const spell = ({ key, verdict }: NftElement, time: ElementTime | undefined): unknown => {
  const timed = time === undefined ? key : { elem: { val: key, ...time } };
  return verdict === null ? timed : [timed, verdict];
};

const inParts = <Item>(items: readonly Item[]): readonly (readonly Item[])[] =>
  Array.from({ length: Math.ceil(items.length / ELEMENTS_PER_COMMAND) }, (_, index) =>
    items.slice(index * ELEMENTS_PER_COMMAND, (index + 1) * ELEMENTS_PER_COMMAND),
  );

/** The commands as nft reads them. */
export const textOf = (commands: readonly NftCommand[]): string =>
  `{"nftables":[${commands.map(commandText).join(',')}]}`;

/** One of them. Of what a table has thousands it is spelt once. */
export const commandText = (command: NftCommand): string => {
  const text = texts.get(command) ?? JSON.stringify(command);
  texts.set(command, text);
  return text;
};

const texts = new WeakMap<NftCommand, string>();

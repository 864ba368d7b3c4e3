/**
 * Rule: firewall transaction — the commands of nft's JSON that make the table, or a part of it.
 */
import type { Count } from '../service.ts';
import {
  FAMILY,
  NAME,
  type NftChain,
  type NftElement,
  type NftRule,
  type NftSet,
  type Table,
} from './nft.ts';

/** One command of nft's JSON. */
export type NftCommand = Readonly<Record<string, unknown>>;

/** Elements in one command: far below what one message to the kernel may hold. */
const ELEMENTS_PER_COMMAND = 1_000;

const PLACE = { family: FAMILY, table: NAME };
const TABLE = { table: { family: FAMILY, name: NAME } };

/** Makes the table, whatever is there under its name: added before it is deleted. */
export const replaceTable = (table: Table, times: Times): readonly NftCommand[] => [
  { add: TABLE },
  { delete: TABLE },
  { add: TABLE },
  ...table.sets.map(addSet),
  ...table.chains.map(addChain),
  ...table.chains.flatMap((chain) => chain.rules.map((rule) => addRule(chain.name, rule))),
  ...table.sets.flatMap((set) => addElements(set, [...set.elements.values()], times)),
];

/** How long elements of maps with `timeout` live, by the map's name. Unit: s. */
export type Times = ReadonlyMap<string, ElementTime>;
export interface ElementTime {
  readonly timeout: number;
  /** What is left of it; absent: all. */
  readonly expires?: number;
}

/** Takes the table away. */
export const deleteTable: readonly NftCommand[] = [{ delete: TABLE }];

/** Without its elements: those may name chains that come later. */
export const addSet = (set: NftSet): NftCommand => {
  const { name, kind, type, flags, isCounted } = set;
  const body = {
    ...{ ...PLACE, name, type },
    ...(kind === 'map' ? { map: 'verdict' } : {}),
    ...(flags.length > 0 ? { flags } : {}),
    ...(isCounted ? { stmt: [{ counter: null }] } : {}),
  };
  return { add: { [kind]: body } };
};

/** Without its rules: those may name chains that come later. */
export const addChain = ({ name, hook }: NftChain): NftCommand => {
  const base = hook === null ? {} : { type: 'filter', ...hook, policy: 'accept' };
  return { add: { chain: { ...PLACE, name, ...base } } };
};

/** At the end of its chain. The same object for the same rule. */
export const addRule = (chain: string, rule: NftRule): NftCommand => {
  const known = rulesAdded.get(rule);
  if (known?.chain === chain) return known.command;
  const { comment, expr } = rule;
  const command = {
    add: { rule: { ...PLACE, chain, ...(comment === undefined ? {} : { comment }), expr } },
  };
  rulesAdded.set(rule, { chain, command });
  return command;
};

const rulesAdded = new WeakMap<NftRule, { readonly chain: string; readonly command: NftCommand }>();

/** Takes all rules of a chain away. */
export const flushChain = (name: string): NftCommand => ({ flush: { chain: { ...PLACE, name } } });

/** Takes a chain or a set away. */
export const remove = (kind: 'chain' | 'set' | 'map', name: string): NftCommand => ({
  delete: { [kind]: { ...PLACE, name } },
});

/** A counter that begins with what was counted before. */
export const addCounter = (name: string, { packets, bytes }: Count): NftCommand => ({
  add: { counter: { ...PLACE, name, packets, bytes } },
});

/** Takes a counter away. */
export const deleteCounter = (name: string): NftCommand => ({
  delete: { counter: { ...PLACE, name } },
});

/** `times`: of maps with `timeout`. */
export const addElements = (
  { name }: Pick<NftSet, 'name'>,
  elements: readonly NftElement[],
  times: Times,
): readonly NftCommand[] => {
  const time = times.get(name);
  return inParts(elements.map((element) => spell(element, time))).map((elem) => ({
    add: { element: { ...PLACE, name, elem } },
  }));
};

/** By their keys. */
export const deleteElements = (
  { name }: Pick<NftSet, 'name'>,
  elements: readonly NftElement[],
): readonly NftCommand[] =>
  inParts(elements.map((element) => spell(element, undefined))).map((elem) => ({
    delete: { element: { ...PLACE, name, elem } },
  }));

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

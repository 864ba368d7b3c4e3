/**
 * Rule: lb import items — what stands in a file that is imported, as if it had been typed.
 */
import type { View } from '../../../crdt/view.ts';
import { Fault } from '../../../fault.ts';
import { readArguments } from '../../arguments.ts';
import { refuse } from '../../refuse.ts';
import { groupsOf } from '../../selectors/groups.ts';
import type { Arguments } from '../../verb.ts';
import { WISH_INPUTS } from './wish.ts';

/** One object of a file. `at`: where in a list, for the names of fields. */
export interface Item {
  readonly at: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A balancer as it would be typed. */
export interface Wanted {
  readonly name: string;
  readonly typed: Arguments;
}

/** All objects of a file. Fault 'refused' for what is none, or for too many. */
export function readItems(text: string, most: number): readonly Item[] {
  const parsed = readJson(text);
  const list: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  if (list.length > most) {
    throw refuse('file', `${list.length} balancers`, `more than ${most}`, 'import it in parts');
  }
  return list.map((item, index) => {
    const at = Array.isArray(parsed) ? `[${index}].` : '';
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
      return { at, fields: item as Item['fields'] };
    }
    const remedy = 'write {"lb.port":…,"lb.mode":…,"lb.node":…}, or what list -o json tells';
    throw refuse(`${at}balancer`, JSON.stringify(item) ?? '', 'is no balancer', remedy);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('file', text.trim(), 'is no JSON', 'write one balancer, or a list of them');
  }
}

/** Does it, and names fields as the file does. */
export function within<Result>(
  { at }: Item,
  names: Readonly<Record<string, string>>,
  read: () => Result,
): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'refused') throw error;
    const { field } = error.facts;
    throw new Fault('refused', { ...error.facts, field: `${at}${names[field] ?? field}` });
  }
}

/** What the original's parameters are called here. */
export const ORIGINAL_NAMES = { listen: 'lb.port', mode: 'lb.mode', to: 'lb.node' } as const;
const ORIGINAL_FIELDS = ['lb.port', 'lb.mode', 'lb.node'] as const;
const ORIGINAL_MODES = ['leastconn', 'roundrobin', 'source'] as const;

/** Whether it is of the original. */
export const isOriginal = ({ fields }: Item): boolean =>
  Object.keys(fields).some((name) => name.startsWith('lb.'));

/** What the original's parameters would be, typed. `given`: --on and --to. */
export function readOriginal(view: View, { fields }: Item, given: Arguments): Wanted {
  const strange = Object.keys(fields).find((name) => !isOneOf(ORIGINAL_FIELDS, name));
  if (strange !== undefined) throw noField(strange, ORIGINAL_FIELDS);
  const port = textOf(fields, 'lb.port');
  if (port === null) throw refuse('lb.port', '', 'missing', 'give the port, as "8080"');
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw refuse('lb.port', port, 'is no port', 'choose from 1 to 65535');
  }
  const mode = textOf(fields, 'lb.mode') ?? 'leastconn';
  if (!isOneOf(ORIGINAL_MODES, mode)) {
    throw refuse('lb.mode', mode, 'not known', `choose of ${ORIGINAL_MODES.join(', ')}`);
  }
  const node = textOf(fields, 'lb.node');
  const to = given.texts('to');
  if (node === null && to.length === 0) {
    throw refuse('lb.node', '', 'missing', 'give it, or say --to whose members serve');
  }
  const typed = {
    ...{ listen: `${Number(port)}`, mode, on: given.texts('on') },
    to: to.length > 0 ? to : [readNode(view, node ?? '')],
  };
  return { name: `import-${Number(port)}`, typed: readArguments(WISH_INPUTS, typed) };
}

/** The VMs of a node of the original: a group, a label `node=…` or a member of that name. */
function readNode(view: View, node: string): string {
  if (node.includes('=') || node.startsWith('group:')) return node;
  if (groupsOf(view).has(node)) return `group:${node}`;
  const members = view.members.filter(({ hasLeft }) => !hasLeft);
  if (members.some(({ labels }) => labels.node === node)) return `node=${node}`;
  if (members.some(({ name }) => name === node)) return node;
  const why = 'no group, no label node=… and no member of that name';
  throw refuse('lb.node', node, why, 'give its VMs the label node=…, or say --to whom');
}

/** What list tells of a balancer, and how it is typed. */
const LISTED_NAMES: Readonly<Record<string, string>> = {
  ...{ listen: 'listen', to: 'to', mode: 'mode', weights: 'weight', on: 'on', check: 'check' },
  ...{ stickyMs: 'sticky', drainMs: 'drain', engine: 'engine', includesSelf: 'include-self' },
  comment: 'comment',
};
/** The same, the other way round. */
export const TYPED_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(LISTED_NAMES).map(([listed, typed]) => [typed, listed]),
);
/** What it tells of how a balancer does. */
const TOLD = [
  ...['addresses', 'carriedBy', 'backends', 'serving', 'connections', 'applied', 'of', 'unknown'],
  ...['panickedBy', 'behind', 'port', 'backendPort', 'frontends', 'clients'],
];

/** What list tells of a balancer, as if typed. */
export function readListed({ fields }: Item): Wanted {
  const known = ['name', ...Object.keys(LISTED_NAMES), ...TOLD];
  const strange = Object.keys(fields).find((name) => !known.includes(name));
  if (strange !== undefined) throw noField(strange, ['name', ...Object.keys(LISTED_NAMES)]);
  const name = textOf(fields, 'name');
  if (name === null) throw refuse('name', '', 'missing', 'give each balancer a name');
  const typed = Object.entries(LISTED_NAMES).flatMap(([listed, flag]) => {
    const value = Object.hasOwn(fields, listed) ? fields[listed] : undefined;
    return value === undefined || value === null ? [] : [[flag, value] as const];
  });
  return { name, typed: readArguments(WISH_INPUTS, Object.fromEntries(typed)) };
}

const isOneOf = <Word extends string>(words: readonly Word[], text: string): text is Word =>
  words.some((each) => each === text);

/** A name out of a file, as a terminal may show it. */
const NAME_MAX = 40;
const plain = (name: string): string => name.slice(0, NAME_MAX).replaceAll(/[^ -~]/g, '?');

const noField = (name: string, known: readonly string[]): Fault =>
  refuse(plain(name), '(given)', 'no field of a balancer', `use ${known.join(', ')}`);

/** A text, or a whole number as one; null: it is not there. */
function textOf(fields: Item['fields'], name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw refuse(name, JSON.stringify(value) ?? '', 'not a text', 'quote it');
}

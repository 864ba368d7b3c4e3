/**
 * Rule: test interpreter — what nft's JSON does with a packet, as nft(8) and libnftables-json(5)
 * say it, for the words that occur here. An unknown word throws.
 * It knows nothing of the firewall: it reads the commands that make a table and walks its chains.
 */
import { addressNumber, parseCidr } from '../selectors/cidr.ts';
import { fieldOf, keyName, type Packet } from './test-fields.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Outcome {
  readonly verdict: 'accept' | 'drop' | 'reject';
  readonly mark: number;
  readonly logs: readonly string[];
}

interface State {
  readonly chains: ReadonlyMap<string, readonly Json[]>;
  readonly sets: ReadonlyMap<string, readonly unknown[]>;
  readonly packet: Packet;
  readonly logs: string[];
  mark: number;
}

/** Reads the commands and walks the base chain of the packet's hook. */
export const interpret = (text: string): ((packet: Packet) => Outcome) => {
  const { nftables } = JSON.parse(text) as { readonly nftables: readonly Json[] };
  const chains = new Map<string, Json[]>();
  const hooks = new Map<string, string>();
  const sets = new Map<string, unknown[]>();
  for (const change of nftables as readonly { readonly add?: Json; readonly delete?: Json }[]) {
    const { chain, rule, map, set, element } = (change.add ?? {}) as Record<
      string,
      Json | undefined
    >;
    const gone = change.delete?.element as Json | undefined;
    if (gone !== undefined) sets.set(String(gone.name), without(known(sets, gone.name), gone));
    if (chain !== undefined) chains.set(String(chain.name), []);
    if (typeof chain?.hook === 'string') hooks.set(chain.hook, String(chain.name));
    for (const each of [map, set]) if (each !== undefined) sets.set(String(each.name), []);
    if (rule !== undefined) known(chains, rule.chain).push(rule);
    if (element !== undefined) {
      const target = known(sets, element.name);
      target.push(...(element.elem as readonly unknown[]));
    }
  }
  return (packet) => {
    const base = hooks.get(packet.hook);
    const state: State = { chains, sets, packet, logs: [], mark: packet.mark };
    const verdict = base === undefined ? 'continue' : walk(state, base);
    const isOver = verdict === 'accept' || verdict === 'drop' || verdict === 'reject';
    return { verdict: isOver ? verdict : 'accept', mark: state.mark, logs: state.logs };
  };
};

/** The elements of a set but those that a command deletes. */
const without = (elements: readonly unknown[], { elem, name }: Json): unknown[] => {
  const gone = new Set((elem as readonly unknown[]).map(keyOfElement));
  const left = elements.filter((each) => !gone.has(keyOfElement(each)));
  if (left.length + gone.size !== elements.length) throw new Error(`not in ${String(name)}`);
  return left;
};

/** Elements of maps are pairs. */
const keyOfElement = (element: unknown): string =>
  JSON.stringify(Array.isArray(element) ? element[0] : element);

const known = <Item>(of: ReadonlyMap<string, Item>, name: unknown): Item => {
  const found = of.get(String(name));
  if (found === undefined) throw new Error(`no ${String(name)}`);
  return found;
};

type Verdict = 'accept' | 'drop' | 'reject' | 'return' | 'continue';

/** `return` ends a chain and lets its caller go on. */
const walk = (state: State, chain: string): Verdict => {
  for (const { expr } of known(state.chains, chain)) {
    const verdict = runRule(state, expr as readonly Json[]);
    if (verdict === 'return') return 'continue';
    if (typeof verdict === 'object') return walk(state, verdict.goto);
    if (verdict !== 'continue') return verdict;
  }
  return 'continue';
};

type Step = Verdict | 'next' | { readonly goto: string };

const runRule = (
  state: State,
  statements: readonly Json[],
): Verdict | { readonly goto: string } => {
  for (const statement of statements) {
    const step = runStatement(state, statement);
    if (step === 'next') continue;
    return step;
  }
  return 'continue';
};

/** `next`: on to the next statement. `continue`: this rule is over. */
const runStatement = (state: State, statement: Json): Step => {
  const [[word, value] = ['', null]] = Object.entries(statement) as [string, Json | null][];
  switch (word) {
    case 'match':
      return isMatch(state, value as Json) ? 'next' : 'continue';
    case 'counter':
    case 'log':
      if (word === 'log') state.logs.push(String((value as Json).prefix));
      return 'next';
    case 'limit':
      // As if no rate were ever reached.
      return (value as Json).inv === true ? 'continue' : 'next';
    case 'meter':
      return 'continue';
    case 'mangle':
      return mangle(state, value as Json);
    case 'vmap':
      return lookUp(state, value as Json);
    case 'accept':
    case 'drop':
    case 'return':
      return word;
    case 'reject':
      return 'reject';
    case 'jump': {
      const verdict = walk(state, String((value as Json).target));
      return verdict === 'continue' ? 'next' : verdict;
    }
    case 'goto':
      return { goto: String((value as Json).target) };
    default:
      throw new Error(`unknown statement ${word}`);
  }
};

const mangle = (state: State, { key, value }: Json): Step => {
  if (keyName(key) !== 'ct mark') throw new Error('unknown mangle');
  if (state.packet.state === 'untracked' || state.packet.state === 'invalid') return 'continue';
  state.mark = Number(fieldOf(state, value as Json));
  return 'next';
};

const lookUp = (state: State, { key, data }: Json): Step => {
  const parts = (key as { readonly concat?: readonly Json[] }).concat ?? [key as Json];
  const values = parts.map((part) => fieldOf(state, part));
  if (values.includes(undefined)) return 'continue';
  for (const element of known(state.sets, String(data).slice(1))) {
    const [raw, verdict] = element as readonly [Json, Json];
    const spelt = (raw.elem as Json | undefined)?.val ?? raw;
    const wanted = (spelt as { readonly concat?: readonly unknown[] }).concat ?? [spelt];
    if (wanted.every((each, index) => isSame(each, values[index]))) {
      return runStatement(state, verdict);
    }
  }
  return 'next';
};

const isMatch = (state: State, { op, left, right }: Json): boolean => {
  const value = fieldOf(state, left as Json);
  if (value === undefined) return false;
  switch (op) {
    case '==':
      return isIn(state, value, right);
    case '!=':
      return !isIn(state, value, right);
    case 'in':
      return listOf(right).some((flag) => listOf(value).includes(flag));
    case '<':
      return Number(value) < Number(right);
    case '>=':
      return Number(value) >= Number(right);
    default:
      throw new Error(`unknown operator ${String(op)}`);
  }
};

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const isIn = (state: State, value: unknown, right: unknown): boolean => {
  if (typeof right === 'string' && right.startsWith('@')) {
    return known(state.sets, right.slice(1)).some((each) => isSame(each, value));
  }
  const list = (right as { readonly set?: readonly unknown[] }).set ?? [right];
  return list.some((each) => isSame(each, value));
};

const isSame = (wanted: unknown, value: unknown): boolean => {
  if (typeof wanted !== 'object' && !Array.isArray(value)) return isSamePlain(wanted, value);
  const { prefix, range } = Object(wanted ?? {}) as {
    readonly prefix?: { readonly addr: string; readonly len: number };
    readonly range?: readonly [number, number];
  };
  if (range !== undefined) return range[0] <= Number(value) && Number(value) <= range[1];
  if (prefix !== undefined) return isInPrefix(prefix.addr, prefix.len, value);
  if (Array.isArray(value)) return value.join() === listOf(wanted).join();
  return wanted === value;
};

/** Addresses have one spelling here. */
const isSamePlain = (wanted: unknown, value: unknown): boolean =>
  typeof wanted === 'string' && wanted.endsWith('*')
    ? String(value).startsWith(wanted.slice(0, -1))
    : wanted === value;

const isInPrefix = (address: string, length: number, value: unknown): boolean => {
  const cidr = remembered(CIDRS, `${address}/${length}`, parseCidr);
  const number = remembered(NUMBERS, String(value), addressNumber);
  if (!cidr.ok || number === null || number.family !== cidr.value.family) return false;
  return cidr.value.first <= number.value && number.value <= cidr.value.last;
};

const CIDRS = new Map<string, ReturnType<typeof parseCidr>>();
const NUMBERS = new Map<string, ReturnType<typeof addressNumber>>();

const remembered = <Answer>(
  memory: Map<string, Answer>,
  text: string,
  compute: (text: string) => Answer,
): Answer => {
  const answer = memory.get(text) ?? compute(text);
  memory.set(text, answer);
  return answer;
};

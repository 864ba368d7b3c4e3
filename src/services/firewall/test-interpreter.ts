/**
 * Rule: test interpreter — what nft's JSON does with a packet, as nft(8) and libnftables-json(5)
 * say it, for the words that occur here. An unknown word throws.
 * It knows nothing of the firewall: it reads the commands that make a table and walks its chains.
 */
import { protocolNumber } from '../nft/forms.ts';
import { addressNumber, parseCidr } from '../selectors/cidr.ts';

type Json = Readonly<Record<string, unknown>>;

/** A packet at a hook, with what conntrack says of it. */
export interface Packet {
  readonly hook: string;
  readonly iifname: string;
  readonly oifname: string;
  readonly nfproto: 'ipv4' | 'ipv6';
  readonly l4proto: string;
  readonly saddr: string;
  readonly daddr: string;
  readonly sport: number;
  readonly dport: number;
  readonly icmpType: string | number;
  readonly tcpFlags: readonly string[];
  readonly state: string;
  readonly ctDirection: 'original' | 'reply';
  readonly status: readonly string[];
  readonly mark: number;
  readonly isToUs: boolean;
}

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
  for (const { add } of nftables as readonly { readonly add?: Json }[]) {
    const { chain, rule, map, set, element } = (add ?? {}) as Record<string, Json | undefined>;
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
  const [kept, bits] = (value as { readonly '|': readonly [Json, number] })['|'];
  const [, mask] = kept['&'] as readonly [Json, number];
  state.mark = ((state.mark & mask) | bits) >>> 0;
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

/** The name of a key, as `ip saddr`. */
const keyName = (key: unknown): string => {
  const [[word, inner] = ['', {}]] = Object.entries(key as Readonly<Record<string, Json>>);
  return word === 'payload'
    ? `${String(inner.protocol)} ${String(inner.field)}`
    : `${word} ${String(inner.key ?? inner.result)}`;
};

/** Some bits of a number, or some of TCP's flags. */
const maskedField = (state: State, key: Json, mask: unknown): unknown => {
  if (typeof mask === 'number') {
    const value = fieldOf(state, key);
    return typeof value === 'number' ? (value & mask) >>> 0 : value;
  }
  if (state.packet.l4proto !== 'tcp') return undefined;
  return state.packet.tcpFlags.filter((flag) => flagsIn(mask).includes(flag));
};

const flagsIn = (mask: unknown): readonly unknown[] => {
  const { '|': either } = Object(mask) as { readonly '|'?: readonly unknown[] };
  return either === undefined ? [mask] : either.flatMap(flagsIn);
};

/** What a packet has under a key; undefined: it has none such, and the rule ends. */
const fieldOf = (state: State, key: Json): unknown => {
  const masked = key['&'] as readonly [Json, unknown] | undefined;
  if (masked !== undefined) return maskedField(state, ...masked);
  const { packet, mark } = state;
  const name = keyName(key);
  const isTracked = packet.state !== 'untracked' && packet.state !== 'invalid';
  const [family, field] = name.split(' ');
  switch (name) {
    case 'meta l4proto':
      return protocolNumber(packet.l4proto);
    case 'meta nfproto':
    case 'meta iifname':
    case 'meta oifname':
      return packet[field as 'nfproto'];
    case 'ct state':
      return packet.state;
    case 'ct mark':
      return isTracked ? mark : undefined;
    case 'ct direction':
      return isTracked ? packet.ctDirection : undefined;
    case 'ct status':
      return isTracked ? packet.status : undefined;
    case 'fib type':
      return packet.isToUs ? 'local' : 'unicast';
    case 'ip saddr':
    case 'ip daddr':
      return packet.nfproto === 'ipv4' ? packet[field as 'saddr'] : undefined;
    case 'ip6 saddr':
    case 'ip6 daddr':
      return packet.nfproto === 'ipv6' ? packet[field as 'saddr'] : undefined;
    case 'icmp type':
      return packet.l4proto === 'icmp' ? packet.icmpType : undefined;
    case 'icmpv6 type':
      return packet.l4proto === 'ipv6-icmp' ? packet.icmpType : undefined;
    case 'th sport':
    case 'th dport':
      return packet[field as 'sport'];
    case 'tcp sport':
    case 'tcp dport':
    case 'udp sport':
    case 'udp dport':
      return packet.l4proto === family ? packet[field as 'sport'] : undefined;
    default:
      throw new Error(`unknown key ${name}`);
  }
};

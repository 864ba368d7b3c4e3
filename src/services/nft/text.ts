/**
 * Rule: nft text — the commands of a transaction in nft's own language, for a table with what nft
 * 1.0.6 lists in JSON and does not read: rules that rewrite addresses by a map or put elements into
 * one.
 *
 * 1. It knows the forms that occur, and throws at any other: those are ours, not an operator's.
 * 2. Names, numbers and addresses are typed; only an interface's name is quoted.
 */
import type { Expression } from './tables.ts';
import type { NftCommand } from './transaction.ts';

type Json = Readonly<Record<string, unknown>>;

/** The commands, a line each. Of what a table has thousands it is spelt once. */
export const plainTextOf = (commands: readonly NftCommand[]): string =>
  commands.map((command) => `${plainCommand(command)}\n`).join('');

/** One of them, without the end of its line. */
const plainCommand = (command: NftCommand): string => {
  const text = texts.get(command) ?? spell(command);
  texts.set(command, text);
  return text;
};

const texts = new WeakMap<NftCommand, string>();

const spell = (command: NftCommand): string => {
  const [[verb, objects] = unknown(command)] = Object.entries(command);
  const [[kind, body] = unknown(command)] = Object.entries(
    objects as Readonly<Record<string, Json>>,
  );
  const { family, table, name, chain } = body;
  if (kind === 'table') return `${verb} table ${word(family)} ${word(name)}`;
  const place = `${verb} ${kind} ${word(family)} ${word(table)} ${word(chain ?? name)}`;
  return [
    place,
    ...(verb === 'add' ? (BODIES[kind] ?? unknown(command))(body) : deleted(kind, body)),
  ].join(' ');
};

const deleted = (kind: string, { elem }: Json): readonly string[] =>
  kind === 'element' ? [braced((elem as readonly unknown[]).map((each) => keyOf(each)))] : [];

const keyOf = (element: unknown): string =>
  valueText(Array.isArray(element) ? element[0] : element);

/** What follows the place of what is added. */
const BODIES: Readonly<Record<string, (body: Json) => readonly string[]>> = {
  chain: ({ type, hook, prio, policy }) =>
    hook === undefined
      ? []
      : [
          `{ type ${word(type)} hook ${word(hook)} priority ${word(prio)};`,
          `policy ${word(policy)}; }`,
        ],
  rule: ({ expr, comment }) => [
    ...(expr as readonly Expression[]).map(statement),
    ...(comment === undefined ? [] : [`comment "${word(comment)}"`]),
  ],
  set: (body) => [setBody(body)],
  map: (body) => [setBody(body)],
  element: ({ elem }) => [braced((elem as readonly unknown[]).map(element))],
  'ct timeout': ({ protocol, l3proto, policy }) => [
    `{ protocol ${word(protocol)}; l3proto ${word(l3proto)};`,
    `policy = ${braced(Object.entries(Object(policy)).map(time))}; }`,
  ],
};

const time = ([state, seconds]: readonly [string, unknown]): string =>
  `${state} : ${word(seconds)}`;

const setBody = ({ type, map, flags = [], size, stmt }: Json): string => {
  const types = map === undefined ? typed(type) : `${typed(type)} : ${typed(map)}`;
  const all = [...(flags as readonly string[]), ...(size === undefined ? [] : ['dynamic'])];
  return [
    `{ type ${types};`,
    ...(all.length === 0 ? [] : [`flags ${all.join(',')};`]),
    ...(size === undefined ? [] : [`size ${word(size)};`]),
    ...(stmt === undefined ? [] : ['counter;']),
    '}',
  ].join(' ');
};

const typed = (type: unknown): string => [type].flat().join(' . ');

const braced = (parts: readonly string[]): string => `{ ${parts.join(', ')} }`;

const element = (each: unknown): string => {
  const [key, data] = Array.isArray(each) ? each : [each, undefined];
  return data === undefined ? valueText(key) : `${valueText(key)} : ${given(data)}`;
};

/** What a map gives: a verdict, or a value. */
const given = (data: unknown): string => {
  const [name = ''] = Object.keys(Object(data) as Json);
  return VERDICTS.includes(name) ? statement(data as Expression) : valueText(data);
};

const VERDICTS = ['accept', 'drop', 'return', 'jump', 'goto'];

/** A statement of a rule, or a verdict. */
const statement = (each: Expression): string => {
  const [[name, body] = unknown(each)] = Object.entries(each);
  return (STATEMENTS[name] ?? unknown(each))(body as Json);
};

const STATEMENTS: Readonly<Record<string, (body: Json) => string>> = {
  match: ({ op, left, right }) => {
    const isPlain = op === 'in' || (op === '==' && !Object.hasOwn(Object(left), '&'));
    const is = isPlain ? '' : `${word(op)} `;
    const [key = ''] = Object.values(Object((left as Json).meta) as Json);
    const other = word(key).endsWith('ifname') ? `"${word(right)}"` : valueText(right);
    return `${valueText(left)} ${is}${other}`;
  },
  vmap: ({ key, data }) => `${valueText(key)} vmap ${mapText(data)}`,
  map: ({ op, map, elem, data }) =>
    `${word(op)} ${word(map)} ${braced([`${valueText(elem)} : ${valueText(data)}`])}`,
  set: ({ op, set, elem }) => `${word(op)} ${word(set)} ${braced([valueText(elem)])}`,
  mangle: ({ key, value }) => `${valueText(key)} set ${valueText(value)}`,
  dnat: ({ family, addr, port }) => {
    const isBraced = family === 'ip6' && port !== undefined && typeof addr === 'string';
    const host = isBraced ? `[${valueText(addr)}]` : valueText(addr);
    return `dnat ${word(family)} to ${host}${port === undefined ? '' : `:${valueText(port)}`}`;
  },
  reject: ({ type, expr }) =>
    `reject with ${type === 'tcp reset' ? 'tcp reset' : `${word(type)} type ${word(expr)}`}`,
  'ct timeout': (name) => `ct timeout set "${word(name)}"`,
  masquerade: () => 'masquerade',
  counter: () => 'counter',
  accept: () => 'accept',
  drop: () => 'drop',
  return: () => 'return',
  jump: ({ target }) => `jump ${word(target)}`,
  goto: ({ target }) => `goto ${word(target)}`,
};

/** A map by its name, or as it is. */
const mapText = (data: unknown): string =>
  typeof data === 'string'
    ? data
    : braced((data as { readonly set: readonly unknown[] }).set.map(element));

/** A value, or an expression that has one, as nft writes it. */
export const valueText = (each: unknown): string => {
  if (typeof each === 'number' || typeof each === 'string') return word(each);
  const [[name, body] = unknown(each)] = Object.entries(Object(each) as Json);
  return (VALUES[name] ?? unknown(each))(body as Body);
};

/** Of an expression: fields or parts. */
type Body = Json & readonly unknown[];

const VALUES: Readonly<Record<string, (body: Body) => string>> = {
  concat: (parts) => parts.map(valueText).join(' . '),
  set: (parts) => braced(parts.map(valueText)),
  range: ([first, last]) => `${valueText(first)}-${valueText(last)}`,
  '|': (parts) => `(${parts.map(valueText).join(' | ')})`,
  '&': ([left, right]) => `${valueText(left)} & ${valueText(right)}`,
  prefix: ({ addr, len }) => `${word(addr)}/${word(len)}`,
  payload: ({ protocol, field }) => `${word(protocol)} ${word(field)}`,
  meta: ({ key }) => `meta ${word(key)}`,
  ct: ({ key, dir }) => `ct ${dir === undefined ? '' : `${word(dir)} `}${word(key)}`,
  fib: ({ result, flags }) =>
    `fib ${(flags as readonly unknown[]).map(word).join(' . ')} ${word(result)}`,
  numgen: ({ mode, mod }) => `numgen ${word(mode)} mod ${word(mod)}`,
  jhash: ({ expr, mod, seed }) => `jhash ${valueText(expr)} mod ${word(mod)} seed ${word(seed)}`,
  map: ({ key, data }) => `${valueText(key)} map ${mapText(data)}`,
  elem: ({ val, timeout, expires }) =>
    [
      valueText(val),
      ...(timeout === undefined ? [] : [`timeout ${word(timeout)}s`]),
      ...(expires === undefined ? [] : [`expires ${word(expires)}s`]),
    ].join(' '),
};

const word = (each: unknown): string =>
  typeof each === 'string' || typeof each === 'number' ? `${each}` : unknown(each);

const unknown = (what: unknown): never => {
  throw new TypeError(`no text of nft for ${JSON.stringify(what)}`);
};

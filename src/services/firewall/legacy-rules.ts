/**
 * Rule: firewall legacy rules — what `iptables-legacy-save` lists, in the words of nft: `nft` shows
 * nothing of those tables.
 */
import type { Meter } from '../../crdt/meter.ts';
import type { Json } from './foreign-asks.ts';

/** A built-in chain, and the rules of its table by their chains. */
export interface LegacyTable {
  readonly chains: readonly { readonly name: string; readonly policy: string }[];
  readonly rules: readonly Json[];
}

/** Reads a listing of one table; lines that are none of it are passed over. In pieces. */
export function* readLegacy(text: string, meter: Meter): Generator<void, LegacyTable> {
  const lines = text.split('\n');
  const declared = lines.flatMap((line) => {
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    return name === undefined || policy === undefined ? [] : [{ name, policy }];
  });
  const names = new Set(declared.map(({ name }) => name));
  const rules: Json[] = [];
  for (const line of lines) {
    const [flag, chain, ...words] = wordsOf(line);
    if (flag?.text === '-A' && chain !== undefined) {
      rules.push({ chain: chain.text, expr: expressionsOf(words, names) });
    }
    if (meter.isDue(LINE_MS)) yield;
  }
  const chains = declared.flatMap(({ name, policy }) =>
    policy === '-' ? [] : [{ name, policy: policy.toLowerCase() }],
  );
  return { chains, rules };
}

/** Time to read a line. Unit: ms, as measured. */
const LINE_MS = 0.01;

interface Word {
  readonly text: string;
  /** It begins a new part of the rule: `!`, or a flag outside of quotes. */
  readonly isFlag: boolean;
}

/** The words of a line: what has a blank or a quote in it is quoted, and `\` escapes there. */
const wordsOf = (line: string): readonly Word[] =>
  [...line.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/g)].map(([, quoted, bare = '']): Word => {
    if (quoted !== undefined) return { text: quoted.replace(/\\(.)/g, '$1'), isFlag: false };
    return { text: bare, isFlag: bare === '!' || /^--?[a-z]/i.test(bare) };
  });

const TARGETS: Readonly<Record<string, Json>> = {
  ACCEPT: { accept: null },
  DROP: { drop: null },
  REJECT: { reject: null },
  RETURN: { return: null },
};

/** What is no more than a way to say what follows. */
const MODULES = ['tcp', 'udp', 'comment', 'conntrack', 'state', 'multiport'];

/** What is asked for, and last the target, whose own options say nothing of who is taken. */
const expressionsOf = (words: readonly Word[], chains: ReadonlySet<string>): readonly Json[] => {
  const found: Json[] = [];
  for (let at = 0; at < words.length; ) {
    const isNot = words[at]?.text === '!';
    if (isNot) at += 1;
    const [flag = '', value = ''] = words.slice(at, at + 2).map(({ text }) => text);
    if (flag === '-j' || flag === '-g') return [...found, targetOf(flag, value, chains)];
    const known = readFlag(flag, value, isNot);
    found.push(...(known ?? [{ unknown: flag }]));
    at += known === null ? lengthOf(words.slice(at)) : 2;
  }
  return found;
};

/** A flag that is not known has all values up to the next. */
const lengthOf = (words: readonly Word[]): number => {
  const next = words.findIndex(({ isFlag }, at) => at > 0 && isFlag);
  return next < 0 ? words.length : next;
};

const targetOf = (flag: '-j' | '-g', value: string, chains: ReadonlySet<string>): Json => {
  if (chains.has(value)) return { [flag === '-j' ? 'jump' : 'goto']: { target: value } };
  return TARGETS[value] ?? { xt: { type: 'target', name: value } };
};

/** What a flag with one value asks for, or null for a flag that is not known. */
const readFlag = (flag: string, value: string, isNot: boolean): readonly Json[] | null => {
  const of = (left: Json, right: unknown) => [{ match: { op: isNot ? '!=' : '==', left, right } }];
  const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });
  switch (flag) {
    case '-p':
      return of({ meta: { key: 'l4proto' } }, /^\d+$/.test(value) ? Number(value) : value);
    case '-i':
      return of({ meta: { key: 'iifname' } }, value.replace(/\+$/, '*'));
    case '-o':
      return of({ meta: { key: 'oifname' } }, value.replace(/\+$/, '*'));
    case '--dport':
    case '--dports':
      return of(field('th', 'dport'), { set: value.split(',').map(portOf) });
    case '-s':
      return of(field(familyOf(value), 'saddr'), prefixOf(value));
    case '-d':
      return of(field(familyOf(value), 'daddr'), prefixOf(value));
    case '--ctstate':
    case '--state':
      return of({ ct: { key: 'state' } }, { set: value.toLowerCase().split(',') });
    case '--comment':
      return [];
    case '-m':
      return MODULES.includes(value) ? [] : [{ unknown: value }];
    default:
      return null;
  }
};

const portOf = (text: string): unknown => {
  const [first, last] = text.split(':').map(Number);
  return last === undefined ? first : { range: [first, last] };
};

const familyOf = (text: string): string => (text.includes(':') ? 'ip6' : 'ip');

const prefixOf = (text: string): unknown => {
  const [addr, length] = text.split('/');
  return length === undefined ? addr : { prefix: { addr, len: Number(length) } };
};

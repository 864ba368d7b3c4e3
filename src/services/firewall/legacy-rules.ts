/**
 * Rule: firewall legacy rules — what `iptables-legacy-save` lists, in the words of nft: `nft` shows
 * nothing of those tables.
 */
import type { Json } from './foreign-walk.ts';

/** A built-in chain, and the rules of its table by their chains. */
export interface LegacyTable {
  readonly chains: readonly { readonly name: string; readonly policy: string }[];
  readonly rules: readonly Json[];
}

/** Reads a listing of one table; lines that are none of it are passed over. */
export const readLegacy = (text: string): LegacyTable => {
  const lines = text.split('\n');
  return {
    chains: lines.flatMap((line) => {
      const [, name, policy] = /^:(\S+) (ACCEPT|DROP) /.exec(line) ?? [];
      return name === undefined || policy === undefined
        ? []
        : [{ name, policy: policy.toLowerCase() }];
    }),
    rules: lines.flatMap((line) => {
      const [flag, chain, ...words] = line.trim().split(/\s+/);
      return flag === '-A' && chain !== undefined ? [{ chain, expr: expressionsOf(words) }] : [];
    }),
  };
};

const TARGETS: Readonly<Record<string, Json>> = {
  ACCEPT: { accept: null },
  DROP: { drop: null },
  REJECT: { reject: null },
  RETURN: { return: null },
  LOG: { log: null },
};

/** What is no more than a way to say what follows. */
const MODULES = ['tcp', 'udp', 'comment', 'conntrack', 'state', 'multiport'];

function expressionsOf(words: readonly string[]): readonly Json[] {
  const found: Json[] = [];
  for (let at = 0; at < words.length; ) {
    const isNot = words[at] === '!';
    const [flag = '', value = ''] = words.slice(isNot ? at + 1 : at);
    const read = readFlag(flag, value, isNot);
    found.push(...read.found);
    at += (isNot ? 1 : 0) + (read.isLast ? words.length : 2);
  }
  return found;
}

const readFlag = (flag: string, value: string, isNot: boolean) => {
  const of = (left: Json, right: unknown) => ({
    found: [{ match: { op: isNot ? '!=' : '==', left, right } }],
    isLast: false,
  });
  const field = (protocol: string, name: string) => ({ payload: { protocol, field: name } });
  switch (flag) {
    case '-p':
      return of({ meta: { key: 'l4proto' } }, value);
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
    case '-j':
    case '-g': {
      const target = TARGETS[value] ?? { [flag === '-j' ? 'jump' : 'goto']: { target: value } };
      return { found: [target], isLast: true };
    }
    case '-m':
      return { found: MODULES.includes(value) ? [] : [{ unknown: value }], isLast: false };
    default:
      return { found: [{ unknown: flag }], isLast: false };
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

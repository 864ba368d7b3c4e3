/**
 * Rule: firewall features — what our table asks of `nft` and of the kernel, tried on this host
 * before the table is made, and what of it is missing, by name. No version is looked at.
 *
 * 1. One process tries all at once; only where that fails is each tried by itself.
 * 2. They are only checked: the kernel takes nothing of it.
 * 3. What only some rules ask for is tried where such a rule is to come, and nowhere else. Where it
 *    lacks, those rules alone are set aside (`lacking.ts`).
 */

import type { ObservedRule, ObservedTable } from '../nft/observed.ts';
import {
  ACCEPT,
  COUNTER,
  connectionsOver,
  ct,
  DROP,
  type Expression,
  elementsOf,
  has,
  is,
  isNot,
  logged,
  lookup,
  meta,
  type NftSet,
  payload,
  rateOver,
} from '../nft/tables.ts';
import { type NftCommand, textOf } from '../nft/transaction.ts';
import type { Probe, Problem, Results } from '../service.ts';
import { FAMILIES } from './compile-part.ts';
import { generationSet, isJudged, stampRules } from './generation.ts';
import type { Lack, Special } from './lacking.ts';
import { addChain, addCounter, addElements, addRule, addSet, FAMILY, NAME } from './own-table.ts';

/** A feature: what it is called, and commands that use it, in a table that is there. */
export interface Feature {
  readonly name: string;
  readonly uses: readonly NftCommand[];
  /** What asks for it; absent: every table does. */
  readonly of?: Special;
  /** What the keys of a rule of nft hold that uses it. */
  readonly marks?: readonly string[];
}

const CHAIN = 'probe';
const rule = (...expr: readonly Expression[]): NftCommand => addRule(CHAIN, { expr });

const setOf = (part: Pick<NftSet, 'name' | 'kind' | 'type' | 'flags'>): NftCommand =>
  addSet({ ...part, isCounted: true, elements: elementsOf([]) });

const FEATURES: readonly Feature[] = [
  { name: 'tables of both families (inet)', uses: [] },
  {
    name: 'elements with a timeout',
    uses: [
      setOf({ name: 'timed', kind: 'map', type: 'nf_proto', flags: ['timeout'] }),
      ...addElements(
        { name: 'timed' },
        [{ key: 'ipv4', verdict: ACCEPT, rule: null }],
        new Map([['timed', { timeout: 60 }]]),
      ),
      rule(lookup([meta('nfproto')], 'timed')),
    ],
  },
  {
    name: 'maps of verdicts by address, protocol and port',
    uses: [
      setOf({
        ...{ name: 'exact', kind: 'map', flags: [] },
        type: ['ipv4_addr', 'inet_proto', 'inet_service'],
      }),
      rule(lookup([payload('ip', 'saddr'), meta('l4proto'), payload('th', 'dport')], 'exact')),
    ],
  },
  {
    name: 'maps and sets by address of IPv6',
    uses: [
      setOf({
        ...{ name: 'exact6', kind: 'map', flags: [] },
        type: ['ipv6_addr', 'inet_proto', 'inet_service'],
      }),
      rule(lookup([payload('ip6', 'saddr'), meta('l4proto'), payload('th', 'dport')], 'exact6')),
      setOf({ name: 'nets6', kind: 'set', type: 'ipv6_addr', flags: ['interval'] }),
      rule(is(payload('ip6', 'saddr'), '@nets6'), COUNTER, ACCEPT),
    ],
  },
  { name: 'counters with a name', uses: [addCounter('kept', { packets: 1, bytes: 1 })] },
  {
    name: 'sets of prefixes',
    uses: [
      setOf({ name: 'nets', kind: 'set', type: 'ipv4_addr', flags: ['interval'] }),
      rule(is(payload('ip', 'saddr'), '@nets'), COUNTER, ACCEPT),
    ],
  },
  {
    name: 'marks, states and directions of connections (conntrack)',
    uses: [
      rule(is(ct('direction'), 'reply'), has(ct('state'), 'new'), ACCEPT),
      addSet(generationSet('now', 1)),
      rule(isJudged('now'), ACCEPT),
      ...stampRules('now').map(({ expr }) => rule(...expr)),
    ],
  },
  {
    name: 'where an address leads (fib)',
    uses: [rule(isNot({ fib: { result: 'type', flags: ['daddr'] } }, 'local'), ACCEPT)],
  },
  {
    name: 'a log at a bounded rate (log, audit, a default that forbids)',
    uses: [rule(...logged('cnsmo '))],
    of: 'log',
    marks: [' log '],
  },
  {
    name: 'refusals with notice (reject)',
    uses: [rule({ reject: { type: 'tcp reset' } })],
    of: 'reject',
    marks: [' reject '],
  },
  {
    name: 'limits of a rate (rule with --rate)',
    uses: [rule(rateOver({ count: 1, per: 'second', burst: 1 }), COUNTER, DROP)],
    of: 'rate',
    marks: [' limit ', ' inv '],
  },
  {
    name: 'limits of connections (rule with --connections)',
    uses: FAMILIES.map((family) =>
      rule(connectionsOver(1, payload(family, 'saddr'), `meter/${family}`), COUNTER, DROP),
    ),
    of: 'connections',
    marks: [' ct count '],
  },
];

/** What a table asks for. `isNew`: there is none yet; `asked`: by what is to be in it. */
export const featuresFor = (isNew: boolean, asked: ReadonlySet<Special>): readonly Feature[] =>
  FEATURES.filter(({ of }) => (of === undefined ? isNew : asked.has(of)));

/** Of what is asked for, what the kernel does nowhere in a table that is there. */
export const unseenIn = (
  { chains }: ObservedTable,
  asked: ReadonlySet<Special>,
): ReadonlySet<Special> => {
  const rules = [...chains.values()].flatMap((chain) => chain.rules.map(keysIn));
  const isSeen = ({ marks = [] }: Feature): boolean =>
    rules.some((keys) => marks.every((mark) => keys.includes(mark)));
  return new Set(
    [...asked].filter((of) => !FEATURES.some((each) => each.of === of && isSeen(each))),
  );
};

/** The words of a rule that nobody chose: a rule may be called as a feature is. */
const keysIn = (rule: ObservedRule): string => {
  const keys = keysOf.get(rule) ?? rule.words.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  keysOf.set(rule, keys);
  return keys;
};

/** A rule that was seen before is seen as the same object. */
const keysOf = new WeakMap<ObservedRule, string>();

const BEGIN: readonly NftCommand[] = [{ add: { table: { family: FAMILY, name: NAME } } }];

const probeOf = (name: string, features: readonly Feature[]): Probe => ({
  name,
  argv: ['nft', '--check', '-j', '-f', '-'],
  stdin: textOf([
    ...BEGIN,
    addChain({ name: CHAIN, hook: { hook: 'input', prio: 0 }, rules: [] }),
    ...features.flatMap(({ uses }) => uses),
  ]),
});

const ALL = 'features';
const oneName = ({ name }: Feature): string => `feature ${name}`;

/** What to try next of `features`. Nothing once all are known to be there. */
export const featureProbes = (features: readonly Feature[], results: Results): readonly Probe[] => {
  if (features.length === 0) return [];
  const all = results[ALL];
  if (all === undefined) return [probeOf(ALL, features)];
  return all.status === 0 ? [] : features.map((feature) => probeOf(oneName(feature), [feature]));
};

/** Those that were refused by themselves, where all together were. */
const refusedIn = (results: Results): readonly Feature[] =>
  (results[ALL]?.status ?? 0) === 0
    ? []
    : FEATURES.filter((feature) => (results[oneName(feature)]?.status ?? 0) !== 0);

const saidBy = (results: Results): string => results[ALL]?.stderr.trim().split('\n')[0] ?? '';

const REMEDY = 'update nftables and the kernel, or load the module: it is tried again by itself';

/**
 * What every table needs and is missing, in one line; null where nothing is, or nothing was tried,
 * or nothing was refused by itself: then the table is tried, and what nft says of it is told.
 */
export const missingFeatures = (results: Results): Problem | null => {
  const failed = refusedIn(results).filter(({ of }) => of === undefined);
  if (failed.length === 0) return null;
  const what = failed.map(({ name }) => name).join(', ');
  return (
    `nft: this host lacks ${what} (nft says: ${saidBy(results)}), so nothing is filtered here; ` +
    REMEDY
  );
};

/** What is missing that only some rules ask for. */
export const lackingIn = (results: Results): readonly Lack[] =>
  refusedIn(results).flatMap(({ name, of }) => {
    if (of === undefined) return [];
    const said = results[oneName({ name, uses: [] })]?.stderr.trim().split('\n')[0] ?? '';
    return [{ special: of, why: `this host lacks ${name} (nft says: ${said}); ${REMEDY}` }];
  });

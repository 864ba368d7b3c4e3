/**
 * Rule: firewall compile — the whole table for one member: where packets enter, and which of its
 * rulesets judges them.
 *
 * A table holds one ruleset, or two while a change is on trial: the side `now`, and `trial`, which
 * goes first as long as its elements in the maps `trial-…` live. The kernel ends them by itself.
 * 1. A connection is judged by its opener's packets, as they come (before DNAT) and as they leave
 *    (after DNAT): `in` at prerouting, `out` at output and forward. Packets of the other side are
 *    judged from behind, but where an address was rewritten: there the opener's packets decide.
 * 2. Whoever passed carries the generation of the ruleset in its connection's mark
 *    (`generation.ts`). A new one makes all be judged once more, so what is now forbidden is cut.
 * 3. The base chains accept: whatever goes wrong, nobody is locked out by what is not there.
 * 4. What goes from guests of this host (containers) to elsewhere is judged as what leaves.
 */
import {
  ACCEPT,
  elementsOf,
  goto,
  is,
  lookup,
  meta,
  type NftChain,
  type NftElement,
  type NftSet,
  RETURN,
  type Table,
} from '../nft/tables.ts';
import { type Ruleset, rule, sideOf } from './compile-side.ts';
import type { Tried } from './lane.ts';
import { HOOKS, type HookName, OPEN_MAP, trialMap, triedName } from './own-table.ts';

/** A ruleset on trial. */
export interface Trial extends Ruleset {
  readonly id: string;
  /** How long from its first application. Unit: s. */
  readonly seconds: number;
}

const HOOK_NAMES = ['prerouting', 'input', 'forward', 'output'] as const;

const FAMILIES = ['ipv4', 'ipv6'] as const;

/** Compiles the table. */
export const compile = (
  ownInterface: string,
  now: Ruleset,
  trial: Trial | null,
  tried: readonly Tried[],
): Table => {
  const parts = [
    sideOf(ownInterface, 'now', now),
    ...(trial === null ? [] : [sideOf(ownInterface, 'trial', trial)]),
  ];
  return {
    sets: [
      { ...timedMap(OPEN_MAP, []), keepsOthers: true },
      ...HOOK_NAMES.map((hook) => timedMap(trialMap(hook), trialElements(hook, trial))),
      ...parts.flatMap(({ sets }) => sets),
    ],
    chains: [...tried.map(triedChain), ...parts.flatMap(({ chains }) => chains), ...BASE_CHAINS],
  };
};

/** Nobody jumps there: it only remembers. */
const triedChain = ({ id, why, kept }: Tried): NftChain => ({
  name: triedName(id),
  hook: null,
  rules: (why === null ? kept : [why]).map((text) => ({
    ...{ comment: text.slice(0, COMMENT_MAX), expr: [RETURN] },
  })),
});

/** Longest comment of a rule. Unit: bytes. libnftnl's NFTNL_UDATA_COMMENT_MAXLEN. */
const COMMENT_MAX = 127;

const timedMap = (name: string, elements: readonly NftElement[]): NftSet => ({
  ...{ name, kind: 'map', type: 'nf_proto', flags: ['timeout'], isCounted: false },
  elements: elementsOf(elements),
});

/** The map's elements, without their time: whoever adds them says it. */
const trialElements = (hook: HookName, trial: Trial | null): readonly NftElement[] =>
  trial === null
    ? []
    : FAMILIES.map((key) => ({ key, verdict: goto(`trial/${hook}`), rule: null }));

const makeBase = (hook: HookName): NftChain => ({
  name: hook,
  hook: { hook, prio: HOOKS[hook] },
  rules: [
    ...(hook === 'output' ? [] : [rule(is(meta('iifname'), 'lo'), ACCEPT)]),
    ...(hook === 'output' ? [rule(is(meta('oifname'), 'lo'), ACCEPT)] : []),
    rule(lookup([meta('nfproto')], OPEN_MAP)),
    rule(lookup([meta('nfproto')], trialMap(hook))),
    rule(goto(`now/${hook}`)),
  ],
});

const BASE_CHAINS: readonly NftChain[] = HOOK_NAMES.map(makeBase);

/**
 * Rule: firewall compile side — one ruleset of a table: which lane judges a packet, and how a
 * connection that was judged passes on without being judged again.
 *
 * 1. The same chains for the same lanes: it is asked for several times in each look at the host,
 *    and what was made of its chains is remembered by them.
 */

import { GUEST_INTERFACES } from '../nft/guests.ts';
import {
  ACCEPT,
  ct,
  type Expression,
  goto,
  has,
  is,
  isNot,
  jump,
  meta,
  type NftChain,
  type NftRule,
  oneOrSet,
  PROTOCOL_NUMBERS,
  payload,
  type Table,
} from '../nft/tables.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import { compileLane, laneName } from './compile-lane.ts';
import { generationSet, isJudged, stampRules } from './generation.ts';
import { ICMP_NAMES } from './icmp.table.ts';
import { ESSENTIAL } from './judge.ts';
import { fallbackAction, isActive, type Lane } from './lane.ts';
import type { Side } from './own-table.ts';
import type { Direction } from './schemas.table.ts';

/** One ruleset of a table. */
export interface Ruleset {
  readonly lanes: readonly Lane[];
  /** 1 to 255: what judged connections are marked with. */
  readonly generation: number;
}

/**
 * Below, a port is a server's; from here on the kernel gives them to openers: the first of
 * `net.ipv4.ip_local_port_range`.
 */
const EPHEMERAL_FIRST = 32_768;

/** A rule without a comment. */
export const rule = (...expr: readonly Expression[]): NftRule => ({ expr });

/** The part of a table that one ruleset is. */
export const sideOf = (ownInterface: string, side: Side, { lanes, generation }: Ruleset): Table => {
  const { sets, chains } = lastingOf(ownInterface, side, lanes);
  return { sets: [generationSet(side, generation), ...sets], chains };
};

/** What of it is so whatever the generation is. */
const lastingOf = (ownInterface: string, side: Side, lanes: readonly Lane[]): Table => {
  const [first] = lanes;
  if (first === undefined) return makeSide(ownInterface, side, lanes);
  const key = `${ownInterface} ${side}`;
  const before = made.get(first) ?? [];
  const same = before.find((one) => one.key === key && isSame(one.lanes, lanes));
  if (same !== undefined) return same.table;
  const table = makeSide(ownInterface, side, lanes);
  made.set(first, [{ key, lanes, table }, ...before.slice(0, MADE_MAX - 1)]);
  return table;
};

/** A part, and what it was made of. */
interface Made {
  readonly key: string;
  readonly lanes: readonly Lane[];
  readonly table: Table;
}

/** Parts that are remembered with the same first lane: of two sides, before a change and after. */
const MADE_MAX = 4;

const made = new WeakMap<Lane, readonly Made[]>();

const isSame = (a: readonly Lane[], b: readonly Lane[]): boolean =>
  a.length === b.length && a.every((lane, index) => lane === b[index]);

const makeSide = (ownInterface: string, side: Side, lanes: readonly Lane[]): Table => {
  const active = lanes.filter(isActive);
  const compiled = active.map((lane) => compileLane(side, lane));
  const chain = (name: string, rules: readonly NftRule[]): NftChain => {
    return { name: `${side}/${name}`, hook: null, rules };
  };
  const judged = { ownInterface, side, active };
  return {
    sets: compiled.flatMap(({ sets }) => sets),
    chains: [
      ...(active.some(isRefusing) ? [chain('reject', REJECT)] : []),
      ...compiled.flatMap(({ chains }) => chains),
      chain('known', knownRules(side)),
      chain('stamp', stampRules(side)),
      chain('prerouting', prerouting(judged)),
      chain('input', [known(side), stamp(side)]),
      chain('forward', forward(judged)),
      chain('output', output(judged)),
    ],
  };
};

/** Whether something here refuses with notice: not every kernel can. */
const isRefusing = (lane: Lane): boolean =>
  fallbackAction(lane) === 'reject' || lane.clauses.some(({ rule }) => rule.action === 'reject');

/** The side whose lanes judge. */
interface Judged {
  readonly ownInterface: string;
  readonly side: Side;
  readonly active: readonly Lane[];
}

const known = (side: Side): NftRule => rule(jump(`${side}/known`));
/** The chain that marks connections as judged. */
const stampName = (side: Side): string => `${side}/stamp`;
const stamp = (side: Side): NftRule => rule(goto(stampName(side)));

const prerouting = (judged: Judged): readonly NftRule[] => [
  known(judged.side),
  ...GUEST_INTERFACES.map((name) => rule(is(meta('iifname'), name), NOT_TO_US, ACCEPT)),
  ...NATTED.map((when) => rule(...when, ACCEPT)),
  ...through(judged, MIDWAY, 'out', 'back'),
  rule(...MIDWAY, ACCEPT),
  ...through(judged, [IS_REPLY], 'out', 'back'),
  ...through(judged, [IS_OPENING], 'in', 'forth'),
  ...through(judged, [UNTRACKED], 'in', 'forth'),
];

const forward = (judged: Judged): readonly NftRule[] => [
  known(judged.side),
  ...GUEST_INTERFACES.map((name) => rule(is(meta('oifname'), name), goto(stampName(judged.side)))),
  ...NATTED.map((when) => rule(...when, goto(stampName(judged.side)))),
  ...leaving(judged),
];

const output = (judged: Judged): readonly NftRule[] => [
  known(judged.side),
  ...NATTED.map((when) => rule(...when, goto(stampName(judged.side)))),
  ...through(judged, MIDWAY, 'in', 'back'),
  rule(...MIDWAY, goto(stampName(judged.side))),
  ...leaving(judged),
];

const leaving = (judged: Judged): readonly NftRule[] => [
  ...through(judged, [IS_REPLY], 'in', 'back'),
  ...through(judged, [IS_OPENING], 'out', 'forth'),
  ...through(judged, [UNTRACKED], 'out', 'forth'),
  stamp(judged.side),
];

/** Sends packets through the lanes of a direction, each by the interface of its zone. */
const through = (
  { ownInterface, side, active }: Judged,
  when: readonly Expression[],
  direction: Direction,
  way: 'forth' | 'back',
): readonly NftRule[] => {
  const key = (direction === 'in') === (way === 'forth') ? 'iifname' : 'oifname';
  return active
    .filter((lane) => lane.direction === direction)
    .map((lane) =>
      rule(...when, isOfZone(ownInterface, key, lane.zone), jump(laneName(side, lane, way))),
    );
};

const IS_REPLY = is(ct('direction'), 'reply');
const IS_OPENING = is(ct('direction'), 'original');
const NATTED: readonly (readonly Expression[])[] = ['snat', 'dnat'].map((flag) => [
  IS_REPLY,
  has(ct('status'), flag),
]);

const isOfZone = (ownInterface: string, key: 'iifname' | 'oifname', zone: Zone): Expression =>
  zone === 'mesh' ? is(meta(key), ownInterface) : isNot(meta(key), ownInterface);

/** It goes on to somebody else. */
const NOT_TO_US = isNot({ fib: { result: 'type', flags: ['daddr'] } }, 'local');

/** What conntrack does not follow, by somebody's wish or because it makes no sense to it. */
const UNTRACKED: Expression = {
  match: { op: 'in', left: ct('state'), right: ['invalid', 'untracked'] },
};

/** Written two by two: nft 1.0.6 takes a list as well, others do not. */
const FLAGS: Expression = { '|': [{ '|': [{ '|': ['fin', 'syn'] }, 'rst'] }, 'ack'] };

/**
 * A TCP packet of a connection that was there before conntrack was: its first seen packet may be
 * either side's. From a server's port to an opener's, it is the server's.
 */
const MIDWAY: readonly Expression[] = [
  has(ct('state'), 'new'),
  isNot({ '&': [payload('tcp', 'flags'), FLAGS] }, 'syn'),
  { match: { op: '<', left: payload('tcp', 'sport'), right: EPHEMERAL_FIRST } },
  { match: { op: '>=', left: payload('tcp', 'dport'), right: EPHEMERAL_FIRST } },
];

const REJECT: readonly NftRule[] = [
  rule(is(meta('l4proto'), PROTOCOL_NUMBERS.tcp), { reject: { type: 'tcp reset' } }),
  rule({ reject: { type: 'icmpx', expr: 'admin-prohibited' } }),
];

const knownRules = (side: Side): readonly NftRule[] => [
  rule(isJudged(side), ACCEPT),
  rule(has(ct('state'), 'related'), ACCEPT),
  ...(['icmp', 'icmpv6'] as const).map((protocol) => {
    const names = ESSENTIAL[protocol].map((type) => ICMP_NAMES[protocol][type] ?? type);
    return rule(is(payload(protocol, 'type'), oneOrSet(names)), ACCEPT);
  }),
];

/**
 * Rule: firewall schemas — the shape of every object under `intent/firewall/`.
 *
 * 1. Strict: a field that this version does not know may narrow a rule, so an object that has one
 *    is not readable, and what stood there before stays in force.
 * 2. Members are named by id, never by a name that somebody else can take.
 */
import * as z from 'zod/mini';
import { isAddress } from '../../crdt/addresses.ts';
import type { Value } from '../../crdt/entry.ts';
import { type MemberId, parseMemberId } from '../../crdt/ids.ts';
import { isLabelKey, LABEL_VALUE_PATTERN, LABELS_MAX, NAME_PATTERN } from '../../crdt/names.ts';
import { parseCidr } from './cidr.ts';

/** Most entries of one list. A rule with more is better a group, or a CIDR. */
export const LIST_MAX = 256;
/** Longest comment, characters. */
const COMMENT_MAX = 200;
/** The last priority; 0 is the first. */
export const PRIORITY_MAX = 1_000;

const integer = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const why = `must be an integer from ${least} to ${most}`;
  return z.int(why).check(z.gte(least, why), z.lte(most, why));
};

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be one of ${words.join(', ')}`);

/** A list that holds at least one thing: an empty one would match nothing, or everything. */
const list = <Item extends z.ZodMiniType>(item: Item) =>
  z
    .array(item, 'must be a list')
    .check(z.minLength(1, 'is empty'), z.maxLength(LIST_MAX, `holds more than ${LIST_MAX}`));

const text = (lengthMax: number) =>
  z
    .string('must be a text')
    .check(
      z.maxLength(lengthMax, `must be at most ${lengthMax} characters`),
      z.refine(isPlain, 'must be plain text in one line'),
    );

/** No control characters: a comment stands in tables on terminals. */
const isPlain = (value: string): boolean => value.isWellFormed() && !/\p{Cc}/u.test(value);

const name = z.string('must be a name').check(z.regex(NAME_PATTERN, 'must be a name'));
const memberId = z.custom<MemberId>(
  (value) => typeof value === 'string' && parseMemberId(value) !== null,
  'must be the id of a member',
);
const cidr = z.string('must be a CIDR').check(
  z.refine((value) => {
    const parsed = parseCidr(value);
    return parsed.ok && parsed.value.text === value;
  }, 'must be a CIDR in its one spelling, as 192.0.2.0/24'),
);
const labels = z
  .record(
    z.string().check(z.refine(isLabelKey, 'must be a label key')),
    z.string('must be a text').check(z.regex(LABEL_VALUE_PATTERN, 'must be a label value')),
    'must be a record of labels',
  )
  .check(
    z.refine((value) => Object.keys(value).length > 0, 'names no label'),
    z.refine((value) => Object.keys(value).length <= LABELS_MAX, `holds more than ${LABELS_MAX}`),
  );

/** Who: a member, whoever has all these labels, a group, addresses, all members, or everybody. */
const selector = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('any') }),
    z.strictObject({ kind: z.literal('mesh') }),
    z.strictObject({ kind: z.literal('member'), id: memberId }),
    z.strictObject({ kind: z.literal('labels'), labels }),
    z.strictObject({ kind: z.literal('group'), name }),
    z.strictObject({ kind: z.literal('cidr'), cidr }),
  ],
  'must be a selector',
);
export type Selector = z.infer<typeof selector>;

/** First and last port. */
const portRange = z
  .tuple([integer(1, 65_535), integer(1, 65_535)], 'must be [first, last]')
  .check(z.refine(([first, last]) => first <= last, 'is reversed'));
export type PortRange = z.infer<typeof portRange>;

const DIRECTIONS = ['in', 'out'] as const;
/** Where a connection is. */
export const ZONES = ['mesh', 'wan'] as const;
const ACTIONS = ['allow', 'deny', 'reject'] as const;
const PROTOCOLS = ['any', 'tcp', 'udp', 'icmp', 'icmpv6'] as const;
/** `in`: what comes to this VM or through it to what is behind; `out`: what leaves. */
export type Direction = (typeof DIRECTIONS)[number];
/** `mesh`: the overlay's interface; `wan`: the rest, but the loopback. */
export type Zone = (typeof ZONES)[number];
export type Action = (typeof ACTIONS)[number];
export type Protocol = (typeof PROTOCOLS)[number];

const hasPorts = (protocol: Protocol): boolean => protocol === 'tcp' || protocol === 'udp';
const isIcmp = (protocol: Protocol): boolean => protocol === 'icmp' || protocol === 'icmpv6';

/** `intent/firewall/rule/<name>`. What a field's absence means: any, none, no bound. */
export const ruleSchema = z
  .strictObject({
    action: oneOf(ACTIONS),
    direction: oneOf(DIRECTIONS),
    zone: oneOf(ZONES),
    protocol: oneOf(PROTOCOLS),
    /** Destination ports. */
    ports: z.exactOptional(list(portRange)),
    /** ICMP or ICMPv6 types. */
    types: z.exactOptional(list(integer(0, 255))),
    from: z.exactOptional(list(selector)),
    to: z.exactOptional(list(selector)),
    /** Which members enforce it: no addresses. */
    on: z.exactOptional(list(selector)),
    /** Lower first; at equal priority what forbids goes before what allows. */
    priority: integer(0, PRIORITY_MAX),
    comment: z.exactOptional(text(COMMENT_MAX)),
    enabled: z.boolean('must be true or false'),
    /** New connections that it decides on are logged, at a bounded rate. */
    log: z.exactOptional(z.literal(true, 'must be true')),
    /** It decides nothing; what it would forbid is logged. */
    audit: z.exactOptional(z.literal(true, 'must be true')),
    /** New connections beyond it are dropped. Of `allow` only. */
    rate: z.exactOptional(
      z.strictObject({
        count: integer(1, 1_000_000),
        per: oneOf(['second', 'minute', 'hour', 'day']),
        burst: integer(1, 1_000_000),
      }),
    ),
    /** Most connections at a time from one address. Of `allow` only. */
    connections: z.exactOptional(integer(1, 1_000_000)),
    /** From this moment on it is as if it were not there. Unix ms. */
    expiry: z.exactOptional(integer(0, 2 ** 48)),
  })
  .check(
    z.refine((rule) => rule.ports === undefined || hasPorts(rule.protocol), {
      path: ['ports'],
      message: 'only tcp and udp have ports',
    }),
    z.refine((rule) => rule.types === undefined || isIcmp(rule.protocol), {
      path: ['types'],
      message: 'only icmp and icmpv6 have types',
    }),
    z.refine(({ action, rate, connections }) => !isLimited(rate, connections) || isAllow(action), {
      path: ['action'],
      message: 'only allow has a rate or a number of connections',
    }),
    z.refine(({ action, audit }) => audit === undefined || !isAllow(action), {
      path: ['audit'],
      message: 'only what forbids can be audited',
    }),
    z.refine(({ on }) => on?.some(({ kind }) => kind === 'cidr') !== true, {
      path: ['on'],
      message: 'names members, not addresses',
    }),
  );
export type RuleRecord = z.infer<typeof ruleSchema>;

const isLimited = (...limits: readonly unknown[]): boolean =>
  limits.some((limit) => limit !== undefined);
const isAllow = (action: Action): boolean => action === 'allow';

/** `intent/firewall/group/<name>`. Groups hold no groups. */
export const groupSchema = z.strictObject({ members: list(selector) }).check(
  z.refine(({ members }) => members.every(({ kind }) => kind !== 'group'), {
    path: ['members'],
    message: 'a group holds no group',
  }),
);
export type GroupRecord = z.infer<typeof groupSchema>;

/** From where an operator comes, and the port of ours to which. */
const management = z.strictObject({
  address: z.string('must be an address').check(z.refine(isAddress, 'must be a numeric address')),
  port: integer(1, 65_535),
});

/** `intent/firewall/default/<zone>-<direction>`: what happens to what no rule decides on. */
export const defaultSchema = z.strictObject({
  action: oneOf(ACTIONS),
  /** From where the operator came: what of its address and our port stays open whatever happens. */
  management: z.exactOptional(list(management)),
  /** What it would forbid is let through and logged. */
  audit: z.exactOptional(z.literal(true, 'must be true')),
});
export type DefaultRecord = z.infer<typeof defaultSchema>;

/** Most changes in one object, most objects of one trial, and how long it may last. */
const CHANGES_MAX = 1_000;
const PARTS_MAX = 4_096;
const TRIAL_SECONDS_MAX = 86_400;

const changeList = z
  .array(
    z.strictObject({
      kind: oneOf(['rule', 'group', 'default']),
      name,
      /** The object as it would be; null: it would be gone. */
      value: z.custom<Value>(),
    }),
    'must be a list',
  )
  .check(z.minLength(1, 'is empty'), z.maxLength(CHANGES_MAX, `holds more than ${CHANGES_MAX}`));

/** `intent/firewall/trial/<id>`: changes that end by themselves unless they are confirmed. */
export const trialSchema = z.strictObject({
  /** Counted by each member from when it applied them. */
  seconds: integer(1, TRIAL_SECONDS_MAX),
  changes: changeList,
  /** How many objects of kind `trial-part` hold the rest of the changes. */
  parts: z.exactOptional(integer(1, PARTS_MAX)),
  /** By which connection its operator was there: a member that it would shut out has none of it. */
  management: z.exactOptional(list(management)),
});

/** `intent/firewall/trial-part/<id>.<n>`, n from 0: more of its changes. */
export const trialPartSchema = z.strictObject({ changes: changeList });
export type TrialRecord = z.infer<typeof trialSchema>;

/** Names of the defaults. */
export const DEFAULT_NAMES = ZONES.flatMap((zone) =>
  DIRECTIONS.map((direction) => ({ name: `${zone}-${direction}`, zone, direction })),
);

const TEST_PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6'] as const;

/** `intent/firewall/test/<name>`. `value`: a port, or a type of ICMP. */
export const testSchema = z.strictObject({
  from: selector,
  to: selector,
  zone: oneOf(ZONES),
  protocol: oneOf(TEST_PROTOCOLS),
  value: integer(0, 65_535),
  expect: oneOf(['allow', 'deny']),
});
export type TestRecord = z.infer<typeof testSchema>;

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
import { integer, list, name, oneOf, portRange, text } from '../schema-parts.ts';
import { selector, ZONES } from '../selectors/schemas.table.ts';

/** Longest comment, characters. */
const COMMENT_MAX = 200;
/** The last priority; 0 is the first. */
export const PRIORITY_MAX = 1_000;

const DIRECTIONS = ['in', 'out'] as const;
const ACTIONS = ['allow', 'deny', 'reject'] as const;
const PROTOCOLS = ['any', 'tcp', 'udp', 'icmp', 'icmpv6'] as const;
/** `in`: what comes to this VM or through it to what is behind; `out`: what leaves. */
export type Direction = (typeof DIRECTIONS)[number];
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

/** `intent/firewall/trial-part/<id>-<n>`, n from 0: more of its changes. */
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

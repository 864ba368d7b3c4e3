/**
 * Rule: lb schemas — the shape of every object under `intent/lb/`.
 *
 * 1. Strict: a field that this version does not know may change who gets a connection, so an object
 *    that has one is not readable, and what stood there before stays in force.
 * 2. Members are named by id, never by a name that somebody else can take.
 */
import * as z from 'zod/mini';
import { isAddress, isAddress4 } from '../../crdt/addresses.ts';
import { parseMemberId } from '../../crdt/ids.ts';
import { NAME_PATTERN } from '../../crdt/names.ts';
import { integer, list, oneOf, portRange, text } from '../schema-parts.ts';
import { type Selector, selector } from '../selectors/schemas.table.ts';

/** Longest comment, path of a check, and word of a command. Unit: characters. */
const COMMENT_MAX = 200;
const PATH_MAX = 1_024;
const WORD_MAX = 1_024;
/** The greatest weight: HAProxy's. */
export const WEIGHT_MAX = 256;
/** Longest time for which a client stays with its backend, and for which a drain waits. Unit: ms. */
export const STICKY_MAX_MS = 86_400_000;
export const DRAIN_MAX_MS = 3_600_000;

/** What is balanced. */
export const PROTOCOLS = ['tcp', 'udp'] as const;
/** Of balancing. */
export const MODES = ['roundrobin', 'leastconn', 'source', 'random'] as const;
/** What may be wished for. */
export const ENGINES = ['auto', 'nft', 'haproxy'] as const;
/** `roundrobin`: in turn; `leastconn`: who has the fewest; `source`: by the client's address. */
export type Mode = (typeof MODES)[number];

const isOfMembers = ({ kind }: Selector): boolean => kind !== 'cidr' && kind !== 'any';

/** Members, not addresses: what is balanced over is a VM of the mesh. */
const members = list(selector).check(
  z.refine((selectors) => selectors.every(isOfMembers), 'names members, not addresses'),
);

/** How a backend shows that it serves. */
const check = z.discriminatedUnion(
  'kind',
  [
    /** It takes a connection. */
    z.strictObject({ kind: z.literal('tcp') }),
    /** It answers a GET of the path with a status of 200 to 399. */
    z.strictObject({
      kind: z.literal('http'),
      path: text(PATH_MAX).check(z.regex(/^\/[!-~]*$/, 'must begin with / and hold no space')),
    }),
    /** A program on the backend's own VM ends with status 0. */
    z.strictObject({ kind: z.literal('exec'), argv: list(text(WORD_MAX)) }),
    /** Whether its VM is alive is all that is known: of udp. */
    z.strictObject({ kind: z.literal('none') }),
  ],
  'must be a check',
);
export type Check = z.infer<typeof check>;

/** `intent/lb/balancer/<name>`. What a field's absence means: all alike, nobody, not at all. */
export const balancerSchema = z
  .strictObject({
    listen: z.strictObject({ protocol: oneOf(PROTOCOLS), ports: portRange }),
    /** Whose members serve. */
    to: members,
    /** The first port at which they do; the others of a range follow it. */
    port: integer(1, 65_535),
    mode: oneOf(MODES),
    /** The first that means a backend holds; else its weight is 1. */
    weights: z.exactOptional(
      list(z.strictObject({ of: selector, weight: integer(1, WEIGHT_MAX) })),
    ),
    /** Which members listen at their other addresses, too. */
    on: z.exactOptional(members),
    check,
    /** How long a client stays with the backend that it had last. Unit: ms. */
    stickyMs: z.exactOptional(integer(1_000, STICKY_MAX_MS)),
    /** How long a backend that drains may end what it has. Unit: ms. */
    drainMs: integer(0, DRAIN_MAX_MS),
    engine: oneOf(ENGINES),
    /** A member that serves is its own backend as well. */
    includesSelf: z.exactOptional(z.literal(true, 'must be true')),
    /** Where every member finds it. `ipv4` null: the prefix was full. */
    addresses: z.strictObject({
      ipv4: z.nullable(
        z.string('must be an address').check(z.refine(isAddress4, 'must be an IPv4 address')),
      ),
      ipv6: z
        .string('must be an address')
        .check(z.refine((value) => isAddress(value) && !isAddress4(value), 'must be IPv6')),
    }),
    comment: z.exactOptional(text(COMMENT_MAX)),
  })
  .check(
    z.refine(({ listen: { ports }, port }) => port + ports[1] - ports[0] <= 65_535, {
      path: ['port'],
      message: 'leaves no room for the range of ports',
    }),
    z.refine(({ listen, mode }) => listen.protocol === 'tcp' || mode !== 'leastconn', {
      path: ['mode'],
      message: 'only tcp has connections to count',
    }),
    z.refine(({ listen, engine }) => listen.protocol === 'tcp' || engine !== 'haproxy', {
      path: ['engine'],
      message: 'haproxy balances no udp',
    }),
    z.refine(({ mode, engine }) => mode !== 'leastconn' || engine !== 'nft', {
      path: ['engine'],
      message: 'nft cannot count connections of backends; leastconn needs haproxy',
    }),
    z.refine(({ listen, check: { kind } }) => listen.protocol === 'tcp' || !NEED_TCP.has(kind), {
      path: ['check'],
      message: 'udp takes no connection that could be checked; exec or none can',
    }),
  );
export type BalancerRecord = z.infer<typeof balancerSchema>;

const NEED_TCP: ReadonlySet<Check['kind']> = new Set(['tcp', 'http']);

/** Most balancers of which one member is drained by name. */
const DRAINS_MAX = 1_000;

/** `intent/lb/drain/<member id>`: of which balancers it takes no new connection, since when. */
export const drainSchema = z.strictObject({
  balancers: z
    .record(
      z.string().check(z.regex(NAME_PATTERN, 'must be a name')),
      z.strictObject({ sinceMs: integer(0, 2 ** 48) }),
      'must be a record of balancers',
    )
    .check(
      z.refine((value) => Object.keys(value).length <= DRAINS_MAX, `holds more than ${DRAINS_MAX}`),
    ),
});

/** Whether a name of an object of kind `drain` is one. */
export const isDrainName = (name: string): boolean => parseMemberId(name) !== null;

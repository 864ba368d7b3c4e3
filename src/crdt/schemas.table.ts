/**
 * Rule: schemas — the shape of every record under `member/` and `trust/`, and of the records that
 * travel alone.
 *
 * Tolerant readers: a field that a later version adds is kept and passed on. What is checked here
 * is shape only; who may say it, and which of two holds, is the projection's.
 */
import * as z from 'zod/mini';
import { isAddress, isAddress4, parsePrefix4, parsePrefix6 } from './addresses.ts';
import type { Value } from './entry.ts';
import type { Hlc } from './hlc.ts';
import { type InviteId, type MemberId, parseMemberId } from './ids.ts';
import { isLabelKey, LABEL_VALUE_PATTERN, LABELS_MAX, NAME_PATTERN } from './names.ts';

/** A record that keeps the fields which it does not know. */
const record = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.catchall(z.object(shape), z.custom<Value>());

const bytes = (length: number) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length === length,
    `must be ${length} bytes`,
  );

const text = (lengthMax: number) =>
  z.string('must be a text').check(
    z.maxLength(lengthMax, `must be at most ${lengthMax} characters`),
    z.refine((value) => value.isWellFormed(), 'must be plain Unicode'),
  );

const integer = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const why = `must be an integer from ${least} to ${most}`;
  return z.int(why).check(z.gte(least, why), z.lte(most, why));
};

const id = <Id extends string>(what: string) =>
  z.custom<Id>(
    (value) => typeof value === 'string' && parseMemberId(value) !== null,
    `must be the id of ${what}`,
  );

const memberId = id<MemberId>('a member');
const inviteId = id<InviteId>('an invite');
const key = bytes(32);
const signature = bytes(64);
const name = z.string('must be a name').check(z.regex(NAME_PATTERN, 'must be a name'));
const port = integer(1, 65_535);
/** Highest number of an invite or a grant: far from where integers end, as the next is one more. */
export const NUMBER_MAX = 2 ** 32;
/** Unix ms, up to the year 10889, which every reader of dates can show. */
const moment = integer(0, 2 ** 48);
const ipv4 = z
  .string('must be an IPv4 address')
  .check(z.refine(isAddress4, 'must be an IPv4 address'));
const host = z.string('must be an address').check(z.refine(isAddress, 'must be a numeric address'));
const endpoint = record({ host, port });

const labels = z
  .record(
    z.string().check(z.refine(isLabelKey, 'must be a label key')),
    z.string('must be a text').check(z.regex(LABEL_VALUE_PATTERN, 'must be a label value')),
    'must be a record of labels',
  )
  .check(
    z.refine((value) => Object.keys(value).length <= LABELS_MAX, `holds more than ${LABELS_MAX}`),
  );

const hlc = z.custom<Hlc>(
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((part) => Number.isSafeInteger(part) && part >= 0),
  'must be [ms, counter]',
);

/**
 * `member/endpoints`: where a member says it can be reached. `local`: at most 16 numeric addresses.
 */
const endpointsSchema = record({
  port,
  advertised: z.nullable(endpoint),
  observed: z.nullable(endpoint),
  local: z.array(host, 'must be a list').check(z.maxLength(16, 'holds more than 16')),
});
export type EndpointsRecord = z.infer<typeof endpointsSchema>;

/** `member/consent`: what this VM allows. */
const consentSchema = record({
  services: z.array(name, 'must be a list').check(z.maxLength(64, 'holds more than 64')),
  allowRun: z.boolean('must be true or false'),
  /** Whether it may have the core role; absent: yes. */
  eligible: z.exactOptional(z.boolean('must be true or false')),
});

/** `member/version`: which build runs there. */
const versionSchema = record({ version: text(64), commit: text(64) });

/** `member/ipv4`: the free address that the loser of a tie took. */
const ipv4Schema = record({ ipv4 });

/** `member/left`: it has left the mesh. */
const leftSchema = record({ left: z.literal(true, 'must be true') });

/** `member/drain`: it takes no new load. */
const drainSchema = record({ drained: z.literal(true, 'must be true') });

/** `member/core`: the epoch in which it gave the core role away. */
const coreSchema = record({ steppedDown: integer(0) });

/**
 * `core/absent/<member>`: since when it cannot be reached, Unix ms, or null: it can. By the core, in
 * its term.
 */
const absentSchema = record({ epoch: integer(0), n: integer(0), since: z.nullable(moment) });

/** `trust/invite/<id>`. `expiry` and `revokedAt` in Unix ms. */
export const inviteSchema = record({
  number: integer(1, NUMBER_MAX),
  publicKey: key,
  labels,
  expiry: moment,
  uses: integer(1, 1000),
  revokedAt: z.exactOptional(moment),
});
export type InviteRecord = z.infer<typeof inviteSchema>;

/** What a joiner sends; part of its admission too. Both signatures are those of `admission.ts`. */
const joinRequestShape = {
  memberKey: key,
  wgKey: key,
  name,
  ipv4,
  inviteSignature: signature,
  memberSignature: signature,
};

/** The request of a joiner, as it travels on the join stream. */
export const joinRequestSchema = record(joinRequestShape);

/** `trust/admission/<member>`, in the admitting member's chain. */
const admissionSchema = record({
  ...joinRequestShape,
  labels,
  invite: inviteId,
  hlc,
});
export type AdmissionRecord = z.infer<typeof admissionSchema>;

/**
 * `trust/adopt/<member>`: an operator's own word for a member; the founder's for itself has number
 * 0.
 */
const adoptSchema = record({
  memberKey: key,
  wgKey: key,
  name,
  ipv4,
  labels,
  number: integer(0, NUMBER_MAX),
  invite: z.nullable(inviteId),
});

/** `trust/evict/<member>`. `name`: what it was called, for those who look back. */
const evictSchema = record({ reason: text(200), name: z.exactOptional(text(64)) });

/** `trust/role/<member>`: the grant of the role operator. `number` counts up per author. */
const roleSchema = record({ number: integer(1, NUMBER_MAX) });

/** `trust/name/<member>`: what an operator calls it since it joined. */
const nameSchema = record({ name });

/** `trust/label/<member>`: all labels that it has since an operator changed them. */
const labelSchema = record({ labels });

/**
 * `trust/root/<n>`: a recovery. `nextRootHash` commits the next root key; the signature is
 * `rootKey`'s.
 */
const rootSchema = record({
  member: memberId,
  nextRootHash: key,
  rootKey: key,
  signature,
});

const isPrefix4 = (value: string): boolean => parsePrefix4(value).ok;
const isPrefix6 = (value: string): boolean => parsePrefix6(value).ok;

/** The genesis record, with its signature. */
export const genesisSchema = record({
  v: z.literal(1, 'must be 1, a newer version of cnsmo made it'),
  name,
  prefix: z.string('must be a text').check(z.refine(isPrefix4, 'must be an IPv4 prefix')),
  prefix6: z.string('must be a text').check(z.refine(isPrefix6, 'must be an IPv6 ULA prefix /64')),
  founderKey: key,
  nextRootHash: key,
  signature,
});
export type GenesisRecord = z.infer<typeof genesisSchema>;

/** What a join token carries, before its checksum. `expiry` in Unix ms. */
export const tokenSchema = record({
  v: z.literal(1, 'must be 1, a newer version of cnsmo made it'),
  meshId: key,
  psk: key,
  seed: key,
  expiry: moment,
  entries: z
    .array(record({ memberId: key, address: endpoint }), 'must be a list')
    .check(z.maxLength(8, 'holds more than 8')),
});

/** Schema of each kind of path of `paths.ts`. */
export const PATH_SCHEMAS = {
  endpoints: endpointsSchema,
  consent: consentSchema,
  version: versionSchema,
  ipv4: ipv4Schema,
  left: leftSchema,
  drain: drainSchema,
  core: coreSchema,
  absent: absentSchema,
  invite: inviteSchema,
  admission: admissionSchema,
  adopt: adoptSchema,
  evict: evictSchema,
  role: roleSchema,
  name: nameSchema,
  label: labelSchema,
  root: rootSchema,
} as const;

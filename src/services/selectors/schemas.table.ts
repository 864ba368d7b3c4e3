/**
 * Rule: selector schemas — the shape of what says who is meant, in the records of all services.
 *
 * Members are named by id, never by a name that somebody else can take.
 */
import * as z from 'zod/mini';
import { type MemberId, parseMemberId } from '../../crdt/ids.ts';
import { isLabelKey, LABEL_VALUE_PATTERN, LABELS_MAX } from '../../crdt/names.ts';
import { list, name } from '../schema-parts.ts';
import { parseCidr } from './cidr.ts';

/** Where a connection is. */
export const ZONES = ['mesh', 'wan'] as const;
/** `mesh`: the overlay's interface; `wan`: the rest, but the loopback. */
export type Zone = (typeof ZONES)[number];

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
export const selector = z.discriminatedUnion(
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

/** `intent/firewall/group/<name>`. Groups hold no groups. */
export const groupSchema = z.strictObject({ members: list(selector) }).check(
  z.refine(({ members }) => members.every(({ kind }) => kind !== 'group'), {
    path: ['members'],
    message: 'a group holds no group',
  }),
);
export type GroupRecord = z.infer<typeof groupSchema>;

/**
 * Rule: join message — what a joiner and its entry say to each other.
 *
 * Two requests, each with one answer: `hello` (which mesh is this, how do you see me) and `admit`
 * (take me in). Unknown fields are ignored; the version is checked first.
 */
import * as z from 'zod/mini';
import { decode, encode } from '../../crdt/codec.ts';

const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length);
const anyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const version = z.literal(1);
const text = z.string().check(z.maxLength(256));
const entry = z.object({ member: text, host: text, port: z.int() });

const request = z.discriminatedUnion('kind', [
  z.object({ v: version, kind: z.literal('hello'), memberKey: bytes(32) }),
  z.object({
    v: version,
    kind: z.literal('admit'),
    memberKey: bytes(32),
    wgKey: bytes(32),
    name: text,
    ipv4: text,
    inviteSignature: bytes(64),
    memberSignature: bytes(64),
  }),
]);

/** Why an entry does not take a joiner in. `retry`: another member may. */
const refusal = z.enum([
  'used-up',
  'revoked',
  'expired',
  'name-taken',
  'invalid',
  'evicted',
  'full',
  'address-taken',
]);

const answer = z.discriminatedUnion('kind', [
  z.object({
    v: version,
    kind: z.literal('welcome'),
    genesis: anyBytes,
    observed: text,
    ipv4: text,
    wallMs: z.number(),
  }),
  z.object({
    v: version,
    kind: z.literal('admitted'),
    name: text,
    ipv4: text,
    entries: z.array(entry).check(z.maxLength(8)),
  }),
  z.object({ v: version, kind: z.literal('refused'), why: refusal, detail: text }),
  z.object({
    v: version,
    kind: z.literal('retry'),
    entries: z.array(entry).check(z.maxLength(8)),
  }),
]);

export type JoinAsk = z.infer<typeof request>;
export type JoinAnswer = z.infer<typeof answer>;
export type JoinRefusal = z.infer<typeof refusal>;

/** Longest request or answer. Unit: bytes. A genesis and eight entries take under 2 KiB. */
export const JOIN_BYTES_MAX = 16 * 1024;

/** The message as bytes. */
export const encodeJoin = (message: JoinAsk | JoinAnswer): Uint8Array => encode(message);

/** The request, or null when it is none. */
export const decodeJoinAsk = (raw: Uint8Array): JoinAsk | null => parse(request, raw);

/** The answer, or null when it is none. */
export const decodeJoinAnswer = (raw: Uint8Array): JoinAnswer | null => parse(answer, raw);

function parse<T>(schema: z.ZodMiniType<T>, raw: Uint8Array): T | null {
  const decoded = decode(raw, JOIN_BYTES_MAX);
  if (!decoded.ok) return null;
  const parsed = z.safeParse(schema, decoded.value);
  return parsed.success ? parsed.data : null;
}

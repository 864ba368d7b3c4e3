/**
 * Rule: join message — what a joiner and its entry say to each other.
 *
 * Two requests, each with one answer: `hello` (which mesh is this, how do you see me) and `admit`
 * (take me in). Unknown fields are ignored. Each begins with the versions of the wire and of the
 * document; whoever has others is refused on both sides, by name, and nothing else is read of it.
 */
import * as z from 'zod/mini';
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { OUR_VERSIONS, type Versions, versionsIn } from './sync-message.ts';

const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length);
const anyBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const text = z.string().check(z.maxLength(256));
const entry = z.object({ member: text, host: text, port: z.int() });

const request = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('hello'), memberKey: bytes(32) }),
  z.object({
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
    kind: z.literal('welcome'),
    genesis: anyBytes,
    observed: text,
    ipv4: text,
    wallMs: z.number(),
  }),
  z.object({
    kind: z.literal('admitted'),
    name: text,
    ipv4: text,
    entries: z.array(entry).check(z.maxLength(8)),
  }),
  z.object({ kind: z.literal('refused'), why: refusal, detail: text }),
  z.object({
    kind: z.literal('retry'),
    entries: z.array(entry).check(z.maxLength(8)),
  }),
  // The answer to another version: it says ours.
  z.object({ kind: z.literal('other-version') }),
]);

export type JoinAsk = z.infer<typeof request>;
export type JoinAnswer = z.infer<typeof answer>;
export type JoinRefusal = z.infer<typeof refusal>;

/** Longest request or answer. Unit: bytes. A genesis and eight entries take under 2 KiB. */
export const JOIN_BYTES_MAX = 16 * 1024;

/** What was read. `versions` are read first: of others nothing else is understood. */
export type ReadJoin<Said> =
  | { readonly kind: 'said'; readonly said: Said }
  | { readonly kind: 'other-version'; readonly versions: Versions }
  | { readonly kind: 'none' };

/** The message as bytes. */
export const encodeJoin = (message: JoinAsk | JoinAnswer): Uint8Array =>
  encode({ v: OUR_VERSIONS.wire, document: OUR_VERSIONS.document, ...message });

/** Reads a request. Never throws. */
export const decodeJoinAsk = (raw: Uint8Array): ReadJoin<JoinAsk> => parse(request, raw);

/** Reads an answer. Never throws. */
export const decodeJoinAnswer = (raw: Uint8Array): ReadJoin<JoinAnswer> => parse(answer, raw);

function parse<Said>(schema: z.ZodMiniType<Said>, raw: Uint8Array): ReadJoin<Said> {
  const decoded = decode(raw, JOIN_BYTES_MAX);
  if (!decoded.ok || !isRecord(decoded.value)) return { kind: 'none' };
  const { v, document, ...rest } = decoded.value;
  const versions = versionsIn(v, document);
  if (versions === 'none') return { kind: 'none' };
  if (versions !== 'ours') return { kind: 'other-version', versions };
  const parsed = z.safeParse(schema, rest satisfies { readonly [key: string]: Value });
  return parsed.success ? { kind: 'said', said: parsed.data } : { kind: 'none' };
}

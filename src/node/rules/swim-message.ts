/**
 * Rule: swim message — what members say to each other to know who is alive.
 *
 * 1. Nobody can speak for another: that somebody is alive, in which incarnation, and that it has
 *    answered a question passed on, only that member's own signature says. Whatever else is told of
 *    others is hearsay, and only makes the hearer look for itself.
 * 2. Members are named by the first 65 bits of their id: two members of one mesh that share them
 *    would have to be made for it, and then none of the two is heard of.
 */
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, type MemberId, type MeshId } from '../../crdt/ids.ts';
import { type Kind, sign, verify } from '../../crdt/signed.ts';
import type { Crypto } from '../../ports.ts';

/** Longest message. Unit: bytes. It fits one TCP segment. */
export const SWIM_BYTES_MAX = 1_200;
/** Most rumours in one message. */
const RUMOURS_MAX = 40;
/** Longest number that anybody may count up to by honest means. */
const COUNT_MAX = 2 ** 48;

/** Most names in one question who lives. */
export const NAMES_MAX = 40;

const ABBREVIATION_LENGTH = 13;

declare const brand: unique symbol;
/** A member's name in messages. */
export type Abbreviation = string & { readonly [brand]: 'abbreviation' };

/** What a member is called in messages. */
export const abbreviate = (member: MemberId): Abbreviation =>
  member.slice(0, ABBREVIATION_LENGTH) as Abbreviation;

/**
 * News of a member. `alive` is its own word; `hearsay` says that somebody suspects it; `suspect`
 * and `dead` that the sender itself had no answer from it.
 */
export type Rumour =
  | {
      readonly kind: 'alive';
      readonly about: Abbreviation;
      readonly incarnation: number;
      readonly signature: Uint8Array;
    }
  | {
      readonly kind: 'hearsay' | 'suspect' | 'dead';
      readonly about: Abbreviation;
      readonly incarnation: number;
    };

/** For whom a question is passed on, and under which number it asked. */
export interface Asker {
  readonly member: Abbreviation;
  readonly sequence: number;
}

/** What a message is for; all carry news besides. */
export type SwimAct =
  | { readonly act: 'ping'; readonly sequence: number; readonly asker: Asker | null }
  | { readonly act: 'ack'; readonly sequence: number; readonly signature: Uint8Array | null }
  | { readonly act: 'nack'; readonly sequence: number }
  | { readonly act: 'ask'; readonly sequence: number; readonly target: Abbreviation }
  | { readonly act: 'news' }
  /** Asks who of these lives, of whom the sender knows nothing; where it names none, of anybody. */
  | { readonly act: 'pull'; readonly names: readonly Abbreviation[] };

/** An act, and the news that travels with it. */
export type SwimMessage = SwimAct & { readonly rumours: readonly Rumour[] };

const VERSION = 1;
const ACTS = ['ping', 'ack', 'nack', 'ask', 'news', 'pull'] as const;
const KINDS = ['alive', 'hearsay', 'suspect', 'dead'] as const;

/** A rumour as it stands in a message. */
const rumourValue = (rumour: Rumour): Value => [
  KINDS.indexOf(rumour.kind),
  rumour.about,
  rumour.incarnation,
  ...(rumour.kind === 'alive' ? [rumour.signature] : []),
];

/** How much room a rumour takes in a message, bytes. */
export const rumourBytes = (rumour: Rumour): number =>
  rumour.kind === 'alive' ? RUMOUR_BYTES + SIGNATURE_BYTES : RUMOUR_BYTES;
/** A list of three: a kind, a name of 13 letters, a number of nine bytes at most. */
const RUMOUR_BYTES = 1 + 1 + 14 + 9;
const SIGNATURE_BYTES = 66;

/** The message as bytes. */
export const encodeSwim = (message: SwimMessage): Uint8Array => {
  const { act, rumours } = message;
  const head = { v: VERSION, a: ACTS.indexOf(act), r: rumours.map(rumourValue) };
  if (message.act === 'news') return encode(head);
  if (message.act === 'pull') return encode({ ...head, n: message.names });
  const numbered = { ...head, s: message.sequence };
  if (message.act === 'ask') return encode({ ...numbered, t: message.target });
  if (message.act === 'ping' && message.asker !== null) {
    return encode({ ...numbered, f: [message.asker.member, message.asker.sequence] });
  }
  if (message.act === 'ack' && message.signature !== null) {
    return encode({ ...numbered, g: message.signature });
  }
  return encode(numbered);
};

/** Reads a message; null when it is none of this version. Never throws. */
export function decodeSwim(bytes: Uint8Array): SwimMessage | null {
  const decoded = decode(bytes, SWIM_BYTES_MAX);
  if (!decoded.ok || !isRecord(decoded.value)) return null;
  const { v, a, r } = decoded.value;
  if (v !== VERSION || !isCount(a) || !Array.isArray(r) || r.length > RUMOURS_MAX) return null;
  const rumours = (r as readonly Value[]).map(readRumour);
  if (!rumours.every((rumour) => rumour !== null)) return null;
  const act = readAct(ACTS[a], decoded.value);
  return act === null ? null : { ...act, rumours };
}

function readAct(
  act: SwimAct['act'] | undefined,
  { s: sequence, f, g, t, n }: Readonly<Record<string, Value>>,
): SwimAct | null {
  if (act === 'news') return { act };
  if (act === 'pull') return areNames(n) ? { act, names: n } : null;
  if (act === undefined || !isCount(sequence)) return null;
  if (act === 'nack') return { act, sequence };
  if (act === 'ask') return isAbbreviation(t) ? { act, sequence, target: t } : null;
  if (act === 'ack') {
    if (g === undefined) return { act, sequence, signature: null };
    return isSignature(g) ? { act, sequence, signature: g } : null;
  }
  if (f === undefined) return { act, sequence, asker: null };
  const asker = readAsker(f);
  return asker === null ? null : { act, sequence, asker };
}

const areNames = (value: Value | undefined): value is readonly Abbreviation[] =>
  Array.isArray(value) && value.length <= NAMES_MAX && value.every(isAbbreviation);

function readAsker(value: Value): Asker | null {
  if (!Array.isArray(value)) return null;
  const [member, sequence] = value as readonly Value[];
  return isAbbreviation(member) && isCount(sequence) ? { member, sequence } : null;
}

function readRumour(value: Value): Rumour | null {
  if (!Array.isArray(value)) return null;
  const [kind, about, incarnation, signature] = value as readonly Value[];
  if (!isCount(kind) || !isAbbreviation(about) || !isCount(incarnation)) return null;
  const name = KINDS[kind];
  if (name === undefined) return null;
  if (name !== 'alive') return { kind: name, about, incarnation };
  return isSignature(signature) ? { kind: name, about, incarnation, signature } : null;
}

const isAbbreviation = (value: Value | undefined): value is Abbreviation & Value =>
  typeof value === 'string' && value.length === ABBREVIATION_LENGTH;
const isSignature = (value: Value | undefined): value is Uint8Array =>
  value instanceof Uint8Array && value.length === 64;
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < COUNT_MAX;

/** Signs and checks what only a member itself can say. */
export interface SwimSigner {
  /** "I am alive, for the so many-th time." */
  alive(incarnation: number): Uint8Array;
  isAlive(member: MemberId, incarnation: number, signature: Uint8Array): boolean;
  /** "I have heard this question." */
  answer(asker: Asker): Uint8Array;
  isAnswer(member: MemberId, asker: Asker, signature: Uint8Array): boolean;
}

/** Signatures in a mesh, with the seed of this member. */
export function createSwimSigner(crypto: Crypto, seed: Uint8Array, mesh: MeshId): SwimSigner {
  const ground = { v: 1, mesh: bytesOfId(mesh) };
  const ofLife = (incarnation: number): Value => ({ ...ground, incarnation });
  const ofAnswer = ({ member, sequence }: Asker): Value => ({ ...ground, member, sequence });
  const holds = (member: MemberId, kind: Kind, record: Value, signature: Uint8Array) =>
    verify(crypto, bytesOfId(member), { kind, record, signature });
  return {
    alive: (incarnation) => sign(crypto, seed, 'alive', ofLife(incarnation)),
    isAlive: (member, incarnation, signature) =>
      holds(member, 'alive', ofLife(incarnation), signature),
    answer: (asker) => sign(crypto, seed, 'answer', ofAnswer(asker)),
    isAnswer: (member, asker, signature) => holds(member, 'answer', ofAnswer(asker), signature),
  };
}

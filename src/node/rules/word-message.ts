/**
 * Rule: word message — what services of members say of what changes by itself, and how members pass
 * that on.
 *
 * 1. Nobody can speak for another: a word is signed by its author, with the mesh, the service, and
 *    its place in what the author says. Whoever carries it can lose it, and no more.
 * 2. Of two words of one author about one service the later one counts: that of a later life of its
 *    daemon, or the one said later in it. An old one that is said again changes nothing.
 */
import { decode, encode } from '../../crdt/codec.ts';
import { isRecord, type Value } from '../../crdt/entry.ts';
import { bytesOfId, type MemberId, type MeshId, memberIdOf } from '../../crdt/ids.ts';
import { sign, verify } from '../../crdt/signed.ts';
import type { Crypto } from '../../ports.ts';

/** Longest text of a word. Unit: bytes of UTF-8. Some hundred checks fit. */
export const WORD_BYTES_MAX = 16_384;
/** Longest message. Unit: bytes. A line of the swarm takes no longer one. */
export const WORDS_BYTES_MAX = 65_535;
/** Most of that which words take up, so that the next one need not be tried. Unit: bytes. */
const BATCH_BYTES_MAX = 48 * 1_024;
/** Most heads in one message, and most words: some hundred members have one service that speaks. */
const HEADS_MAX = 2_000;
const WORDS_MAX = 1_000;
/** Longest number that anybody may count up to by honest means. */
const COUNT_MAX = 2 ** 48;
const SERVICE = /^[a-z][a-z0-9-]{0,31}$/;

/** Where a word stands in what its author says: in which life of its daemon, as which. */
export interface WordPlace {
  readonly life: number;
  readonly sequence: number;
}

/** Whose word about what, and which. */
export interface WordHead extends WordPlace {
  readonly author: MemberId;
  readonly service: string;
}

/** A word. An empty text says that there is nothing to say any more. */
export interface Word extends WordHead {
  readonly text: string;
  readonly signature: Uint8Array;
}

/** Words, and whether there are more that the receiver lacks; or which words the sender has. */
export type WordsMessage =
  | { readonly kind: 'words'; readonly words: readonly Word[]; readonly hasMore: boolean }
  /** `isAnswer`: it answers heads, and wants words, but no heads. */
  | { readonly kind: 'heads'; readonly heads: readonly WordHead[]; readonly isAnswer: boolean };

const VERSION = 1;

/** Whether the first comes after the second. */
export const isLater = (a: WordPlace, b: WordPlace): boolean =>
  a.life === b.life ? a.sequence > b.sequence : a.life > b.life;

/** The message as bytes. */
export const encodeWords = (message: WordsMessage): Uint8Array =>
  message.kind === 'words'
    ? encode({ v: VERSION, w: message.words.map(wordValue), ...(message.hasMore ? { m: 1 } : {}) })
    : encode({
        v: VERSION,
        h: message.heads.map(headValue),
        ...(message.isAnswer ? { a: 1 } : {}),
      });

const headValue = ({ author, service, life, sequence }: WordHead): readonly Value[] => [
  bytesOfId(author),
  service,
  life,
  sequence,
];

const wordValue = (word: Word): Value => [...headValue(word), word.text, word.signature];

/** Reads a message: null for what is none, `other-version` for one that a later release sent. */
export function decodeWords(bytes: Uint8Array): WordsMessage | 'other-version' | null {
  const decoded = decode(bytes, WORDS_BYTES_MAX);
  if (!decoded.ok || !isRecord(decoded.value)) return null;
  const { v, w, m, h, a } = decoded.value;
  if (!isCount(v)) return null;
  if (v !== VERSION) return 'other-version';
  if (Array.isArray(w) && w.length <= WORDS_MAX) {
    const words = (w as readonly Value[]).map(readWord);
    return words.every((word) => word !== null) ? { kind: 'words', words, hasMore: m === 1 } : null;
  }
  if (!Array.isArray(h) || h.length > HEADS_MAX) return null;
  const heads = (h as readonly Value[]).map(readHead);
  return heads.every((head) => head !== null) ? { kind: 'heads', heads, isAnswer: a === 1 } : null;
}

function readWord(value: Value): Word | null {
  const head = readHead(value);
  const [, , , , text, signature] = value as readonly Value[];
  if (head === null || typeof text !== 'string' || !isBytes(signature, 64)) return null;
  return bytesOfText(text) > WORD_BYTES_MAX ? null : { ...head, text, signature };
}

function readHead(value: Value): WordHead | null {
  if (!Array.isArray(value)) return null;
  const [author, service, life, sequence] = value as readonly Value[];
  if (!isBytes(author, 32) || typeof service !== 'string' || !SERVICE.test(service)) return null;
  if (!isCount(life) || !isCount(sequence)) return null;
  return { author: memberIdOf(author), service, life, sequence };
}

const isBytes = (value: Value | undefined, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;
const isCount = (value: Value | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < COUNT_MAX;

/** How long a word's text is on its way, bytes of UTF-8. */
export const bytesOfText = (text: string): number => new TextEncoder().encode(text).length;

/** What a word takes up beside its text: two lists of bytes, a name, two numbers. */
const WORD_BYTES = 34 + 66 + 34 + 9 + 9 + 8;

/** Words in as many messages as they need, in their order. */
export function batchesOf(words: readonly Word[]): readonly (readonly Word[])[] {
  const batches: Word[][] = [];
  let bytes = BATCH_BYTES_MAX;
  for (const word of words) {
    const more = WORD_BYTES + bytesOfText(word.text);
    const last = batches.at(-1);
    if (last === undefined || bytes + more > BATCH_BYTES_MAX || last.length === WORDS_MAX) {
      batches.push([word]);
      bytes = more;
    } else {
      last.push(word);
      bytes += more;
    }
  }
  return batches;
}

/** The heads that one message holds, however long the names of their services are. */
export const headsToTell = (heads: readonly WordHead[]): readonly WordHead[] =>
  heads.slice(0, Math.floor(WORDS_BYTES_MAX / HEAD_BYTES_MAX) - 1);

/** What the longest head takes up: a list of bytes, a name, two numbers. */
const HEAD_BYTES_MAX = 1 + 34 + 34 + 9 + 9;

/** Signs and checks words in a mesh. */
export interface WordSigner {
  /** A word of this member. */
  say(service: string, place: WordPlace, text: string): Word;
  /** Whether its author said it. */
  isSaid(word: Word): boolean;
}

/** Signatures with the seed of a member. */
export function createWordSigner(crypto: Crypto, { self, seed, meshId }: Speaker): WordSigner {
  const mesh = bytesOfId(meshId);
  const record = (service: string, { life, sequence }: WordPlace, text: string): Value => {
    return { v: VERSION, mesh, service, life, sequence, text };
  };
  return {
    say: (service, place, text) => {
      const signature = sign(crypto, seed, 'word', record(service, place, text));
      return { author: self, service, life: place.life, sequence: place.sequence, text, signature };
    },
    isSaid: ({ author, service, text, signature, ...place }) =>
      verify(crypto, bytesOfId(author), {
        kind: 'word',
        record: record(service, place, text),
        signature,
      }),
  };
}

/** Who speaks, and where. */
export interface Speaker {
  readonly self: MemberId;
  readonly seed: Uint8Array;
  readonly meshId: MeshId;
}

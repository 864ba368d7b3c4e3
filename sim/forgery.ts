/**
 * Rule: forgery — what a member that means harm signs and sends: each form that its own key
 * allows, and those that it does not.
 */

import { makeJoinRequest } from '../src/crdt/admission.ts';
import type { Value } from '../src/crdt/entry.ts';
import { encodeStatement } from '../src/crdt/entry-bytes.ts';
import { type Frame, type FrameContent, makeFrame, readFrame } from '../src/crdt/frame.ts';
import { clientIdOf } from '../src/crdt/gate.ts';
import type { Hlc } from '../src/crdt/hlc.ts';
import { bytesOfId, inviteIdOf, type MeshId, memberIdOf } from '../src/crdt/ids.ts';
import { openPen, openSubdocument } from '../src/crdt/subdocument.ts';
import type { Crypto } from '../src/ports.ts';
import { admissionsOf, bootyIn, replacedIn } from './booty.ts';
import { HARMFUL } from './forgery-bytes.ts';
import type { Dice } from './random.ts';

/** What the forger has: its key, and the frames of everybody. */
export interface Forger {
  readonly crypto: Crypto;
  readonly seed: Uint8Array;
  readonly meshId: MeshId;
  /** Whom it speaks ill of. */
  readonly victim: string;
  readonly frames: readonly Uint8Array[];
  wallMs: number;
  /** What it sends. */
  readonly forms: readonly string[];
  /** Where its own chain ends; null: not looked yet. */
  stand: Stand | null;
  /** What it added to its own chain: who did not hear one takes none after it. */
  readonly said: Uint8Array[];
  /** A frame of its own that follows none; null: not made yet. */
  severed: Uint8Array | null;
  /** One that holds a harmful update; null: not made yet. */
  harmful: Uint8Array | null;
  /** Of an invite whose token it holds; null: of none. */
  readonly inviteSeed: Uint8Array | null;
}

/** Its chain so far. */
interface Stand {
  readonly last: Frame;
  readonly lastHash: Uint8Array;
  readonly client: number;
  /** Its sub-document, encoded. */
  readonly document: Uint8Array;
}

type Form = (forger: Forger, stand: Stand, dice: Dice) => readonly Uint8Array[];

/** A few of the forms: who splits its chain at once is heard no more. */
export const drawForms = (dice: Dice): readonly string[] =>
  Array.from({ length: 1 + dice.integer(FORMS_MAX) }, () =>
    dice.pick(dice.chance(0.4) ? OWN_CHAIN_FORMS : Object.keys(FORMS)),
  );

/** What only a member can do, and what most depends on. */
const OWN_CHAIN_FORMS = [
  ...['equivocation', 'chain of nothing', 'harmful update', 'old generation'],
  ...['flood', 'takes back'],
];

/** Frames of one of its forms, drawn by chance; none when it has said nothing yet. */
export function forge(forger: Forger, dice: Dice): { name: string; frames: readonly Uint8Array[] } {
  const name = dice.pick(forger.forms);
  const stand = forger.stand ?? standAs(forger, forger.crypto.publicKey(forger.seed));
  const form = FORMS[name];
  if (stand === null || form === undefined) return { name, frames: [] };
  const frames = form(forger, stand, dice);
  const isHonest = HONEST_FORMS.has(name);
  forger.stand = isHonest ? advanced(forger, stand, frames) : stand;
  if (isHonest) forger.said.push(...frames.filter(({ length }) => length < SHORT_BYTES));
  return { name, frames };
}

/** Forms that everybody takes: they change nothing that is not the author's. */
const HONEST_FORMS: ReadonlySet<string> = new Set([
  'trust of a node',
  'facts of another',
  'ghost',
  'takes back',
  'flood',
]);
/** What is said again to those who did not hear it. Unit: bytes. */
const SHORT_BYTES = 8 * 1024;
/** Forms of one attacker. */
const FORMS_MAX = 6;
/** A flood: statements of a frame, which is nearly as long as frames may be. */
const FLOOD_STATEMENTS = 8;
const FLOOD_BYTES = 6_000;
/** Beyond this it says no more: one frame further is too much for a node. */
const FLOOD_BYTES_MOST = 64 * 1024;

/** Where its chain ends after such a frame. */
function advanced({ crypto }: Forger, stand: Stand, frames: readonly Uint8Array[]): Stand {
  const [bytes = new Uint8Array()] = frames;
  const read = readFrame(bytes);
  if (!read.ok) return stand;
  const document = openSubdocument(stand.client, stand.document);
  document.apply(read.frame.body);
  const encoded = document.encode();
  return { ...stand, last: read.frame, lastHash: crypto.sha256(bytes), document: encoded };
}

/** The end of anybody's chain. */
function standAs(
  { crypto, frames }: Pick<Forger, 'crypto' | 'frames'>,
  author: Uint8Array,
): Stand | null {
  const key = Buffer.from(author);
  const own = bootyIn(frames).filter(({ frame }) => key.equals(frame.author));
  const generation = Math.max(...own.map(({ frame }) => frame.generation));
  const chain = own
    .filter(({ frame }) => frame.generation === generation)
    .toSorted((a, b) => a.frame.sequence - b.frame.sequence);
  const last = chain.at(-1);
  if (last === undefined) return null;
  const client = clientIdOf(crypto, last.frame.author, generation);
  const document = openSubdocument(client, null);
  for (const { frame } of chain) document.apply(frame.body);
  const lastHash = crypto.sha256(last.bytes);
  return { last: last.frame, lastHash, client, document: document.encode() };
}

/** What is said at one path. */
interface Said {
  readonly path: string;
  readonly value: Value;
  readonly hlc: Hlc;
}

const bodyOf = ({ client, document }: Stand, all: readonly Said[]): Uint8Array =>
  openPen(client, document).write(
    [],
    all.map((said) => encodeStatement({ kind: 'entry', entry: { ...said, replaces: null } })),
  );

/** The next frame in its chain, or what `lie` makes of it. */
function next(
  { crypto, seed, meshId }: Forger,
  { last, lastHash }: Stand,
  body: Uint8Array,
  lie: Partial<FrameContent> = {},
): Uint8Array {
  return makeFrame(crypto, seed, {
    mesh: bytesOfId(meshId),
    author: last.author,
    generation: last.generation,
    sequence: last.sequence + 1,
    previous: lastHash,
    body,
    ...lie,
  });
}

const version = ({ wallMs }: Forger, text: string, aheadMs = 0): Said => ({
  path: 'member/version',
  value: { version: text, commit: 'forged' },
  hlc: [wallMs + aheadMs, 0],
});

const DAY_MS = 86_400_000;

const FORMS: Readonly<Record<string, Form>> = {
  replay: ({ frames }, _, dice) => [dice.pick(frames), dice.pick(frames)],
  'old generation': ({ frames }, _, dice) => {
    const old = replacedIn(frames);
    return old.length === 0 ? [] : Array.from({ length: 3 }, () => dice.pick(old));
  },
  flood: (forger, stand, dice) => {
    if (stand.document.length > FLOOD_BYTES_MOST) return [];
    const all = Array.from({ length: FLOOD_STATEMENTS }, (_, n): Said => {
      const path = `member/flood-${dice.integer(1_000)}`;
      return { path, value: { more: new Uint8Array(FLOOD_BYTES) }, hlc: [forger.wallMs, n] };
    });
    return [next(forger, stand, bodyOf(stand, all))];
  },
  equivocation: (forger, stand) =>
    ['a', 'b'].map((text) => next(forger, stand, bodyOf(stand, [version(forger, text)]))),
  'far future': (forger, stand, dice) => [
    next(forger, stand, bodyOf(stand, [version(forger, 'f', dice.pick([30_000, DAY_MS]))])),
  ],
  'trust of a node': (forger, stand) => {
    const hlc: Hlc = [forger.wallMs, 0];
    const { victim } = forger;
    const body = bodyOf(stand, [
      { path: `trust/evict/${victim}`, value: { reason: 'forged' }, hlc },
      { path: `trust/name/${victim}`, value: { name: 'forged' }, hlc },
      { path: 'intent/vpn/mtu', value: { bytes: 500 }, hlc },
    ]);
    return [next(forger, stand, body)];
  },
  'facts of another': (forger, stand) => [
    next(
      forger,
      stand,
      bodyOf(stand, [
        { path: `member/left/${forger.victim}`, value: { left: true }, hlc: [forger.wallMs, 0] },
      ]),
    ),
  ],
  'another author': (forger, stand) => [
    next(forger, stand, bodyOf(stand, [version(forger, 'x')]), {
      author: bytesOfId(forger.victim as MeshId),
    }),
  ],
  'another mesh': (forger, stand, dice) => [
    next(forger, stand, bodyOf(stand, [version(forger, 'm')]), { mesh: dice.bytes(32) }),
  ],
  rollback: (forger, stand) => [
    next(forger, stand, bodyOf(stand, [version(forger, 'r')]), {
      generation: stand.last.generation + 1,
      sequence: 0,
      previous: [stand.last.generation, 0, stand.lastHash],
    }),
  ],
  oversized: (forger, stand, dice) => {
    const value = { version: 'o', commit: 'o', more: dice.bytes(7_000) };
    const all = Array.from({ length: 12 }, (_, n): Said => {
      return { path: `member/${n}`, value, hlc: [forger.wallMs, n] };
    });
    return [next(forger, stand, bodyOf(stand, all))];
  },
  'in the name of another': (forger, stand) => {
    const theirs = standAs(forger, bytesOfId(forger.victim as MeshId)) ?? stand;
    return [next(forger, theirs, bodyOf(theirs, [version(forger, 'n')]))];
  },
  'chain of nothing': (forger, stand, dice) => {
    // Two of them would be a fork, of which all after the place where it begins is dropped.
    const lie = { previous: dice.bytes(32) };
    forger.severed ??= next(forger, stand, bodyOf(stand, [version(forger, 'c')]), lie);
    return [forger.severed];
  },
  ghost: (forger, stand, dice) => {
    const { crypto, inviteSeed, wallMs } = forger;
    if (inviteSeed === null) return [];
    const memberSeed = dice.bytes(32);
    const ipv4 = `10.10.${1 + dice.integer(250)}.${1 + dice.integer(250)}`;
    const name = `ghost-${dice.integer(1_000_000)}`;
    const wgKey = dice.bytes(32);
    const keys = { mesh: forger.meshId, memberSeed, inviteSeed, wgKey };
    const value = {
      ...makeJoinRequest(crypto, { ...keys, name, ipv4 }),
      labels: {},
      invite: inviteIdOf(crypto.publicKey(inviteSeed)),
      hlc: [wallMs, 0],
    };
    const path = `trust/admission/${memberIdOf(crypto.publicKey(memberSeed))}`;
    return [next(forger, stand, bodyOf(stand, [{ path, value, hlc: [wallMs, 0] }]))];
  },
  'takes back': (forger, stand) => {
    const { crypto, seed, frames, wallMs } = forger;
    const paths = admissionsOf(crypto, frames, memberIdOf(crypto.publicKey(seed)));
    if (paths.length === 0) return [];
    const all = paths.map((path, n): Said => ({ path, value: null, hlc: [wallMs, n] }));
    return [next(forger, stand, bodyOf(stand, all))];
  },
  'harmful update': (forger, stand, dice) => {
    const clock = openSubdocument(stand.client, stand.document).known().clock;
    const target = { client: stand.client, clock, other: (stand.client + 1) % 2 ** 32 };
    // Two of them would be a fork, as above. Of a later encoding there is the most to fear.
    const name = dice.chance(0.3) ? 'version 2' : dice.pick(Object.keys(HARMFUL));
    forger.harmful ??= next(forger, stand, HARMFUL[name]?.(target) ?? new Uint8Array());
    return [forger.harmful];
  },
  noise: ({ frames }, _, dice) => {
    const bytes = dice.pick(frames).slice();
    for (let n = 1 + dice.integer(4); n > 0; n -= 1)
      bytes[dice.integer(bytes.length)] = dice.integer(256);
    return [bytes, dice.bytes(dice.integer(200))];
  },
  'Yjs of another': (forger, stand) => {
    const other = { ...stand, client: (stand.client + 1) % 2 ** 32 };
    return [next(forger, stand, bodyOf(other, [version(forger, 'y')]))];
  },
};

/**
 * Rule: mutants — frames that a hostile member, or one without membership, might send, drawn by
 * chance.
 *
 * The interesting ones are signed: what is broken below a good signature reaches the chain, the
 * gate, Yjs, the statements and the projection.
 */
import type { Dice } from '../sim/random.ts';
import { encode } from '../src/crdt/codec.ts';
import type { Value } from '../src/crdt/entry.ts';
import type { Frame, FrameContent } from '../src/crdt/frame.ts';
import { clientIdOf } from '../src/crdt/gate.ts';
import { bytesOfId } from '../src/crdt/ids.ts';
import { openPen, openSubdocument } from '../src/crdt/subdocument.ts';
import { contentOf, crypto, type History, idOf, NOW_MS, type Party, signedBy } from './mesh.ts';

/** A mutant: its bytes, how it was made, and whether the attacker's own signature is on it. */
export interface Mutant {
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly isSigned: boolean;
}

/** What mutants are made of. */
interface Nest {
  readonly history: History;
  readonly last: Frame;
  readonly lastHash: Uint8Array;
  /** The attacker's sub-document, encoded. */
  readonly document: Uint8Array;
  readonly client: number;
}

/** Longest run of bytes that one change writes or cuts. */
const RUN_BYTES_MAX = 24;
/** Numbers at which encodings and counters have their edges. */
const EDGES = [0, 1, 2, 127, 128, 255, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 48, 2 ** 53 - 1];

/** Opens the source of mutants for a history. */
export const openMutants = (history: History): ((dice: Dice) => Mutant) => {
  const nest = openNest(history);
  return (dice) => dice.pick(MAKERS)(nest, dice);
};

const openNest = (history: History): Nest => {
  const bytes = history.attacker.at(-1) ?? new Uint8Array();
  const last = contentOf(bytes);
  const client = clientIdOf(crypto, last.author, last.generation);
  const document = openSubdocument(client, null);
  for (const frame of history.attacker) document.apply(contentOf(frame).body);
  const lastHash = crypto.sha256(bytes);
  return { history, last, lastHash, document: document.encode(), client };
};

type Maker = (nest: Nest, dice: Dice) => Mutant;

/** A frame that would be the attacker's next, with this body. */
const nextContent = ({ last, lastHash }: Nest, body: Uint8Array): FrameContent => ({
  ...unsigned(last),
  sequence: last.sequence + 1,
  previous: lastHash,
  body,
});

const unsigned = ({ mesh, author, generation, sequence, previous, body }: Frame): FrameContent => ({
  mesh,
  author,
  generation,
  sequence,
  previous,
  body,
});

/** Bytes of somebody's honest frame, changed. */
const changedFrame: Maker = ({ history }, dice) => {
  const honest = dice.pick([...history.others, ...history.attacker]);
  return { kind: 'changed frame', bytes: changed(honest, dice), isSigned: false };
};

const noise: Maker = (_, dice) => ({
  kind: 'noise',
  bytes: dice.bytes(dice.integer(300)),
  isSigned: false,
});

/** The body of the next frame, changed below the signature. */
const changedBody: Maker = (nest, dice) => {
  const body = changed(honestBody(nest, dice), dice);
  return signed('changed body', 'attacker', nextContent(nest, body));
};

/** An honest Yjs update whose statements are broken or forbidden. */
const changedStatement: Maker = (nest, dice) => {
  const count = 1 + dice.integer(3);
  const statements = Array.from({ length: count }, () => statement(dice));
  const body = openPen(nest.client, nest.document).write([], statements);
  return signed('statement', 'attacker', nextContent(nest, body));
};

/** A frame that lies of its place, its author or its mesh. */
const changedPlace: Maker = (nest, dice) => {
  const content = nextContent(nest, honestBody(nest, dice));
  const other = contentOf(dice.pick([...nest.history.others, ...nest.history.attacker]));
  const lies: readonly Partial<FrameContent>[] = [
    { sequence: dice.pick(EDGES) },
    { generation: dice.pick(EDGES) },
    {
      generation: content.generation + 1,
      sequence: 0,
      previous: [0, dice.pick(EDGES), other.mesh],
    },
    { generation: content.generation + 1, sequence: 0 },
    { previous: null },
    { previous: other.previous },
    { author: other.author },
    { mesh: dice.bytes(32) },
    { ...unsigned(other), author: content.author },
    { sequence: other.sequence, previous: other.previous },
  ];
  const lie = { ...content, ...dice.pick(lies), ...(dice.chance(0.3) ? dice.pick(lies) : {}) };
  return signed('changed place', 'attacker', lie);
};

/** Frames of one that is no member. */
const stranger: Maker = (nest, dice) => {
  const body = openPen(1, null).write([], [statement(dice)]);
  const author = Uint8Array.from(crypto.publicKey(dice.bytes(32)));
  const content = { ...unsigned(nest.last), sequence: 0, previous: null, body };
  if (dice.chance(0.3)) {
    const own = { ...content, author: bytesOfId(idOf('outsider')) };
    return signed('outsider itself', 'outsider', own);
  }
  return signed('stranger', 'outsider', dice.chance(0.5) ? content : { ...content, author });
};

/** What was said before, once more. */
const replay: Maker = ({ history }, dice) => ({
  kind: 'replay',
  bytes: dice.pick([...history.others, ...history.attacker]),
  isSigned: false,
});

const MAKERS: readonly Maker[] = [
  changedFrame,
  changedBody,
  changedBody,
  changedStatement,
  changedStatement,
  changedPlace,
  stranger,
  replay,
  noise,
];

const signed = (kind: string, party: Party, content: FrameContent): Mutant => ({
  kind,
  bytes: signedBy(party, content),
  isSigned: party === 'attacker',
});

const honestBody = ({ client, document }: Nest, dice: Dice): Uint8Array => {
  const deletions = dice.chance(0.5) ? [0] : [];
  const additions = dice.chance(0.8) ? [statement(dice), statement(dice)] : [];
  return openPen(client, document).write(deletions, additions);
};

const AREAS = ['member', 'status', 'trust', 'intent', 'core', 'x', '__proto__', 'constructor'];
const NOUNS = ['version', 'evict', 'role', 'admission', 'adopt', 'invite', 'name', 'label', 'root'];

const statement = (dice: Dice): Uint8Array => {
  const who = dice.pick([idOf('founder'), idOf('victim'), idOf('attacker'), '0', 'mtu']);
  const path = [dice.pick(AREAS), dice.pick(NOUNS), who].slice(0, 1 + dice.integer(3)).join('/');
  const hlc = [dice.pick([NOW_MS, NOW_MS + 60_000, ...EDGES]), dice.pick(EDGES)];
  const replaces = dice.chance(0.5) ? null : dice.bytes(dice.pick([0, 31, 32, 33]));
  const record = dice.chance(0.8)
    ? { path, value: value(dice, 0), hlc, replaces }
    : { tombstone: dice.bytes(32), hlc };
  const bytes = encode(record);
  return dice.chance(0.4) ? changed(bytes, dice) : bytes;
};

const value = (dice: Dice, depth: number): Value => {
  const leaves: readonly Value[] = [
    null,
    true,
    0,
    -1,
    2 ** 53 - 1,
    '',
    'a',
    '\u202e',
    dice.bytes(32),
  ];
  if (depth > 4 || dice.chance(0.5)) return dice.pick(leaves);
  const parts = Array.from({ length: dice.integer(4) }, () => value(dice, depth + 1));
  if (dice.chance(0.5)) return parts;
  const keys = ['number', 'name', 'ipv4', 'labels', 'reason', 'member', 'uses', 'v', 'toString'];
  return Object.fromEntries(parts.map((part) => [dice.pick(keys), part]));
};

/** One to four changes: a byte, a run out, a run in, a run said twice, an end cut off. */
const changed = (bytes: Uint8Array, dice: Dice): Uint8Array => {
  let mutant = [...bytes];
  for (let changes = 1 + dice.integer(4); changes > 0; changes -= 1) {
    const at = dice.integer(mutant.length + 1);
    const run = 1 + dice.integer(RUN_BYTES_MAX);
    const before = mutant.slice(0, at);
    const after = mutant.slice(at);
    const ways = [
      () => [...before, dice.integer(256), ...after.slice(1)],
      () => [...before, ...after.slice(run)],
      () => [...before, ...dice.bytes(run), ...after],
      () => [...before, ...after.slice(0, run), ...after],
      () => before,
    ];
    mutant = dice.pick(ways)();
  }
  return Uint8Array.from(mutant);
};

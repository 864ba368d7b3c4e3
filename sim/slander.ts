/**
 * Edge: slander — lies about who is alive and who has the core role: forged, replayed, reordered.
 *
 * The liar answers when it is asked, so that it goes on being heard.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import {
  type Claim,
  CORE_BYTES_MAX,
  decodeClaim,
  decodeQuestion,
  encodeClaim,
  encodeClaimAnswer,
  encodePass,
} from '../src/node/rules/core-message.ts';
import type { Pass } from '../src/node/rules/election.ts';
import {
  abbreviate,
  decodeSwim,
  encodeSwim,
  type Rumour,
  type SwimMessage,
} from '../src/node/rules/swim-message.ts';
import { LIFE } from '../src/node/rules/swim-sighting.ts';
import type { SwarmNode } from '../src/ports.ts';
import type { Dice } from './random.ts';

const CHANNEL = 'liveness';
const BYTES_MAX = 65_535;
const WAIT_MS = 2_000;
/** Messages of others that it keeps. */
const RECORDED_MAX = 500;
/** Counts that it claims: old, likely and absurd ones. */
const COUNTS = [0, 1, 2, 3, LIFE, 2 * LIFE, 2 ** 47] as const;

/** Begins to listen; each call of what it gives lies to everybody once, about these. */
export function openSlander(
  node: SwarmNode,
  dice: Dice,
  about: () => readonly MemberId[],
  onAsked: () => void = () => undefined,
): () => void {
  const recorded: Uint8Array[] = [];
  node.receive(CHANNEL, BYTES_MAX, (from, message) => {
    if (recorded.length < RECORDED_MAX) recorded.push(message);
    const read = decodeSwim(message);
    if (read?.act !== 'ping') return;
    const { sequence } = read;
    node.send(from, CHANNEL, encodeSwim({ act: 'ack', sequence, signature: null, rumours: [] }));
  });
  answerOfCore(node, dice, onAsked);
  return () => {
    for (const { peer } of node.connections()) {
      node.send(peer, CHANNEL, drawLie(dice, about(), recorded));
      const role = dice.chance(0.5) ? encodeClaim(drawClaim(dice)) : encodePass(drawPass(dice));
      node.request(peer, 'core', role, WAIT_MS).catch(() => undefined);
    }
  };
}

/**
 * Takes what it is told of the role; hands on what nobody said, of this turn too, what is garbled,
 * and what was said in other turns.
 */
function answerOfCore(node: SwarmNode, dice: Dice, onAsked: () => void): void {
  const told: Uint8Array[] = [];
  const options = { bytesMax: CORE_BYTES_MAX, inviteMayUse: false };
  node.handle('core', options, async (_, message) => {
    const isAsked = decodeQuestion(message) !== null;
    if (isAsked) onAsked();
    if (!isAsked && told.length < RECORDED_MAX) told.push(message);
    const said = isAsked ? [drawHearsay(dice, told), drawHearsay(dice, told)] : [];
    return encodeClaimAnswer({ isTaken: !isAsked, isElected: true, highest: null, said });
  });
}

function drawHearsay(dice: Dice, told: readonly Uint8Array[]): Uint8Array {
  const last = decodeClaim(told.at(-1) ?? new Uint8Array()) ?? drawClaim(dice);
  const { epoch, n } = last.term;
  return dice.pick([
    encodeClaim(drawClaim(dice)),
    encodePass(drawPass(dice)),
    encodeClaim({ ...last, term: { epoch, n: n + 1 } }),
    encodePass({ epoch, why: 'unable' }),
    ...told.slice(0, -1),
    ...told.map((message) => garbled(message, dice)),
  ]);
}

/** The message with one byte changed: of a signed one, mostly of its signature. */
function garbled(message: Uint8Array, dice: Dice): Uint8Array {
  const copy = Uint8Array.from(message);
  copy[dice.integer(copy.length)] = dice.integer(256);
  return copy;
}

const drawPass = (dice: Dice): Pass => ({
  epoch: dice.pick(COUNTS),
  why: dice.pick(['unable', 'wrong clock'] as const),
});

function drawLie(
  dice: Dice,
  about: readonly MemberId[],
  recorded: readonly Uint8Array[],
): Uint8Array {
  if (recorded.length > 0 && dice.chance(0.3)) {
    const message = dice.pick(recorded);
    return dice.chance(0.2) ? message.toReversed() : message;
  }
  const sequence = dice.pick(COUNTS);
  const signature = dice.bytes(64);
  const rumours = about.map((member) => drawRumour(dice, member));
  const said: SwimMessage = dice.pick([
    { act: 'news', rumours },
    { act: 'nack', sequence, rumours },
    { act: 'ack', sequence, signature, rumours },
  ]);
  return encodeSwim(said);
}

function drawRumour(dice: Dice, member: MemberId): Rumour {
  const [name, incarnation] = [abbreviate(member), dice.pick(COUNTS)];
  const kind = dice.pick(['alive', 'hearsay', 'suspect', 'dead', 'dead'] as const);
  return kind === 'alive'
    ? { kind, about: name, incarnation, signature: dice.bytes(64) }
    : { kind, about: name, incarnation };
}

const drawClaim = (dice: Dice): Claim => ({
  term: { epoch: dice.pick(COUNTS), n: dice.pick(COUNTS) },
  sinceMs: 1,
});

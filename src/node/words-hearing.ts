/**
 * Loop: words hearing — what becomes of what a neighbour sent.
 *
 * 1. What is known is not looked at twice; what is new is checked before it counts for anything, so
 *    nobody can use up what another author has.
 * 2. Who sends what is bad for everybody, or more than it may, is to blame; who passes on what its
 *    author says too often is not.
 * 3. Whoever asks is answered so much, and no more: a question is short, and its answer may hold
 *    all words of the mesh.
 */
import type { PeerKey } from '../crdt/ids.ts';
import { decodeWords, isLater, type Word, type WordsMessage } from './rules/word-message.ts';
import { blame, compare, type Desk, give, isMember, later, spread } from './words-desk.ts';

/** Hears what a neighbour sent. */
export function hear(desk: Desk, from: PeerKey, bytes: Uint8Array): void {
  const { ports, mutes, heard } = desk;
  const nowMs = ports.clock.monotonicMs();
  if (mutes.isMuted(from, nowMs)) return;
  const message = heard.hasLeft(from, nowMs) ? decodeWords(bytes) : null;
  heard.spend(from, bytes.length, nowMs);
  if (message === 'other-version') return;
  if (message === null) blame(desk, from, nowMs);
  else if (message.kind === 'heads') answer(desk, from, message, nowMs);
  else take(desk, from, message, nowMs);
}

/** What an answer counts for at least, for the work to find it. Unit: bytes. */
const ANSWER_BYTES_MIN = 4_096;

/** Gives a peer what it lacks, and asks for what is lacking here. */
function answer(
  desk: Desk,
  from: PeerKey,
  { heads, isAnswer }: WordsMessage & { readonly kind: 'heads' },
  nowMs: number,
): void {
  const { shelf, answered } = desk;
  if (!answered.hasLeft(from, nowMs)) {
    later(desk, from);
    return;
  }
  const given = give(desk, from, shelf.lackedBy(heads));
  const isAsking = !isAnswer && heads.some((head) => shelf.isNew(head));
  const asked = isAsking ? compare(desk, from, true) : 0;
  answered.spend(from, Math.max(ANSWER_BYTES_MIN, given + asked), nowMs);
}

function take(
  desk: Desk,
  from: PeerKey,
  { words, hasMore }: WordsMessage & { readonly kind: 'words' },
  nowMs: number,
): void {
  const { shelf, signer, taken, listeners, context } = desk;
  const news: Word[] = [];
  for (const word of words) {
    if (word.author === context.self) {
      hearOwn(desk, from, word);
      continue;
    }
    if (!shelf.isNew(word)) continue;
    if (!isMember(desk, word.author)) {
      desk.owed.add(from);
      continue;
    }
    if (!taken.hasLeft(word.author, nowMs)) {
      if (word.author === from) blame(desk, from, nowMs);
      else later(desk, from);
      continue;
    }
    if (!signer.isSaid(word)) {
      blame(desk, from, nowMs);
      break;
    }
    taken.spend(word.author, 1, nowMs);
    shelf.put(word);
    news.push(word);
  }
  spread(desk, news, from);
  if (hasMore && news.length > 0) compare(desk, from, true);
  if (news.length === 0) return;
  desk.wake.mark();
  for (const tell of [...listeners]) tell();
}

/** Of this member itself: an earlier life of it, or another holder of its key, said so. */
function hearOwn(desk: Desk, from: PeerKey, word: Word): void {
  const { ports, signer, shelf, context, pending, wake } = desk;
  const isUnsaid = shelf.get(context.self, word.service) === null;
  const isAhead = isLater(word, desk.place);
  if (!isUnsaid && !isAhead) return;
  if (!signer.isSaid(word)) {
    blame(desk, from, ports.clock.monotonicMs());
    return;
  }
  if (isAhead) desk.place = { life: word.life, sequence: word.sequence };
  pending.add(word.service);
  wake.mark();
}

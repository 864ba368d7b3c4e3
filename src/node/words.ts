/**
 * Loop: words — carries what services of members say of what changes by itself, as health does: in
 * memory only, the newest of each.
 *
 * 1. A word that is new here goes on to everybody who is connected, once: so it reaches all in a
 *    mesh where not everybody is connected with everybody.
 * 2. What was lost is made good: members compare what they hold when they connect, and within every
 *    30 s with one drawn at random. In a mesh where nobody says anything nothing is sent, and no
 *    clock runs.
 * 3. Only a member's own signature says anything; of those who are none, nothing is kept.
 * 4. What one author says is taken so often, and no more; what is left out comes by a later
 *    comparison. Who sends what is bad for everybody, or too much, is muted for a while.
 * 5. Of what a member said in an earlier life of its daemon only that holds which it says again: it
 *    takes the rest back as it hears of it, and speaks on after it, whatever clocks say.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { SwarmNode, Unsubscribe } from '../ports.ts';
import { bytesOfText, WORD_BYTES_MAX, WORDS_BYTES_MAX, type Word } from './rules/word-message.ts';
import {
  compare,
  type Desk,
  isMember,
  later,
  openDesk,
  spread,
  WORDS_CHANNEL,
  type WordContext,
  type WordPorts,
} from './words-desk.ts';
import { hear } from './words-hearing.ts';

/** Time between two comparisons. Unit: ms. As that of frames (`sync-rounds.ts`). */
const ROUND_MS = 30_000;
/** Time between two looks when there is nothing to do. Unit: ms. */
const IDLE_MS = 600_000;
/** Time until what was said too much may be said. Unit: ms. */
const PAUSE_MS = 1_000;

/** The running loop, as others use it. */
export interface Words {
  /** Says this of a service, in place of what was said before; empty: nothing any more. */
  say(service: string, text: string): void;
  /** What others say of a service. */
  of(service: string): ReadonlyMap<MemberId, string>;
  /** Called after another member said something else. */
  onChange(listener: () => void): Unsubscribe;
  /** The view is another one: who was none may be a member now. */
  noteView(): void;
  run(swarm: SwarmNode, signal: AbortSignal): Promise<void>;
}

/** Makes the loop; it does nothing until `run`. */
export function createWords(ports: WordPorts, context: WordContext): Words {
  const desk = openDesk(ports, context);
  return {
    say: (service, text) => {
      if (bytesOfText(text) > WORD_BYTES_MAX) throw new RangeError(`${service}: too long a word`);
      if ((desk.spoken.get(service) ?? '') === text) return;
      desk.spoken.set(service, text);
      desk.pending.add(service);
      desk.wake.mark();
    },
    of: (service) => {
      const { self, view } = context;
      const said = view().members.flatMap(({ id, hasLeft }) => {
        const text = hasLeft || id === self ? '' : (desk.shelf.get(id, service)?.text ?? '');
        return text === '' ? [] : [[id, text] as const];
      });
      return new Map(said);
    },
    onChange: (listener) => {
      const entry = (): void => listener();
      desk.listeners.add(entry);
      return () => void desk.listeners.delete(entry);
    },
    noteView: () => {
      for (const peer of desk.owed) later(desk, peer);
      desk.owed.clear();
    },
    run: (swarm, signal) => run(desk, swarm, signal),
  };
}

async function run(desk: Desk, swarm: SwarmNode, signal: AbortSignal): Promise<void> {
  const { ports, shelf, wake, behind } = desk;
  desk.swarm = swarm;
  const ends = [
    swarm.receive(WORDS_CHANNEL, WORDS_BYTES_MAX, (from, bytes) => hear(desk, from, bytes)),
    swarm.onConnectionChange(() => greet(desk, swarm)),
  ];
  greet(desk, swarm);
  let roundMs: number | null = null;
  while (!signal.aborted) {
    const nowMs = ports.clock.monotonicMs();
    const waitMs = speak(desk, nowMs);
    if (shelf.isSilent()) roundMs = null;
    else roundMs ??= nowMs + ROUND_MS * ports.random.fraction();
    if (roundMs !== null && nowMs >= roundMs) {
      roundMs = nowMs + ROUND_MS;
      round(desk, swarm);
    }
    for (const [peer, dueMs] of [...behind]) if (nowMs >= dueMs) compare(desk, peer, false);
    const dueMs = Math.min(roundMs ?? Number.POSITIVE_INFINITY, ...behind.values());
    await wake.wait(Math.min(IDLE_MS, waitMs, Math.max(1, dueMs - nowMs)), signal);
  }
  for (const end of ends) end();
  desk.swarm = null;
}

/** Says what is to be said, as often as that may be; how long until the rest may be, ms. */
function speak(desk: Desk, nowMs: number): number {
  const { pending, spoken, said, signer, shelf } = desk;
  const words: Word[] = [];
  for (const service of pending) {
    if (!said.hasLeft('', nowMs)) break;
    said.spend('', 1, nowMs);
    pending.delete(service);
    desk.place = { ...desk.place, sequence: desk.place.sequence + 1 };
    const word = signer.say(service, desk.place, spoken.get(service) ?? '');
    shelf.put(word);
    words.push(word);
  }
  spread(desk, words, null);
  return pending.size === 0 ? IDLE_MS : PAUSE_MS;
}

/** Compares with whoever is newly connected, where there is anything to compare. */
function greet(desk: Desk, swarm: SwarmNode): void {
  const now = new Set(swarm.connections().map(({ peer }) => peer));
  for (const peer of desk.linked) {
    if (now.has(peer)) continue;
    desk.linked.delete(peer);
    desk.behind.delete(peer);
    desk.owed.delete(peer);
  }
  for (const peer of now) {
    if (desk.linked.has(peer)) continue;
    desk.linked.add(peer);
    if (desk.shelf.all().length === 0) continue;
    if (isMember(desk, peer)) compare(desk, peer, false);
    else desk.owed.add(peer);
  }
}

function round(desk: Desk, swarm: SwarmNode): void {
  const { ports, shelf, context } = desk;
  const members = new Set<PeerKey>(context.view().members.map(({ id }) => id));
  shelf.keep((author) => members.has(author));
  const peers = swarm.connections().filter(({ peer }) => isMember(desk, peer));
  const drawn = peers[Math.floor(ports.random.fraction() * peers.length)];
  if (drawn !== undefined) compare(desk, drawn.peer, false);
}

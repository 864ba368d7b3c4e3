/**
 * Rule: lateness — how long members that are connected go on holding different views (I9).
 *
 * Counted from the moment at which there is a way of connections from each to each, and nobody is
 * in doubt about its own words: it says nothing then, and waits for others.
 */
import { whyDiffer } from './invariant-views.ts';
import type { Machine } from './machine.ts';
import type { Hall, Party } from './party.ts';
import type { Room } from './room.ts';

/** Longest time until all hold the same. Unit: virtual ms. I9. */
const EQUAL_MS = 30_000;

/** Looks at members when all trouble is over, often; throws when they are late. */
export function openLateness({ scheduler, hall }: Room): (members: readonly Machine[]) => void {
  let sinceMs = scheduler.nowMs();
  return (members) => {
    const nowMs = scheduler.nowMs();
    const why = isSettled(hall, members) ? firstDifference(members) : null;
    if (why === null) sinceMs = nowMs;
    if (nowMs - sinceMs <= EQUAL_MS) return;
    throw new Error(`I9 late: connected for ${EQUAL_MS} ms, and hold different ${why}`);
  };
}

function isSettled(hall: Hall, members: readonly Machine[]): boolean {
  const nodes = members.flatMap(({ node }) => node ?? []);
  const isDoubted = nodes.some(({ replica }) => replica.isInDoubt() || replica.isElsewhere());
  if (nodes.length < members.length || isDoubted) return false;
  const parties = new Map<string, Party>();
  for (const party of hall.listeners.values()) parties.set(party.self, party);
  const reached = new Set(nodes.slice(0, 1).map(({ self }) => self as string));
  // A set iterates over what is added meanwhile.
  for (const self of reached) {
    for (const { peer, standing } of parties.get(self)?.ends ?? []) {
      if (standing === 'member' && parties.has(peer)) reached.add(peer);
    }
  }
  return nodes.every(({ self }) => reached.has(self));
}

function firstDifference(members: readonly Machine[]): string | null {
  const [first, ...others] = members.flatMap(({ node }) => node?.replica.view() ?? []);
  if (first === undefined) return null;
  for (const view of others) {
    const why = whyDiffer(first, view);
    if (why !== null) return why;
  }
  return null;
}

/**
 * Rule: swim rumours — news on its way: what is to be told to whom, and what fits.
 *
 * 1. Of a member only the last news is told.
 * 2. Nobody is told twice, nor who told it. A message may be lost, by a full queue or with its
 *    stream: where each passes on to all its neighbours, other ways are left.
 * 3. What few have been told goes first; told often enough for all to have it, it is dropped. What
 *    was lost counts: one who takes nothing keeps no news from its end.
 * 4. It takes no more room than it is given: a mass death is told in turns.
 */
import type { MemberId } from '../../crdt/ids.ts';
import { type Abbreviation, type Rumour, rumourBytes } from './swim-message.ts';

/** How often news is told, for each power of ten of members. memberlist: RetransmitMult. */
const TELLINGS = 4;
/** And at least: each neighbour of the largest degree, for a first-hand doubt is a voice. */
const TELLINGS_LEAST = 12;
/** Members of whom news waits. Beyond it the oldest is dropped; members find out themselves. */
const WAITING_MAX = 2_048;

/** News on its way. */
export interface Rumours {
  /**
   * Tells it, in the place of what was told of that member before. `isRefutation`: it ends a doubt,
   * and has to be where that is, before all look for themselves.
   */
  put(rumour: Rumour, isRefutation?: boolean): void;
  /** Notes what a member has told, which it need not be told. */
  note(from: MemberId, rumour: Rumour): void;
  /** Tells nothing more of a member, unless it is that member's own word. */
  drop(about: Abbreviation): void;
  /** What goes into one message; its receiver counts as told. */
  take(to: MemberId, bytesMax: number, members: number): readonly Rumour[];
  /** Whether there is news that should not wait for a message to ride on: a doubt, or its end. */
  isUrgent(): boolean;
  /** Whether there is such news that this member has not been told. */
  isUrgentFor(member: MemberId): boolean;
  /** Takes back that this member was told anything; what it has told itself it knows. */
  untell(member: MemberId): void;
  /** Drops what all of these have been told: they tell the others. */
  settle(audience: readonly MemberId[]): void;
}

interface Waiting {
  readonly rumour: Rumour;
  readonly isUrgent: boolean;
  readonly toldTo: Set<MemberId>;
  readonly toldBy: Set<MemberId>;
  /** How often it was told, or heard, lost or not. */
  tellings: number;
}

const untold = (rumour: Rumour, isUrgent: boolean): Waiting => ({
  ...{ rumour, isUrgent },
  ...{ toldTo: new Set(), toldBy: new Set(), tellings: 0 },
});

const isKnownTo = ({ toldTo, toldBy }: Waiting, member: MemberId): boolean =>
  toldTo.has(member) || toldBy.has(member);

function hearFrom(one: Waiting, from: MemberId): void {
  if (!isKnownTo(one, from)) one.tellings += 1;
  one.toldBy.add(from);
}

/** No rumour waits to be told. */
export function createRumours(): Rumours {
  const waiting = new Map<Abbreviation, Waiting>();
  const drop = (about: Abbreviation): void => void waiting.delete(about);
  return {
    isUrgent: () => [...waiting.values()].some(({ isUrgent }) => isUrgent),
    isUrgentFor: (member) =>
      [...waiting.values()].some((one) => one.isUrgent && !isKnownTo(one, member)),
    put: (rumour, isRefutation = false) => {
      drop(rumour.about);
      const isUrgent = isRefutation || rumour.kind !== 'alive';
      waiting.set(rumour.about, untold(rumour, isUrgent));
      if (waiting.size <= WAITING_MAX) return;
      const [oldest] = waiting.keys();
      if (oldest !== undefined) drop(oldest);
    },
    note: (from, rumour) => {
      const one = waiting.get(rumour.about);
      if (one !== undefined && isKnownBy(one.rumour, rumour)) hearFrom(one, from);
    },
    drop: (about) => {
      if (waiting.get(about)?.rumour.kind !== 'alive') drop(about);
    },
    take: (to, bytesMax, members) => {
      const limit = Math.max(TELLINGS_LEAST, TELLINGS * Math.ceil(Math.log10(members + 1)));
      const taken: Rumour[] = [];
      let leftBytes = bytesMax;
      const fresh = [...waiting.values()].filter((one) => !isKnownTo(one, to));
      for (const one of fresh.toSorted((a, b) => a.tellings - b.tellings)) {
        const bytes = rumourBytes(one.rumour);
        if (bytes > leftBytes) break;
        leftBytes -= bytes;
        taken.push(one.rumour);
        one.toldTo.add(to);
        one.tellings += 1;
        if (one.tellings >= limit) drop(one.rumour.about);
      }
      return taken;
    },
    untell: (member) => {
      for (const { toldTo } of waiting.values()) toldTo.delete(member);
    },
    settle: (audience) => {
      if (audience.length === 0) return;
      for (const one of [...waiting.values()]) {
        if (audience.every((member) => isKnownTo(one, member))) drop(one.rumour.about);
      }
    },
  };
}

/** Whether who told this has no use for ours. A first-hand doubt is a voice that all count. */
const isKnownBy = (ours: Rumour, told: Rumour): boolean =>
  (ours.kind === 'alive' ? told.kind === 'alive' : ours.kind === 'hearsay') &&
  told.incarnation >= ours.incarnation;

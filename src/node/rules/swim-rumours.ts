/**
 * Rule: swim rumours — news on its way: what is to be told, how often it was, and what fits.
 *
 * 1. Of a member only the last news is told.
 * 2. What was told least goes first; told often enough for all to have it, it is dropped.
 * 3. It takes no more room than it is given: a mass death is told in turns.
 */
import { type Abbreviation, type Rumour, rumourBytes } from './swim-message.ts';

/** How often news is told, for each power of ten of members. memberlist: RetransmitMult. */
const TELLINGS = 4;
/** Members of whom news waits. Beyond it the oldest is dropped; members find out themselves. */
const WAITING_MAX = 2_048;

/** News on its way. */
export interface Rumours {
  /**
   * Tells it, in the place of what was told of that member before. `isRefutation`: it ends a doubt,
   * and has to be where that is, before all look for themselves.
   */
  put(rumour: Rumour, isRefutation?: boolean): void;
  /** Tells nothing more of a member, unless it is that member's own word. */
  drop(about: Abbreviation): void;
  /** What goes into one message; counts as told once. */
  take(bytesMax: number, members: number): readonly Rumour[];
  /** Whether there is news that should not wait for a message to ride on: a doubt, or its end. */
  isUrgent(): boolean;
}

interface Waiting {
  readonly rumour: Rumour;
  readonly isUrgent: boolean;
  told: number;
}

/** No news. */
export function createRumours(): Rumours {
  const waiting = new Map<Abbreviation, Waiting>();
  return {
    isUrgent: () => [...waiting.values()].some(({ isUrgent }) => isUrgent),
    put: (rumour, isRefutation = false) => {
      waiting.delete(rumour.about);
      const isUrgent = isRefutation || rumour.kind !== 'alive';
      waiting.set(rumour.about, { rumour, isUrgent, told: 0 });
      if (waiting.size <= WAITING_MAX) return;
      const [oldest] = waiting.keys();
      if (oldest !== undefined) waiting.delete(oldest);
    },
    drop: (about) => {
      if (waiting.get(about)?.rumour.kind !== 'alive') waiting.delete(about);
    },
    take: (bytesMax, members) => {
      const limit = TELLINGS * Math.ceil(Math.log10(members + 1));
      const taken: Rumour[] = [];
      let leftBytes = bytesMax;
      for (const one of [...waiting.values()].toSorted((a, b) => a.told - b.told)) {
        const bytes = rumourBytes(one.rumour);
        if (bytes > leftBytes) break;
        leftBytes -= bytes;
        taken.push(one.rumour);
        one.told += 1;
        if (one.told >= limit) waiting.delete(one.rumour.about);
      }
      return taken;
    },
  };
}

/**
 * Loop: view ahead — where much is held, the view is made in pieces before anybody is told that it
 * may have changed: else the first loop that is woken makes it, in one turn.
 *
 * 1. Who is to be told is told once for all that was taken meanwhile, and not a turn later than the
 *    view is there; in a small mesh at once.
 */
import { openMeter } from '../crdt/meter.ts';
import type { Store } from '../crdt/store.ts';
import type { Ports } from '../ports.ts';
import { breathe } from './agent-look.ts';
import { inPieces } from './pieces.ts';

/** Authors of whom a view takes some ms to make, and statements of any. Unit of these: bytes. */
const AUTHORS_MANY = 100;
const BYTES_MANY = 1024 * 1024;

/** What there is to make a view of. */
export interface Ground extends Pick<Ports, 'clock'> {
  readonly store: Pick<Store, 'heads' | 'weight' | 'digestInPieces'>;
}

/** Whether it takes long to make one. */
export const isViewLarge = ({ store }: Ground): boolean =>
  store.heads().length >= AUTHORS_MANY || store.weight().bytes >= BYTES_MANY;

/** Makes the view in pieces, unless something is taken meanwhile. */
export const makeViewAhead = ({ clock, store }: Ground): Promise<void> =>
  inPieces(clock, store.digestInPieces(openMeter(clock.monotonicMs)));

/** Gives what tells that the view may have changed. */
export function openTeller(ground: Ground, tell: () => void): () => void {
  let [isAtWork, isAsked] = [false, false];
  const work = async (): Promise<void> => {
    isAtWork = true;
    try {
      while (isAsked) {
        isAsked = false;
        // What was taken just now was work enough for its turn.
        await breathe(ground.clock, true);
        await makeViewAhead(ground);
        tell();
      }
    } finally {
      isAtWork = false;
    }
  };
  return () => {
    if (!isAtWork && !isViewLarge(ground)) {
      tell();
      return;
    }
    isAsked = true;
    if (!isAtWork) void work();
  };
}

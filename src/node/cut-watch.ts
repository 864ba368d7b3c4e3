/**
 * Loop: cut watch — logs once that members cut this VM off, for so long that it may be no member,
 * and when that is over.
 */
import type { PeerKey } from '../crdt/ids.ts';
import type { Log } from '../ports.ts';
import { CUT_MS } from './rules/gated.ts';

/** Told of who cuts this VM off, and for how long already, ms. */
export type CutWatch = (cutBy: ReadonlyMap<PeerKey, number>) => void;

/** Nobody has so far. */
export function createCutWatch(log: Pick<Log, 'info' | 'warn'>): CutWatch {
  let isCut = false;
  return (cutBy) => {
    const by = [...cutBy].flatMap(([peer, forMs]) => (forMs >= CUT_MS ? [peer] : []));
    const wasCut = isCut;
    isCut = by.length > 0;
    if (isCut && !wasCut) log.warn('cut-off', { by });
    if (wasCut && !isCut) log.info('cut-off-over');
  };
}

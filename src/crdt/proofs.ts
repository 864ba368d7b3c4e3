/**
 * Rule: proofs — of two frames for one place only the first is judged by what it says, and the
 * other is a proof whatever it says: also where the two came together, in any order.
 */
import type { ReceivedFrame } from './chain.ts';
import type { Chains } from './chains.ts';
import type { Receipt } from './receiving.ts';
import { held } from './screening.ts';

/** A frame of several that came together, by its place among them. */
export interface Parcel {
  readonly index: number;
  readonly received: ReceivedFrame;
}

/** Those that were refused for what they say before the one was taken from which they differ. */
export const lateProofs = (
  chains: Chains,
  parcels: readonly Parcel[],
  receipts: ReadonlyMap<number, Receipt>,
): readonly Parcel[] =>
  parcels.filter(
    ({ index, received }) =>
      isOfContent(receipts.get(index)) && chains.of(received.author).place(received) === 'conflict',
  );

/**
 * Of two frames for one place, the proof of a fork, only the first is judged by what it says. While
 * that one cannot be judged here, the other is no more to blame: its bearer may be honest.
 */
export function pardon(parcels: readonly Parcel[], receipts: Map<number, Receipt>): void {
  const waits = new Set<string>();
  for (const { index, received } of parcels) {
    const receipt = receipts.get(index);
    const isForLater = receipt?.verdict === 'held' && /^(ahead|quota)$/.test(receipt.why);
    if (isForLater) waits.add(nameOfPlace(received));
  }
  if (waits.size === 0) return;
  for (const { index, received } of parcels) {
    const isBad = isOfContent(receipts.get(index));
    if (isBad && waits.has(nameOfPlace(received))) receipts.set(index, held('gap'));
  }
}

/** Whether a frame was refused for what it says alone. */
const isOfContent = (receipt: Receipt | undefined): boolean =>
  receipt?.verdict === 'rejected' && /^(structure|quota)$/.test(receipt.why);

const nameOfPlace = ({ author, frame: { generation, sequence } }: ReceivedFrame): string =>
  `${author} ${generation} ${sequence}`;

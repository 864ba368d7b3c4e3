/** Rule: batches — frames as the messages of an exchange bring them. */

/** Frames of one message, bytes: as in src/node/exchange.ts. */
const BATCH_BYTES = 512 * 1024;

/** The frames in their order, so many bytes at a time, and at least one frame. */
export const batchesOf = (frames: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] => {
  const batches: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const frame of frames) {
    bytes += frame.length;
    if (bytes > BATCH_BYTES) {
      batches.push([]);
      bytes = frame.length;
    }
    batches.at(-1)?.push(frame);
  }
  return batches.filter((batch) => batch.length > 0);
};

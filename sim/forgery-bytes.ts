/**
 * Rule: forgery bytes — updates that do harm where Yjs sees them, byte by byte: the forms
 * that a member can sign for its own chain.
 */

/** Numbers as Yjs spells them (LEB128); a negative one stands for a single byte. */
function numbers(...values: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) {
    let rest = Math.abs(value);
    for (; value >= 0 && rest > 0x7f; rest = Math.floor(rest / 128))
      bytes.push(0x80 | (rest % 128));
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

/** Whose document the update is about. */
export interface Target {
  /** The client id of the author, and how many items it wrote. */
  readonly client: number;
  readonly clock: number;
  /** Somebody else's client id. */
  readonly other: number;
}

/** Name → update. Info bytes: 3 bytes content, 1 deleted, 0 GC; 0x80: it names its neighbour. */
export const HARMFUL: Readonly<Record<string, (target: Target) => Uint8Array>> = {
  'foreign delete set': ({ other }) => numbers(0, 1, other, 1, 0, 1_000),
  'deletes what will be': ({ client }) => numbers(0, 1, client, 1, 0, 2 ** 40),
  'clock steal': ({ other }) => numbers(1, 1, other, 0, 0, 2 ** 33, 0),
  'own GC': ({ client, clock }) => numbers(1, 1, client, clock, 0, 5, 0),
  'huge deleted item': ({ client, clock }) =>
    numbers(1, 1, client, clock, -0x81, client, clock - 1, 2 ** 40, 0),
  'hole in the clocks': ({ client, clock }) =>
    numbers(1, 1, client, clock + 1, -0x83, client, clock, 0, 0),
  'claimed count': ({ client, clock }) => numbers(1, 2 ** 25, client, clock),
  'claimed length': ({ client, clock }) =>
    numbers(1, 1, client, clock, -0x83, client, clock - 1, 2 ** 25),
  'cut delete set': ({ client, clock }) =>
    numbers(1, 1, client, clock, -0x83, client, clock - 1, 1, 7, 1, client, 1, 0),
  'version 2': () => Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
  'number without end': () => new Uint8Array(64).fill(0xff),
};

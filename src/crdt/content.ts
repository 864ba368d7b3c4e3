/**
 * Rule: content — what a frame's body says, read once; what was read is all that is kept of it.
 *
 * Reading may be left in pieces, because a large snapshot takes long. Nothing of the state is
 * needed for it but how far the sub-document is, and the gate looks at that anew each time: it
 * lets a body through in one place only, so what was read of it once stays right.
 */
import { type ReadStatement, readStatement } from './entry-bytes.ts';
import { type Inspection, inspectUpdate, type Known, type Span } from './gate.ts';
import type { Meter } from './meter.ts';

/** One item of a sub-document: at which clock it stands, its length, and what it says. */
export interface Said {
  readonly clock: number;
  readonly bytes: number;
  readonly read: ReadStatement;
  /** What does not read, as it was written, because a later version may know it; else null. */
  readonly content: Uint8Array | null;
}

/** A body, and what was read of it so far. */
export interface Content {
  readonly body: Uint8Array;
  inspected: { readonly known: Known; readonly inspection: Inspection } | null;
  readonly said: Said[];
}

/** A body that the gate let through. */
export type Passed = Extract<Inspection, { readonly ok: true }>;

/** Time to read a statement. Unit: ms, as measured. */
const STATEMENT_MS = 0.005;

/** A body of which nothing was read. */
export const contentOf = (body: Uint8Array): Content => ({
  body,
  inspected: null,
  said: [],
});

/** What the gate says of the body behind what is known. */
export const inspect = (content: Content, known: Known): Inspection => {
  const { inspected } = content;
  if (inspected?.known.clock === known.clock && inspected.known.client === known.client) {
    return inspected.inspection;
  }
  const inspection = inspectUpdate(content.body, known);
  content.inspected = { known, inspection };
  return inspection;
};

/** Reads what the body says, rising by clock; `onRead` is told of each. */
export function* readSaid(
  { said }: Content,
  { additions, clocks }: Passed,
  meter: Meter,
  onRead: (said: Said) => number,
): Generator<void, readonly Said[]> {
  while (said.length < additions.length) {
    const [bytes, clock] = [additions[said.length], clocks[said.length]];
    if (bytes === undefined || clock === undefined) return said;
    const read = readStatement(bytes);
    const one = { clock, bytes: bytes.length, read, content: read.ok ? null : bytes.slice() };
    said.push(one);
    if (meter.isDue(STATEMENT_MS + onRead(one))) yield;
  }
  return said;
}

/** What of `live`, rising by clock, stands in `spans`, rising and without overlap. */
export const within = (live: readonly Said[], spans: readonly Span[]): readonly Said[] =>
  spans.flatMap(({ clock, length }) =>
    live.slice(placeOf(live, clock), placeOf(live, clock + length)),
  );

/** How many of `live`, rising by clock, stand before a clock. */
export const placeOf = (live: readonly Said[], clock: number): number => {
  let [low, high] = [0, live.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((live[middle]?.clock ?? 0) < clock) low = middle + 1;
    else high = middle;
  }
  return low;
};

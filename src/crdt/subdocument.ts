/**
 * Rule: subdocument — one generation of one author as a Yjs document, and the pen that writes it.
 *
 * The document has one root array of byte strings. It is used as a key-value store by its only
 * writer: an overwrite pushes the new statement and deletes the old one in one transaction, so the
 * array stays as small as what is live (a Y.Map would keep a trace of every overwrite for ever:
 * 200 keys written 200,000 times are 39 kB, and were 2 MB in a map).
 * 1. Client id and guid are set here; what Yjs draws at random when it makes a document is dropped.
 * 2. A document that is read never carries its author's client id as its own: Yjs would take an
 *    arriving update for a clash of ids, and draw a new one.
 */
import * as Y from 'yjs';
import { joinUpdates, type Known, ROOT_NAME, splitUpdate } from './gate.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';

/** A sub-document that follows its author. */
export interface Subdocument {
  /** What the gate has to know of it. */
  known(): Known;
  /**
   * Takes an update that passed the gate. False when Yjs could not take it whole; the document is
   * of no use then.
   */
  apply(update: Uint8Array): boolean;
  /** What is live, in the order of writing. Equal contents are the same objects at each call. */
  contents(): readonly Uint8Array[];
  /** The whole document as one update. Only Yjs itself should read it. */
  encode(): Uint8Array;
}

/** Writes one generation. */
export interface Pen {
  /**
   * Deletes live contents by their places in `contents()`, rising, pushes new ones, and returns
   * the update that says so.
   */
  write(deletions: readonly number[], additions: readonly Uint8Array[]): Uint8Array;
}

/** Opens an empty sub-document, or a copy of what `encode` gave. `client`: `clientIdOf`. */
export const openSubdocument = (client: number, encoded: Uint8Array | null): Subdocument => {
  const document = openDocument(otherThan(client));
  const list = document.getArray<Uint8Array>(ROOT_NAME);
  const apply = (update: Uint8Array): boolean => {
    try {
      Y.applyUpdate(document, update);
    } catch {
      return false;
    }
    return document.store.pendingStructs === null && document.store.pendingDs === null;
  };
  if (encoded !== null) apply(encoded);
  return {
    known: () => ({ client, clock: Y.getState(document.store, client) }),
    apply,
    contents: () => list.toArray(),
    encode: () => Y.encodeStateAsUpdate(document),
  };
};

/** Opens the pen of an empty generation, or one that goes on after what `encode` gave. */
export const openPen = (client: number, encoded: Uint8Array | null): Pen =>
  finish(resumePen(client, encoded === null ? [] : [encoded], UNMETERED));

/** Items that are written or applied in one piece, and the time of each. Unit of that: ms. */
const ITEMS_MAX = 1_024;
const ITEM_MS = 0.003;
/** Time to apply an update, and what each byte adds at most. Unit: ms, as measured. */
const UPDATE_MS = 0.01;
const BYTE_MS = 2e-5;

/** Opens, in pieces, a pen that goes on after these updates, each going on from the one before. */
export function* resumePen(
  client: number,
  updates: readonly Uint8Array[],
  meter: Meter,
): Generator<void, Pen> {
  const document = openDocument(otherThan(client));
  for (const update of updates) {
    const known = { client, clock: Y.getState(document.store, client) };
    for (const part of splitUpdate(update, known, ITEMS_MAX)) {
      Y.applyUpdate(document, part);
      if (meter.isDue(UPDATE_MS + part.length * BYTE_MS)) yield;
    }
  }
  document.clientID = client;
  return penOf(document);
}

/** What a pen writes of much that is new, in pieces, as one update. */
export function* writeInPieces(
  { pen, client }: { readonly pen: Pen; readonly client: number },
  additions: readonly Uint8Array[],
  meter: Meter,
): Generator<void, Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < additions.length; at += ITEMS_MAX) {
    parts.push(pen.write([], additions.slice(at, at + ITEMS_MAX)));
    if (meter.isDue(ITEMS_MAX * ITEM_MS)) yield;
  }
  const [only = EMPTY_UPDATE, second] = parts;
  return second === undefined ? only : joinUpdates(client, parts);
}

const penOf = (document: Y.Doc): Pen => {
  const list = document.getArray<Uint8Array>(ROOT_NAME);
  return {
    write: (deletions, additions) => {
      let written: Uint8Array | null = null;
      const keep = (update: Uint8Array): void => {
        written = update;
      };
      document.on('update', keep);
      document.transact(() => {
        for (const index of deletions.toReversed()) list.delete(index, 1);
        if (additions.length > 0) list.push([...additions]);
      });
      document.off('update', keep);
      return written ?? EMPTY_UPDATE;
    },
  };
};

/** No items, no deletions. */
const EMPTY_UPDATE: Uint8Array = Uint8Array.of(0, 0);

const otherThan = (client: number): number => (client === 0 ? 1 : 0);

const openDocument = (client: number): Y.Doc => {
  const document = new Y.Doc({ guid: ROOT_NAME });
  document.clientID = client;
  return document;
};

/**
 * Rule: subdocument — one generation of one author as a Yjs document, and the pen that writes it.
 *
 * The document has one root array of byte strings. It is used as a key-value store by its only
 * writer: an overwrite pushes the new statement and deletes the old one in one transaction, so the
 * array stays as small as what is live (a Y.Map would keep a trace of every overwrite for ever;
 * reliability §1.1).
 * 1. Client id and guid are set here; what Yjs draws at random when it makes a document is dropped.
 * 2. A document that is read never carries its author's client id as its own: Yjs would take an
 *    arriving update for a clash of ids, and draw a new one.
 */
import * as Y from 'yjs';
import { type Known, ROOT_NAME } from './gate.ts';

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

/** Updates of one document, each going on from the one before, as one. */
export const mergedUpdate = (updates: readonly Uint8Array[]): Uint8Array =>
  Y.mergeUpdates([...updates]);

/** Opens the pen of an empty generation, or one that goes on after what `encode` gave. */
export const openPen = (client: number, encoded: Uint8Array | null): Pen => {
  const document = openDocument(otherThan(client));
  const list = document.getArray<Uint8Array>(ROOT_NAME);
  if (encoded !== null) Y.applyUpdate(document, encoded);
  document.clientID = client;
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

/**
 * Rule: test attacks — every update that was seen to harm Yjs, and their kin, byte by byte; for
 * tests only.
 */
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { ROOT_NAME } from './gate.ts';
import { openPen } from './subdocument.ts';

const VICTIM = 8;
/** Bytes by their values. */
export const bytesOf = (...fill: number[]): Uint8Array => Uint8Array.from(fill);

/** What it is, its bytes, and what the gate says of it. */
type Attack = readonly [what: string, bytes: Uint8Array, why: RegExp];

/** A document of three items, the second deleted, as its author wrote it: three updates. */
export const honestUpdates = (own: number, item = (at: number) => bytesOf(at)) => {
  const pen = openPen(own, null);
  return [pen.write([], [item(1), item(2)]), pen.write([1], [item(3)]), pen.write([0, 1], [])];
};

const update = (write: (encoder: encoding.Encoder) => void): Uint8Array => {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
};

/** Numbers as Yjs spells them; a negative one stands for a single byte, as the info byte is. */
export const numbers = (...values: number[]): Uint8Array =>
  update((encoder) => {
    for (const value of values) {
      if (value < 0) encoding.writeUint8(encoder, -value);
      else encoding.writeVarUint(encoder, value);
    }
  });

/** The update that a Yjs document sends for one change; `before` is known to everybody. */
const changeOf = (
  client: number,
  change: (document: Y.Doc) => void,
  before: Uint8Array | null = null,
): Uint8Array => {
  const document = new Y.Doc();
  document.clientID = 1;
  if (before !== null) Y.applyUpdate(document, before);
  document.clientID = client;
  let sent: Uint8Array = bytesOf(0, 0);
  document.on('update', (bytes: Uint8Array) => {
    sent = bytes;
  });
  document.transact(() => change(document));
  return sent;
};

const pushed = (client: number, content: unknown): Uint8Array =>
  changeOf(client, (document) => document.getArray(ROOT_NAME).push([content]));

// Info bytes: 3 bytes content, 1 deleted, 0 GC, 10 skip, 8 any; 0x80 origin, 0x40 right, 0x20 key.
/** Attacks on what `honestUpdates(own)[0]` made, by the client id `own`. */
export const attacksAfter = (own: number): readonly Attack[] => [
  ['foreign delete set', numbers(0, 1, VICTIM, 1, 0, 2), /not its own/],
  ['own and foreign delete set', numbers(0, 2, own, 1, 0, 1, VICTIM, 1, 0, 1), /more than one/],
  ['delete set far into the future', numbers(0, 1, own, 1, 0, 2 ** 40), /not exist yet/],
  ['delete set just past the end', numbers(0, 1, own, 1, 1, 2), /not exist yet/],
  ['delete set of the same many times', numbers(0, 1, own, 2, 0, 2, 0, 2), /out of order/],
  ['empty deletion', numbers(0, 1, own, 1, 0, 0), /deletes nothing/],
  ['clock steal with GC', numbers(1, 1, VICTIM, 2, 0, 2 ** 33, 0), /foreign client/],
  ['own GC', numbers(1, 1, own, 2, 0, 5, 0), /no element of bytes/],
  ['huge deleted item', numbers(1, 1, own, 2, -0x81, own, 1, 2 ** 40, 0), /too many/],
  ['empty deleted item', numbers(1, 1, own, 2, -0x81, own, 1, 0, 0), /empty item/],
  ['foreign item', pushed(VICTIM, bytesOf(1)), /foreign client/],
  ['equivocation below the known clock', pushed(own, bytesOf(9)), /does not follow/],
  ['pending: a hole in the clocks', numbers(1, 1, own, 3, -0x83, own, 2, 0, 0), /does not follow/],
  ['pending: a missing neighbour', numbers(1, 1, own, 2, -0x83, own, 5, 0, 0), /out of line/],
  ['pending: a foreign neighbour', numbers(1, 1, own, 2, -0x83, VICTIM, 1, 0, 0), /foreign one/],
  ['conflict scan: all beside one', numbers(1, 1, own, 2, -0x83, own, 0, 0, 0), /out of line/],
  ['conflict scan: right neighbour', numbers(1, 1, own, 2, -0xc3, own, 1, own, 0), /no element/],
  ['no neighbour', numbers(1, 1, own, 2, 3, 1, 2, 0x6b, 0x76, 0, 0), /out of line/],
  ['skip', numbers(1, 1, own, 2, 10, 5, 0), /no element of bytes/],
  ['claimed count', numbers(1, 2 ** 25, own, 2), /cut short/],
  ['claimed count of deletions', numbers(0, 1, own, 2 ** 25), /cut short/],
  ['claimed length of content', numbers(1, 1, own, 2, -0x83, own, 1, 2 ** 25), /cut short/],
  ['number that never ends', new Uint8Array(64).fill(0xff), /too high/],
  ['number spelt long', bytesOf(0x80, 0, 0), /too long/],
  ['no items under a client', numbers(1, 0, own, 2, 0), /without items/],
  ['no deletions under a client', numbers(0, 1, own, 0), /without deletions/],
  ['two clients', numbers(2, 1, own, 2, -0x81, own, 1, 1), /more than one/],
  ['cut delete set', honestUpdates(own)[1]?.subarray(0, -1) ?? bytesOf(), /cut short/],
  ['bytes behind', Uint8Array.of(...(honestUpdates(own)[1] ?? []), 0), /after its end/],
  ['nothing', bytesOf(), /cut short/],
];

/** Attacks on an empty sub-document, where an item may name its root. */
export const firstAttacks = (own: number): readonly Attack[] => [
  ['foreign root', changeOf(own, (d) => d.getArray('x').push([bytesOf(1)])), /foreign root/],
  ['key of a map', changeOf(own, (d) => d.getMap(ROOT_NAME).set('k', bytesOf(1))), /no element/],
  ['nested map', pushed(own, new Y.Map()), /no element/],
  ['nested document', pushed(own, new Y.Doc({ guid: 'x' })), /no element/],
  ['prototype in a value', pushed(own, JSON.parse('{"__proto__":{"role":"operator"}}')), /no el/],
  ['BigInt', pushed(own, [2n ** 60n]), /no element/],
  ['empty ContentAny', numbers(1, 1, own, 0, 8, 1, 2, 0x6b, 0x76, 0, 0), /no element/],
  ['text', changeOf(own, (d) => d.getText(ROOT_NAME).insert(0, 'x')), /no element/],
  ['parent that is an item', numbers(1, 1, own, 0, 3, 0, VICTIM, 0, 0, 0), /inside another/],
  ['version 2 encoding', Y.convertUpdateFormatV1ToV2(honestUpdates(own)[0] ?? bytesOf()), /./],
];

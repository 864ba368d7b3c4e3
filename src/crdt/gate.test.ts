import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { openCrypto } from '../node/linux/crypto.ts';
import { clientIdOf, inspectUpdate, ROOT_NAME } from './gate.ts';
import { openPen, openSubdocument } from './subdocument.ts';

const OWN = 7;
const VICTIM = 8;
const bytesOf = (...fill: number[]): Uint8Array => Uint8Array.from(fill);

/** A document of three items, the second deleted, as its author wrote it: two updates. */
const honestUpdates = (): readonly Uint8Array[] => {
  const pen = openPen(OWN, null);
  return [
    pen.write([], [bytesOf(1), bytesOf(2)]),
    pen.write([1], [bytesOf(3)]),
    pen.write([0, 1], []),
  ];
};

/** Known state after the first honest update. */
const AFTER_FIRST = { client: OWN, clock: 2 };

const update = (write: (encoder: encoding.Encoder) => void): Uint8Array => {
  const encoder = encoding.createEncoder();
  write(encoder);
  return encoding.toUint8Array(encoder);
};

/** Numbers as Yjs spells them; a negative one stands for a single byte, as the info byte is. */
const numbers = (...values: number[]): Uint8Array =>
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

const first = honestUpdates()[0] ?? bytesOf();

// Info bytes: 3 bytes content, 1 deleted, 0 GC, 10 skip, 8 any; 0x80 origin, 0x40 right, 0x20 key.
const ATTACKS: readonly (readonly [what: string, bytes: Uint8Array, why: RegExp])[] = [
  ['foreign delete set', numbers(0, 1, VICTIM, 1, 0, 2), /not its own/],
  ['own and foreign delete set', numbers(0, 2, OWN, 1, 0, 1, VICTIM, 1, 0, 1), /more than one/],
  ['delete set far into the future', numbers(0, 1, OWN, 1, 0, 2 ** 40), /not exist yet/],
  ['delete set just past the end', numbers(0, 1, OWN, 1, 1, 2), /not exist yet/],
  ['delete set of the same many times', numbers(0, 1, OWN, 2, 0, 2, 0, 2), /out of order/],
  ['empty deletion', numbers(0, 1, OWN, 1, 0, 0), /deletes nothing/],
  ['clock steal with GC', numbers(1, 1, VICTIM, 2, 0, 2 ** 33, 0), /foreign client/],
  ['own GC', numbers(1, 1, OWN, 2, 0, 5, 0), /no element of bytes/],
  ['huge deleted item', numbers(1, 1, OWN, 2, -0x81, OWN, 1, 2 ** 40, 0), /too many/],
  ['empty deleted item', numbers(1, 1, OWN, 2, -0x81, OWN, 1, 0, 0), /empty item/],
  ['foreign item', pushed(VICTIM, bytesOf(1)), /foreign client/],
  ['equivocation below the known clock', pushed(OWN, bytesOf(9)), /does not follow/],
  ['pending: a hole in the clocks', numbers(1, 1, OWN, 3, -0x83, OWN, 2, 0, 0), /does not follow/],
  ['pending: a missing neighbour', numbers(1, 1, OWN, 2, -0x83, OWN, 5, 0, 0), /out of line/],
  ['pending: a foreign neighbour', numbers(1, 1, OWN, 2, -0x83, VICTIM, 1, 0, 0), /foreign one/],
  ['conflict scan: all beside one', numbers(1, 1, OWN, 2, -0x83, OWN, 0, 0, 0), /out of line/],
  ['conflict scan: right neighbour', numbers(1, 1, OWN, 2, -0xc3, OWN, 1, OWN, 0), /no element/],
  ['no neighbour', numbers(1, 1, OWN, 2, 3, 1, 2, 0x6b, 0x76, 0, 0), /out of line/],
  ['skip', numbers(1, 1, OWN, 2, 10, 5, 0), /no element of bytes/],
  ['claimed count', numbers(1, 2 ** 25, OWN, 2), /cut short/],
  ['claimed count of deletions', numbers(0, 1, OWN, 2 ** 25), /cut short/],
  ['claimed length of content', numbers(1, 1, OWN, 2, -0x83, OWN, 1, 2 ** 25), /cut short/],
  ['number that never ends', new Uint8Array(64).fill(0xff), /too high/],
  ['number spelt long', bytesOf(0x80, 0, 0), /too long/],
  ['no items under a client', numbers(1, 0, OWN, 2, 0), /without items/],
  ['no deletions under a client', numbers(0, 1, OWN, 0), /without deletions/],
  ['two clients', numbers(2, 1, OWN, 2, -0x81, OWN, 1, 1), /more than one/],
  ['cut delete set', honestUpdates()[1]?.subarray(0, -1) ?? bytesOf(), /cut short/],
  ['bytes behind', Uint8Array.of(...(honestUpdates()[1] ?? []), 0), /after its end/],
  ['nothing', bytesOf(), /cut short/],
];

/** Attacks on an empty sub-document, where an item may name its root. */
const FIRST_ATTACKS: readonly (readonly [what: string, bytes: Uint8Array, why: RegExp])[] = [
  ['foreign root', changeOf(OWN, (d) => d.getArray('x').push([bytesOf(1)])), /foreign root/],
  ['key of a map', changeOf(OWN, (d) => d.getMap(ROOT_NAME).set('k', bytesOf(1))), /no element/],
  ['nested map', pushed(OWN, new Y.Map()), /no element/],
  ['nested document', pushed(OWN, new Y.Doc({ guid: 'x' })), /no element/],
  ['prototype in a value', pushed(OWN, JSON.parse('{"__proto__":{"role":"operator"}}')), /no el/],
  ['BigInt', pushed(OWN, [2n ** 60n]), /no element/],
  ['empty ContentAny', numbers(1, 1, OWN, 0, 8, 1, 2, 0x6b, 0x76, 0, 0), /no element/],
  ['text', changeOf(OWN, (d) => d.getText(ROOT_NAME).insert(0, 'x')), /no element/],
  ['parent that is an item', numbers(1, 1, OWN, 0, 3, 0, VICTIM, 0, 0, 0), /inside another/],
  ['version 2 encoding', Y.convertUpdateFormatV1ToV2(first), /./],
];

describe('inspectUpdate', () => {
  it('takes what an honest author writes, and says what it adds', () => {
    // Goal: no honest frame is lost. Method: a pen's updates one after the other, with clocks.
    const [one, two, three] = honestUpdates();
    assert.deepEqual(inspectUpdate(one ?? bytesOf(), { client: OWN, clock: 0 }), {
      ok: true,
      additions: [bytesOf(1), bytesOf(2)],
      clock: 2,
    });
    assert.deepEqual(inspectUpdate(two ?? bytesOf(), AFTER_FIRST), {
      ok: true,
      additions: [bytesOf(3)],
      clock: 3,
    });
    const onlyDeletes = inspectUpdate(three ?? bytesOf(), { client: OWN, clock: 3 });
    assert.deepEqual(onlyDeletes, { ok: true, additions: [], clock: 3 });
    assert.equal(inspectUpdate(bytesOf(0, 0), AFTER_FIRST).ok, true);
  });

  it('refuses every known attack for its own reason', () => {
    // Goal: each attack of the table stops at the gate. Method: one update each, by hand or by Yjs.
    for (const [what, bytes, why] of ATTACKS) refuse(what, bytes, why, AFTER_FIRST);
    const empty = { client: OWN, clock: 0 };
    for (const [what, bytes, why] of FIRST_ATTACKS) refuse(what, bytes, why, empty);
  });

  it('refuses claims of any size without work', () => {
    // Goal: time is bounded by bytes, not by claims. Method: a claim of 2^45 items, timed.
    const startMs = performance.now();
    refuse('claim', numbers(1, 2 ** 45, OWN, 2), /cut short/, AFTER_FIRST);
    assert.ok(performance.now() - startMs < 50);
  });

  it('lets nothing through that hurts Yjs, whatever is changed in honest updates', () => {
    // Goal: no mutant throws, waits in the document, or spoils what comes after. Method: fuzz.
    let survivors = 0;
    fc.assert(
      fc.property(mutations(), ([which, edits]) => {
        const history = longHistory();
        const at = which % history.length;
        const document = openSubdocument(OWN, null);
        for (const honest of history.slice(0, at)) assert.ok(document.apply(honest));
        const mutant = mutate(history[at] ?? bytesOf(), edits);
        const inspection = inspectUpdate(mutant, document.known());
        if (!inspection.ok) return;
        survivors += 1;
        assert.equal(document.apply(mutant), true);
        assert.equal(document.known().clock, inspection.clock);
        const pen = openPen(OWN, document.encode());
        const deletions = document.contents().length > 0 ? [0] : [];
        const later = pen.write(deletions, [bytesOf(42)]);
        assert.equal(inspectUpdate(later, document.known()).ok, true);
        assert.equal(document.apply(later), true);
        assert.deepEqual(document.contents().at(-1), bytesOf(42));
      }),
      { numRuns: 3000, seed: 1 },
    );
    // A gate that refuses everything would prove nothing.
    assert.ok(survivors > 30, `${survivors} mutants passed the gate`);
  });
});

describe('clientIdOf', () => {
  it('is the first four bytes of sha256 over key and generation', () => {
    // Goal: the id never changes between versions. Method: known values, and one by hand.
    const crypto = openCrypto();
    const key = new Uint8Array(32).fill(1);
    const hash = crypto.sha256(Uint8Array.of(...key, 0, 0, 0, 0, 0, 0, 1, 2));
    assert.equal(clientIdOf(crypto, key, 258), new DataView(hash.buffer).getUint32(0));
    assert.notEqual(clientIdOf(crypto, key, 0), clientIdOf(crypto, key, 1));
  });
});

const refuse = (
  what: string,
  bytes: Uint8Array,
  why: RegExp,
  known: { client: number; clock: number },
): void => {
  const inspection = inspectUpdate(bytes, known);
  assert.equal(inspection.ok, false, what);
  if (!inspection.ok) assert.match(inspection.why, why, what);
};

const longHistory = (): readonly Uint8Array[] => {
  const pen = openPen(OWN, null);
  const history = [pen.write([], [bytesOf(1), bytesOf(2), bytesOf(3)])];
  for (let index = 0; index < 8; index++) history.push(pen.write([index % 3], [bytesOf(index)]));
  history.push(pen.write([0, 2], []), pen.write([], [new Uint8Array(200)]));
  return history;
};

type Change = readonly [kind: number, at: number, byte: number];

const mutations = (): fc.Arbitrary<readonly [number, readonly Change[]]> =>
  fc.tuple(
    fc.nat(100),
    fc.array(fc.tuple(fc.nat(3), fc.nat(300), fc.nat(255)), { minLength: 1, maxLength: 4 }),
  );

const mutate = (bytes: Uint8Array, changes: readonly Change[]): Uint8Array => {
  let mutant = [...bytes];
  for (const [kind, position, byte] of changes) {
    const at = position % Math.max(1, mutant.length);
    if (kind === 0) mutant[at] = byte;
    else if (kind === 1) mutant.splice(at, 1);
    else if (kind === 2) mutant.splice(at, 0, byte);
    else mutant = [...mutant.slice(0, at), ...mutant.slice(0, byte), ...mutant.slice(at)];
  }
  return Uint8Array.from(mutant);
};

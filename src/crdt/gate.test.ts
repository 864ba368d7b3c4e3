import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openCrypto } from '../node/linux/crypto.ts';
import { clientIdOf, inspectUpdate } from './gate.ts';
import { openGeneration, replay } from './generation.ts';
import { openPen, openSubdocument } from './subdocument.ts';
import { attacksAfter, bytesOf, firstAttacks, honestUpdates, numbers } from './test-attacks.ts';
import { testCrypto } from './test-mesh.ts';

const OWN = 7;

/** Known state after the first honest update. */
const AFTER_FIRST = { client: OWN, clock: 2 };

describe('inspectUpdate', () => {
  it('takes what an honest author writes, and says what it adds', () => {
    // Goal: no honest frame is lost. Method: a pen's updates one after the other, with clocks.
    const [one, two, three] = honestUpdates(OWN);
    assert.deepEqual(inspectUpdate(one ?? bytesOf(), { client: OWN, clock: 0 }), {
      ok: true,
      additions: [bytesOf(1), bytesOf(2)],
      clocks: [0, 1],
      deletions: [],
      clock: 2,
    });
    assert.deepEqual(inspectUpdate(two ?? bytesOf(), AFTER_FIRST), {
      ok: true,
      additions: [bytesOf(3)],
      clocks: [2],
      deletions: [{ clock: 1, length: 1 }],
      clock: 3,
    });
    const onlyDeletes = inspectUpdate(three ?? bytesOf(), { client: OWN, clock: 3 });
    const deletions = [0, 2].map((clock) => ({ clock, length: 1 }));
    assert.deepEqual(onlyDeletes, { ok: true, additions: [], clocks: [], deletions, clock: 3 });
    assert.equal(inspectUpdate(bytesOf(0, 0), AFTER_FIRST).ok, true);
  });

  it('refuses every known attack for its own reason', () => {
    // Goal: each attack of the table stops at the gate. Method: one update each, by hand or by Yjs.
    for (const [what, bytes, why] of attacksAfter(OWN)) refuse(what, bytes, why, AFTER_FIRST);
    const empty = { client: OWN, clock: 0 };
    for (const [what, bytes, why] of firstAttacks(OWN)) refuse(what, bytes, why, empty);
  });

  it('refuses claims of any size without work', () => {
    // Goal: time is bounded by bytes, not by claims. Method: a claim of 2^45 items, by the
    // processor's time.
    const before = process.threadCpuUsage();
    refuse('claim', numbers(1, 2 ** 45, OWN, 2), /cut short/, AFTER_FIRST);
    assert.ok(process.threadCpuUsage(before).user < 50_000); // µs
  });

  it('lets nothing through that hurts Yjs, whatever is changed in honest updates', () => {
    // Goal: no mutant throws, waits in the document, or spoils what comes after, and Yjs makes of
    // all that was let through what is held of it here. Method: fuzz.
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
        const updates = [...history.slice(0, at), mutant, later];
        assert.deepEqual(heldOf(updates), document.contents());
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

/** What is held of these updates, which say nothing that reads. */
const heldOf = (updates: readonly Uint8Array[]): readonly (Uint8Array | null)[] => {
  const place = { generation: 0, sequence: 0, previous: null };
  const author = new Uint8Array(32);
  const frame = { mesh: author, author, ...place, body: bytesOf(), signature: bytesOf() };
  const generation = { ...openGeneration(testCrypto, frame), known: { client: OWN, clock: 0 } };
  for (const update of updates) replay(generation, update);
  return generation.live.map(({ content }) => content);
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

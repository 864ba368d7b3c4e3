import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { openCrypto } from '../node/linux/crypto.ts';
import { decode, encode } from './codec.ts';
import type { Value } from './entry.ts';
import { encodeStatement, readStatement, type Statement, tombstoneOf } from './entry-bytes.ts';
import { frameHash, isSigned, makeFrame, readFrame } from './frame.ts';
import { GOLDEN_FRAMES } from './frame-golden.table.ts';
import { clientIdOf } from './gate.ts';
import { decodeJournal, encodeRecord, JOURNAL_HEADER } from './journal.ts';
import { joinBytes } from './signed.ts';
import { openPen } from './subdocument.ts';

const crypto = openCrypto();
const SEED = new Uint8Array(32).fill(1);
const AUTHOR = crypto.publicKey(SEED);
const MESH = new Uint8Array(32).fill(2);
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const ENTRY: Statement = {
  kind: 'entry',
  entry: {
    path: 'intent/firewall/rule-1',
    value: { action: 'accept', ports: [80, 443] },
    hlc: [1_800_000_000_000, 3],
    replaces: new Uint8Array(32).fill(9),
  },
};
const DELETION: Statement = {
  kind: 'entry',
  entry: {
    path: 'intent/firewall/rule-1',
    value: null,
    hlc: [1_800_000_000_001, 0],
    replaces: null,
  },
};
const TOMBSTONE: Statement = {
  kind: 'tombstone',
  tombstone: tombstoneOf(new Uint8Array(32).fill(8), [1_800_000_000_001, 0]),
};

/** Three frames: an entry, its deletion, and the snapshot that carries the tombstone. */
const goldenFrames = (): readonly [Uint8Array, Uint8Array, Uint8Array] => {
  const common = { mesh: MESH, author: AUTHOR };
  const pen = openPen(clientIdOf(crypto, AUTHOR, 0), null);
  const first = makeFrame(crypto, SEED, {
    ...common,
    generation: 0,
    sequence: 0,
    previous: null,
    body: pen.write([], [encodeStatement(ENTRY)]),
  });
  const second = makeFrame(crypto, SEED, {
    ...common,
    generation: 0,
    sequence: 1,
    previous: frameHash(crypto, first),
    body: pen.write([0], [encodeStatement(DELETION)]),
  });
  const snapshot = makeFrame(crypto, SEED, {
    ...common,
    generation: 1,
    sequence: 0,
    previous: [0, 1, frameHash(crypto, second)],
    body: openPen(clientIdOf(crypto, AUTHOR, 1), null).write([], [encodeStatement(TOMBSTONE)]),
  });
  return [first, second, snapshot];
};

describe('golden bytes', () => {
  it('are written and read as version 1 has them', () => {
    // Goal: meshes that exist can always be read. Method: every format of a frame and inside one.
    const [first, second, snapshot] = goldenFrames();
    const journal = joinBytes(JOURNAL_HEADER, encodeRecord(crypto, first));
    assert.deepEqual(
      {
        entry: toHex(encodeStatement(ENTRY)),
        deletion: toHex(encodeStatement(DELETION)),
        tombstone: toHex(encodeStatement(TOMBSTONE)),
        clients: [0, 1, 2 ** 40].map((generation) => clientIdOf(crypto, AUTHOR, generation)),
        first: toHex(first),
        firstHash: toHex(frameHash(crypto, first)),
        second: toHex(second),
        snapshot: toHex(snapshot),
        journal: toHex(journal),
      },
      GOLDEN_FRAMES,
    );
    for (const statement of [ENTRY, DELETION, TOMBSTONE]) {
      const read = readStatement(encodeStatement(statement));
      assert.ok(read.ok);
      assert.equal(toHex(encodeStatement(read.statement)), toHex(encodeStatement(statement)));
    }
  });
});

describe('readFrame', () => {
  it('reads what makeFrame made, and knows whose signature it is', () => {
    // Goal: a frame survives the way. Method: round trip; another key and one changed bit.
    for (const bytes of goldenFrames()) {
      const read = readFrame(bytes);
      assert.ok(read.ok);
      const { signature, ...content } = read.frame;
      assert.deepEqual(makeFrame(crypto, SEED, content), bytes);
      assert.equal(isSigned(crypto, read.frame), true);
      const changed = { ...read.frame, sequence: read.frame.sequence + 1 };
      assert.equal(isSigned(crypto, changed), false);
      assert.equal(isSigned(crypto, { ...read.frame, author: MESH }), false);
      assert.equal(signature.length, 64);
    }
  });

  it('refuses frames by form, by table', () => {
    // Goal: one spelling of each frame. Method: one field wrong at a time, encoded well.
    const [first] = goldenFrames();
    const decoded = decode(first);
    assert.ok(decoded.ok);
    const good = decoded.value as Record<string, Value>;
    const hash = new Uint8Array(32);
    const cases: readonly (readonly [change: Record<string, Value>, why: RegExp])[] = [
      [{ v: 2 }, /version/],
      [{ mesh: new Uint8Array(31) }, /mesh/],
      [{ author: 'me' }, /author/],
      [{ generation: -1 }, /generation/],
      [{ sequence: 'x' }, /sequence/],
      [{ previous: hash }, /previous/],
      [{ sequence: 1 }, /previous/],
      [{ sequence: 1, previous: new Uint8Array(31) }, /previous/],
      [{ generation: 1 }, /previous/],
      [{ generation: 1, previous: hash }, /previous/],
      [{ generation: 1, previous: [1, 0, hash] }, /previous/],
      [{ generation: 2, previous: [0, 0, hash] }, /previous/],
      [{ generation: 1, previous: [0, -1, hash] }, /previous/],
      [{ generation: 1, previous: [0, 0, hash, 0] }, /previous/],
      [{ body: [] }, /body/],
      [{ signature: new Uint8Array(63) }, /signature/],
      [{ more: 1 }, /fields/],
    ];
    for (const [change, why] of cases) {
      const read = readFrame(encode({ ...good, ...change }));
      assert.ok(!read.ok && read.field === 'encoding');
      assert.match(read.why, why);
    }
    assert.equal(readFrame(encode({ ...good, sequence: 1, previous: hash })).ok, true);
    assert.equal(readFrame(encode({ ...good, generation: 1, previous: [0, 7, hash] })).ok, true);
    assert.equal(readFrame(encode([first])).ok, false);
    assert.equal(readFrame(encode(null)).ok, false);
  });

  it('lets only snapshots be long', () => {
    // Goal: exact limits. Method: bodies that make the frame as long as allowed, and one more.
    const frameOf = (generation: number, bodyLength: number): Uint8Array =>
      makeFrame(crypto, SEED, {
        mesh: MESH,
        author: AUTHOR,
        generation,
        sequence: 0,
        previous: generation === 0 ? null : [generation - 1, 0, MESH],
        body: new Uint8Array(bodyLength),
      });
    for (const [generation, lengthMax] of [
      [0, 64 * 1024],
      [1, 9 * 1024 * 1024],
    ] as const) {
      const around = frameOf(generation, lengthMax - 1000).length - (lengthMax - 1000);
      const longest = frameOf(generation, lengthMax - around);
      assert.equal(longest.length, lengthMax);
      assert.equal(readFrame(longest).ok, true);
      const tooLong = readFrame(frameOf(generation, lengthMax - around + 1));
      assert.ok(!tooLong.ok && tooLong.field === 'size');
    }
  });

  it('never throws, whatever comes', () => {
    // Goal: total. Method: random bytes, and good frames with random changes; none may pass whole.
    const [, second] = goldenFrames();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(255), (junk, at, byte) => {
        assert.equal(readFrame(junk).ok, false);
        const mutant = second.slice();
        mutant[at % mutant.length] = byte;
        const read = readFrame(mutant);
        const isSame = toHex(mutant) === toHex(second);
        assert.equal(read.ok && isSigned(crypto, read.frame), isSame);
      }),
      { numRuns: 500 },
    );
  });
});

describe('journal', () => {
  const frames = goldenFrames();
  const records = frames.map((frame) => encodeRecord(crypto, frame));
  const whole = joinBytes(JOURNAL_HEADER, ...records);
  const startOf = (index: number): number =>
    JOURNAL_HEADER.length + records.slice(0, index).reduce((sum, { length }) => sum + length, 0);

  it('gives back what was written', () => {
    // Goal: a restart loses nothing. Method: three records; none; a file that is not there yet.
    const read = decodeJournal(crypto, whole);
    assert.deepEqual(read, { frames, goodLength: whole.length, torn: false, corrupt: [] });
    const empty = { frames: [], goodLength: JOURNAL_HEADER.length, torn: false, corrupt: [] };
    assert.deepEqual(decodeJournal(crypto, JOURNAL_HEADER), empty);
  });

  it('cuts a torn tail wherever it is torn', () => {
    // Goal: a crash while appending costs the last record only. Method: every possible length.
    for (let length = startOf(2) + 1; length < whole.length; length++) {
      const read = decodeJournal(crypto, whole.subarray(0, length));
      assert.deepEqual(
        [read.frames.length, read.goodLength, read.torn, read.corrupt.length],
        [2, startOf(2), true, 0],
      );
    }
    const inHeader = decodeJournal(crypto, JOURNAL_HEADER.subarray(0, 5));
    assert.deepEqual(inHeader, { frames: [], goodLength: 0, torn: true, corrupt: [] });
  });

  it('skips and reports damage, wherever a bit flips', () => {
    // Goal: the rest is read. Method: flip each byte of the second record: length, check, frame.
    for (let offset = startOf(1); offset < startOf(2); offset++) {
      const damaged = whole.slice();
      damaged[offset] = (damaged[offset] ?? 0) ^ 0xff;
      const read = decodeJournal(crypto, damaged);
      assert.deepEqual(read.frames, [frames[0], frames[2]], `offset ${offset}`);
      assert.deepEqual(read.corrupt, [{ offset: startOf(1), length: startOf(2) - startOf(1) }]);
      assert.equal(read.torn, false);
    }
  });

  it('calls a last record that is whole and does not check damaged, not torn', () => {
    // Goal: it may have been sent, so its loss must be known. Method: flip its last byte.
    const damaged = whole.slice();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const read = decodeJournal(crypto, damaged);
    assert.deepEqual([read.frames.length, read.torn, read.corrupt.length], [2, false, 1]);
  });

  it('reads a last record of which a bit of the length flipped, and reports it', () => {
    // Goal: what was sent is not taken for torn. Method: each bit of its length.
    const { length } = whole;
    for (let bit = 0; bit < 32; bit++) {
      const damaged = whole.slice();
      const offset = startOf(2) + Math.floor(bit / 8);
      damaged[offset] = (damaged[offset] ?? 0) ^ (1 << (bit % 8));
      const read = decodeJournal(crypto, damaged);
      const isLonger = new DataView(damaged.buffer).getUint32(startOf(2)) > length - startOf(2) - 8;
      assert.deepEqual(read.frames, isLonger ? frames : frames.slice(0, 2), `bit ${bit}`);
      assert.deepEqual([read.goodLength, read.torn, read.corrupt.length], [length, false, 1]);
    }
  });

  it('reads on behind a record that was torn before others were appended', () => {
    // Goal: a failed append costs one record. Method: half a record in the middle.
    const half = (records[1] ?? whole).subarray(0, 100);
    const read = decodeJournal(
      crypto,
      joinBytes(JOURNAL_HEADER, records[0] ?? whole, half, records[2] ?? whole),
    );
    assert.deepEqual(read.frames, [frames[0], frames[2]]);
    assert.deepEqual(read.corrupt, [{ offset: startOf(1), length: 100 }]);
  });

  it('reports a file of another format whole', () => {
    // Goal: nothing foreign is cut or read. Method: another version's header.
    const foreign = new TextEncoder().encode('cnsmo-journal-2\nxxxx');
    const read = decodeJournal(crypto, foreign);
    assert.deepEqual(read.corrupt, [{ offset: 0, length: foreign.length }]);
    assert.deepEqual([read.frames.length, read.goodLength, read.torn], [0, 0, false]);
  });

  it('gives up in time on damage that is made to be searched long', () => {
    // Goal: start is bounded. Method: 2 MiB in which every place looks like a long record.
    const trap = new Uint8Array(2 * 1024 * 1024).fill(0);
    for (let offset = 2; offset < trap.length; offset += 4) trap[offset] = 0x40;
    const before = process.threadCpuUsage();
    const read = decodeJournal(crypto, joinBytes(JOURNAL_HEADER, trap));
    assert.equal(read.frames.length, 0);
    assert.ok(process.threadCpuUsage(before).user < 2_000_000); // µs
  });
});

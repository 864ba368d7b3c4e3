import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../crdt/entry.ts';
import { finish, openMeter } from '../../crdt/meter.ts';
import { idOf, world } from '../../crdt/test-world.ts';
import type { View } from '../../crdt/view.ts';
import { openCrypto } from '../linux/crypto.ts';
import {
  compareDigests,
  type Digest,
  decodeDigest,
  digestInPieces,
  encodeDigest,
} from './digest.ts';

const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const head = (name: string, generation: number, sequence: number, fill = 1) => ({
  author: idOf(name),
  generation,
  sequence,
  hash: hash(fill),
});
const digestOf = (view: View): Digest =>
  finish(digestInPieces(openCrypto(), [], view, openMeter()));
const of = (...heads: Digest['heads']): Digest => ({ heads, view: hash(9) });

test('digest: who lacks what, and who sees another state for the same frames', () => {
  // Goal: each comparison. Method: the table, both ways round; and over the wire.
  const ours = of(head('a', 1, 5), head('b', 0, 2));
  const table = [
    [of(head('b', 0, 2), head('a', 1, 5)), 'same', 'same'],
    [of(head('a', 1, 4), head('b', 0, 2)), 'behind', 'ahead'],
    [of(head('a', 1, 5)), 'behind', 'ahead'],
    [of(head('a', 0, 99), head('b', 0, 2)), 'behind', 'ahead'],
    [of(head('a', 2, 0), head('b', 0, 1)), 'apart', 'apart'],
    [of(head('a', 1, 5, 2), head('b', 0, 2)), 'apart', 'apart'],
    [{ ...ours, view: hash(8) }, 'differs', 'differs'],
  ] as const;
  for (const [theirs, there, back] of table) {
    const heard = decodeDigest(encodeDigest(theirs));
    assert.ok(heard);
    assert.deepEqual([compareDigests(ours, heard), compareDigests(heard, ours)], [there, back]);
  }
});

test('digest: what is none is nothing', () => {
  // Goal: hostile bytes. Method: no CBOR, another version, heads of another form.
  const good = encodeDigest(of(head('a', 1, 5)));
  assert.equal(decodeDigest(good.slice(0, -1)), null);
  assert.equal(decodeDigest(new Uint8Array()), null);
  assert.equal(decodeDigest(encodeDigest({ heads: [], view: hash(1).slice(1) })), null);
  const odd = { ...head('a', 1, 5), hash: new Uint8Array(3) };
  assert.equal(decodeDigest(encodeDigest(of(odd))), null);
});

/** As deep as a value may be. */
const DEEP: Value = { a: [[[{ b: [[1]] }]]] };

test('digest: of a mesh with everything in it', () => {
  // Goal: no part of a view that cannot be spelt. Method: labels, intent, deep too, a departure.
  const view = world()
    .invites('i', { uses: 1, labels: { zone: 'a' } })
    .admits('a', 'i')
    .admits('b', 'i')
    .says('intent/lb/service/web', { ports: [80], nested: { on: true } })
    .says('intent/lb/service/deep', DEEP)
    .as('a')
    .says('member/left', { left: true })
    .view();
  const one = digestOf(view);
  assert.equal(compareDigests(one, digestOf(view)), 'same');
  assert.equal(compareDigests(one, digestOf(world().view())), 'differs');
});

test('digest: many objects are hashed in pieces, and each of them counts', () => {
  // Goal: nobody waits for a large view, and no end of a list is left out. Method: 700 objects, of
  // which the last, one in between and the list's length differ.
  const of700 = (last: number, other: number): View =>
    Array.from({ length: 700 })
      .reduce<ReturnType<typeof world>>(
        (made, _, n) =>
          made.says(`intent/lb/service/s${n}`, { n: n === 699 ? last : n === 300 ? other : n }),
        world(),
      )
      .view();
  const view = of700(1, 2);
  const pauses = [...digestInPieces(openCrypto(), [], view, openMeter())].length;
  assert.ok(pauses > 0);
  const one = digestOf(view);
  const others = [of700(2, 2), of700(1, 3), { ...view, intent: view.intent.slice(0, -1) }];
  for (const other of others) assert.equal(compareDigests(one, digestOf(other)), 'differs');
  assert.equal(compareDigests(one, digestOf(of700(1, 2))), 'same');
});

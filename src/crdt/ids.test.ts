import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base32nopad } from '@scure/base';
import fc from 'fast-check';
import { bytesOfId, memberIdOf, parseMemberId } from './ids.ts';

const KEY = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('ids: a key is spelled as RFC 4648 says, and read back', () => {
  // Goal: our encoder is the library's, in lower case. Method: random keys, both ways.
  fc.assert(
    fc.property(KEY, (key) => {
      const id = memberIdOf(key);
      assert.equal(id, base32nopad.encode(key).toLowerCase());
      assert.deepEqual(bytesOfId(id), key);
      assert.equal(parseMemberId(id), id);
    }),
  );
});

test('ids: of all texts only those that a key makes are ids', () => {
  // Goal: no key has two names. Method: each last character, and near misses of a true id.
  const id = memberIdOf(new Uint8Array(32).fill(0xff));
  const ends = 'abcdefghijklmnopqrstuvwxyz234567'.split('');
  const good = ends.filter((end) => parseMemberId(`${id.slice(0, -1)}${end}`) !== null);
  assert.deepEqual(good, ['a', 'q']);
  const bad = ['', id.slice(1), `${id}a`, id.toUpperCase(), `1${id.slice(1)}`, `${id}\n`];
  for (const text of bad) assert.equal(parseMemberId(text), null, JSON.stringify(text));
});

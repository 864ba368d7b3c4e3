import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../crdt/ids.ts';
import type { Receipt } from '../crdt/receiving.ts';
import type { Replica } from './replica.ts';
import { createSync } from './sync.ts';

const clock = { wallMs: () => 0, monotonicMs: () => 0, sleep: async () => undefined };
const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

const verdictOn = (receipt: Receipt) => {
  const replica = { receive: () => [receipt] } as unknown as Replica;
  return createSync({ clock, random, log }, replica).judge('peer' as PeerKey, new Uint8Array());
};

test('sync: who sends what is bad for everybody is scored, nobody else', () => {
  // Goal: no author can make honest members score each other. Method: a receipt of each kind.
  assert.equal(verdictOn({ verdict: 'rejected', why: 'signature', detail: '' }), 'reject');
  assert.equal(verdictOn({ verdict: 'rejected', why: 'equivocation', detail: '' }), 'ignore');
  assert.equal(verdictOn({ verdict: 'known' }), 'ignore');
});

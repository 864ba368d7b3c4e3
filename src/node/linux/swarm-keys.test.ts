import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { privateKeyOf } from './swarm-keys.ts';

test('the key of a seed is the one that libp2p derives', async () => {
  // Goal: members stay who they are, whoever derives. Method: several seeds, both ways, and a
  // signature of one checked by the other; the twin is another seed.
  for (const fill of [0, 1, 127, 255]) {
    const seed = new Uint8Array(32).fill(fill);
    const [ours, theirs] = [privateKeyOf(seed), await generateKeyPairFromSeed('Ed25519', seed)];
    assert.deepEqual(ours.raw, theirs.raw);
    assert.ok(ours.publicKey.equals(theirs.publicKey));
    assert.ok(await theirs.publicKey.verify(seed, await ours.sign(seed)));
    assert.ok(!ours.equals(privateKeyOf(new Uint8Array(32).fill(2))));
  }
});

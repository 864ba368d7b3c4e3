import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { frameHash } from './frame.ts';
import { clientIdOf } from './gate.ts';
import { bytesOfId } from './ids.ts';
import { attacksAfter, bytesOf, firstAttacks, honestUpdates } from './test-attacks.ts';
import { forge, idOf, NOW, pair, picture, testCrypto, verdictOf } from './test-mesh.ts';

const clientOf = (name: string): number => clientIdOf(testCrypto, bytesOfId(idOf(name)), 0);

/** The founder with an honest frame of `a`, and a frame of `a` behind it with any body. */
const stage = () => {
  const { founder } = pair();
  const [first, second] = honestUpdates(clientOf('a'));
  const before = forge('a', { body: first ?? bytesOf() });
  assert.equal(founder.receive(before, NOW).verdict, 'taken');
  const previous = frameHash(testCrypto, before);
  const next = (body: Uint8Array, signer = 'a') =>
    forge('a', { sequence: 1, previous, body, signer });
  return { founder, next, honest: next(second ?? bytesOf()) };
};

describe('a certified member with a good signature', () => {
  it('gets no hostile update of any kind past the gate, and hurts nobody by trying', () => {
    // Goal: every form of reliability §1.3 from a member. Method: each signed and chained as its
    // next frame; all are rejected for everybody, the state is as before, and what it says honestly
    // afterwards is taken.
    const { founder, next, honest } = stage();
    const before = picture(founder);
    const attacks = attacksAfter(clientOf('a'));
    assert.ok(attacks.length >= 30);
    for (const [what, body] of attacks) {
      assert.equal(verdictOf(founder.receive(next(body), NOW)), 'rejected: structure', what);
    }
    assert.deepEqual(picture(founder), before);
    assert.equal(founder.receive(honest, NOW).verdict, 'taken');
    const fresh = pair().founder;
    for (const [what, body] of firstAttacks(clientOf('a'))) {
      assert.equal(
        verdictOf(fresh.receive(forge('a', { body }), NOW)),
        'rejected: structure',
        what,
      );
    }
    assert.deepEqual(fresh.heads(), pair().founder.heads());
  });
});

describe('the holder of a token, whose key nobody certified', () => {
  it('says nothing at all in its own name, nor in that of a member', () => {
    // Goal: the same forms from one that only holds a token. Method: under its own key they wait
    // for nobody; under the member's name with its own signature they are bad for everybody.
    const { founder, next } = stage();
    const before = picture(founder);
    for (const [what, body] of [...attacksAfter(clientOf('a')), ...firstAttacks(clientOf('t'))]) {
      assert.equal(
        verdictOf(founder.receive(next(body, 'token'), NOW)),
        'rejected: signature',
        what,
      );
      const own = forge('t', { body });
      assert.equal(verdictOf(founder.receive(own, NOW)), 'held: unknown-author', what);
    }
    assert.deepEqual(picture(founder), before);
    assert.equal(founder.weight().frames, 2);
  });
});

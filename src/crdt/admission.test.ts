import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from '../node/linux/crypto.ts';
import { checkJoinRequest, makeJoinRequest } from './admission.ts';
import { encode } from './codec.ts';
import { inviteIdOf, meshIdOf } from './ids.ts';
import { makeInvite } from './invite.ts';
import { readRecord } from './records.ts';
import { inviteSchema, joinRequestSchema } from './schemas.table.ts';

const crypto = openCrypto();
const seedOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const FIELDS = {
  mesh: meshIdOf(seedOf(1)),
  memberSeed: seedOf(2),
  inviteSeed: seedOf(3),
  wgKey: crypto.wgPublicKey(seedOf(4)),
  name: 'web-1',
  ipv4: '10.10.0.2',
};
const INVITE = inviteIdOf(crypto.publicKey(seedOf(3)));

test('invite: the record is of the key that the seed makes', () => {
  // Goal: the holder of the token's seed is the holder of the invite. By making one.
  const fields = { number: 1, labels: { role: 'web' }, expiry: 5, uses: 2 };
  const { id, value } = makeInvite(crypto, seedOf(3), fields);
  assert.equal(id, INVITE);
  assert.deepEqual(value, { ...fields, publicKey: crypto.publicKey(seedOf(3)) });
  assert.equal(readRecord(inviteSchema, value).ok, true);
  assert.notEqual(makeInvite(crypto, seedOf(4), fields).id, INVITE);
});

test('admission: a request holds for its mesh and invite', () => {
  // Goal: a joiner with both keys gets in. By making and checking a request.
  const request = makeJoinRequest(crypto, FIELDS);
  assert.equal(readRecord(joinRequestSchema, request).ok, true);
  assert.equal(checkJoinRequest(crypto, FIELDS.mesh, INVITE, request), null);
});

test('admission: a request cannot be moved or changed', () => {
  // Goal: both signatures cover mesh, invite, member key, WireGuard key, name and address. By
  // changing each, and by taking each signature from a request that differs in it.
  const request = makeJoinRequest(crypto, FIELDS);
  const check = (change: Partial<typeof request>): string | null =>
    checkJoinRequest(crypto, FIELDS.mesh, INVITE, { ...request, ...change });
  assert.equal(check({}), null);
  assert.match(check({ name: 'web-2' }) ?? '', /invite/);
  assert.match(check({ ipv4: '10.10.0.3' }) ?? '', /invite/);
  assert.match(check({ wgKey: seedOf(9) }) ?? '', /invite/);
  assert.match(check({ memberKey: crypto.publicKey(seedOf(9)) }) ?? '', /invite/);
  const otherInvite = inviteIdOf(crypto.publicKey(seedOf(9)));
  assert.match(checkJoinRequest(crypto, FIELDS.mesh, otherInvite, request) ?? '', /invite/);
  const otherMesh = meshIdOf(seedOf(9));
  assert.match(checkJoinRequest(crypto, otherMesh, INVITE, request) ?? '', /invite/);
  const others = [
    { mesh: otherMesh },
    { memberSeed: seedOf(9) },
    { inviteSeed: seedOf(9) },
    { wgKey: seedOf(9) },
    { name: 'web-2' },
    { ipv4: '10.10.0.3' },
  ].map((change) => makeJoinRequest(crypto, { ...FIELDS, ...change }));
  for (const { inviteSignature, memberSignature } of others) {
    assert.match(check({ inviteSignature }) ?? '', /the invite’s signature/);
    assert.match(check({ memberSignature }) ?? '', /the member’s signature/);
  }
});

test('admission: who admits learns no seed, and can make nobody else of what it saw', () => {
  // Goal: a hostile admitter steals no token. Method: look for each seed in the bytes of a request,
  // and, so that the looking is known to work, for its key; then use its signature for another one.
  const request = makeJoinRequest(crypto, FIELDS);
  const seen = Buffer.from(encode(request)).toString('hex');
  const holds = (bytes: Uint8Array): boolean => seen.includes(Buffer.from(bytes).toString('hex'));
  assert.ok(holds(request.memberKey) && holds(request.inviteSignature));
  for (const seed of [FIELDS.inviteSeed, FIELDS.memberSeed]) assert.ok(!holds(seed));
  const own = makeJoinRequest(crypto, { ...FIELDS, inviteSeed: seedOf(8), memberSeed: seedOf(9) });
  const stolen = { ...own, inviteSignature: request.inviteSignature };
  assert.match(checkJoinRequest(crypto, FIELDS.mesh, INVITE, stolen) ?? '', /invite/);
});

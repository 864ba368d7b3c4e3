import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJoinRequest } from '../../crdt/admission.ts';
import { EXPIRY_MS, idOf, inviteOf, seedOf, world } from '../../crdt/test-world.ts';
import { openCrypto } from '../linux/crypto.ts';
import { type AdmitAsk, type AdmitContext, admit, offerIpv4 } from './admit.ts';

const crypto = openCrypto();
const story = () =>
  world()
    .invites('door', { uses: 2, labels: { role: 'web' } })
    .admits('vm2', 'door', { name: 'vm2', ipv4: '10.10.0.7' });

const context = (changed: Partial<AdmitContext> = {}): AdmitContext => ({
  view: story().view(),
  self: idOf('founder'),
  admissions: 0,
  wallMs: EXPIRY_MS,
  reserved: [],
  ...changed,
});

const ask = (member: string, name: string, invite = 'door'): AdmitAsk => ({
  kind: 'admit',
  ...makeJoinRequest(crypto, {
    mesh: story().view().mesh.id,
    memberSeed: seedOf(member),
    inviteSeed: seedOf(invite),
    wgKey: new Uint8Array(32).fill(1),
    name,
    ipv4:
      offerIpv4(crypto, { view: story().view(), reserved: [] }, crypto.publicKey(seedOf(member))) ??
      '',
  }),
});

const decide = (changed: Partial<AdmitContext>, request: AdmitAsk) => {
  const decided = admit(crypto, context(changed), inviteOf('door'), request);
  return decided.kind === 'refused' ? decided.why : decided.kind;
};

test('admit: a holder of an open invite gets a name, a free address and labels', () => {
  // Goal: what the admission says. Method: its fields, and that the address is nobody's.
  const decided = admit(crypto, context(), inviteOf('door'), ask('vm3', 'vm3'));
  assert.equal(decided.kind, 'admitted');
  const value = decided.kind === 'admitted' ? decided.edit?.value : null;
  const record = value as { ipv4: string; labels: unknown; name: string };
  assert.equal(decided.kind === 'admitted' && decided.edit?.path, `trust/admission/${idOf('vm3')}`);
  assert.deepEqual(record.labels, { role: 'web' });
  assert.equal(record.name, 'vm3');
  assert.ok(!['10.10.0.1', '10.10.0.7'].includes(record.ipv4));
});

test('admit: the same member again gets what it has, whatever became of the invite', () => {
  // Goal: a join whose answer was lost is repeated. Method: an expired and revoked invite.
  const view = story().invites('door', { uses: 1, revokedAt: EXPIRY_MS }).view();
  const again = { view, wallMs: EXPIRY_MS * 2 };
  const decided = admit(crypto, context(again), inviteOf('door'), ask('vm2', 'other'));
  assert.deepEqual(decided, { kind: 'admitted', name: 'vm2', ipv4: '10.10.0.7', edit: null });
});

test('admit: each reason for a refusal is told apart', () => {
  // Goal: the joiner learns which. Method: one changed thing a row.
  const request = ask('vm3', 'vm3');
  const spent = story().admits('vm4', 'door', { name: 'vm4' }).view();
  const revoked = story().invites('door', { uses: 2, revokedAt: 5 }).view();
  const evicted = story().admits('vm3', 'door', { name: 'vm3' }).evicts('vm3').view();
  assert.equal(decide({}, request), 'admitted');
  assert.equal(decide({ wallMs: EXPIRY_MS + 1 }, request), 'expired');
  assert.equal(decide({ view: spent }, request), 'used-up');
  assert.equal(decide({ view: revoked }, request), 'revoked');
  assert.equal(decide({ view: evicted }, request), 'evicted');
  assert.equal(decide({}, ask('vm3', 'vm2')), 'name-taken');
  assert.equal(decide({}, ask('vm3', 'Bad Name')), 'invalid');
  assert.equal(decide({}, ask('vm3', 'vm3', 'other door')), 'invalid');
  assert.equal(decide({}, { ...request, wgKey: new Uint8Array(32).fill(2) }), 'invalid');
});

test('admit: the address is the one that was offered, or nobody’s', () => {
  // Goal: a joiner signs where it will be. Method: an address that another member took meanwhile.
  const request = ask('vm3', 'vm3');
  const taken = story().admits('vm4', 'door', { name: 'vm4', ipv4: request.ipv4 });
  const view = taken.invites('door', { uses: 9 }).view();
  assert.equal(decide({ view }, request), 'address-taken');
  const offerTo = (name: string, reserved: readonly string[] = []) =>
    offerIpv4(crypto, { view, reserved }, crypto.publicKey(seedOf(name)));
  const offer = offerTo('vm3');
  assert.ok(offer !== null && offer !== request.ipv4);
  assert.equal(offerTo('vm2'), '10.10.0.7');
  const other = offerTo('vm3', [offer]);
  assert.ok(other !== null && other !== offer);
  assert.equal(decide({ reserved: [request.ipv4] }, request), 'address-taken');
});

test('admit: a node with 128 admissions sends the joiner on, an operator does not', () => {
  // Goal: the quota of a node holds. Method: both sides, both roles.
  const request = ask('vm3', 'vm3');
  assert.equal(decide({ self: idOf('vm2'), admissions: 127 }, request), 'admitted');
  assert.equal(decide({ self: idOf('vm2'), admissions: 128 }, request), 'retry');
  assert.equal(decide({ admissions: 128 }, request), 'admitted');
});

test('admit: who is no member any more lets nobody in, and sends joiners to others', () => {
  // Goal: nobody is told that it is in by a word that is void. Method: an entry that was evicted,
  // and one that has left; also for a key that is a member already, of which it may know too much.
  const out = story().evicts('vm2').view();
  const left = story().as('vm2').says('member/left', { left: true }).view();
  for (const view of [out, left]) {
    assert.equal(decide({ view, self: idOf('vm2') }, ask('vm3', 'vm3')), 'retry');
    assert.equal(decide({ view }, ask('vm3', 'vm3')), 'admitted');
  }
  const known = story().admits('vm3', 'door', { name: 'vm3' }).evicts('vm2').view();
  assert.equal(decide({ view: known, self: idOf('vm2') }, ask('vm3', 'vm3')), 'retry');
});

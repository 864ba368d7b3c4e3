import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPIRY_MS, idOf, inviteOf, world } from '../../crdt/test-world.ts';
import { Fault } from '../../fault.ts';
import { findAnybody, findInvite, findMember, inviteState } from './find.ts';

const view = world()
  .invites('door', { uses: 2 })
  .admits('vm2', 'door', { name: 'vm2' })
  .admits('gone', 'door', { name: 'gone' })
  .as('gone')
  .says('member/left', { left: true })
  .view();

const refuses = (start: string) => (error: unknown) =>
  error instanceof Fault && error.message.startsWith(start);

test('find: by name, by id, by the beginning of an id', () => {
  // Goal: what people type. Method: each form, and its negative twin.
  const id = idOf('vm2');
  for (const text of ['vm2', id, id.slice(0, 8)]) assert.equal(findMember(view, text).id, id);
  for (const text of ['vm3', 'vm', id.slice(0, 5), '', 'gone', 'VM2']) {
    assert.throws(() => findMember(view, text), refuses(`member: ${text}: no such member`));
  }
  assert.equal(findInvite(view, inviteOf('door').slice(0, 10)).id, inviteOf('door'));
  assert.throws(
    () => findInvite(view, 'aaaaaaaaaa'),
    refuses('invite: aaaaaaaaaa: no such invite'),
  );
});

test('find: one that has left, where its role or membership is taken', () => {
  // Goal: a key that may be somewhere can be shut out. Method: by name and id; who is here goes
  // first, and nobody is still nobody.
  const gone = idOf('gone');
  for (const text of ['gone', gone, gone.slice(0, 8)]) {
    assert.equal(findAnybody(view, text).id, gone);
  }
  assert.equal(findAnybody(view, 'vm2').id, idOf('vm2'));
  assert.throws(() => findAnybody(view, 'vm3'), refuses('member: vm3: no such member'));
  const two = world()
    .invites('door', { uses: 2 })
    .admits('gone', 'door', { name: 'web' })
    .admits('vm2', 'door', { name: 'web' })
    .as('gone')
    .says('member/left', { left: true })
    .view();
  assert.equal(findAnybody(two, 'web').id, idOf('vm2'));
});

test('find: an invite is open, used up, revoked or expired', () => {
  // Goal: the state that is listed. Method: table.
  const invite = { isRevoked: false, expiryMs: EXPIRY_MS, used: 0, uses: 1 };
  assert.equal(inviteState(invite, EXPIRY_MS), 'open');
  assert.equal(inviteState(invite, EXPIRY_MS + 1), 'expired');
  assert.equal(inviteState({ ...invite, used: 1 }, EXPIRY_MS), 'used-up');
  assert.equal(inviteState({ ...invite, isRevoked: true }, EXPIRY_MS), 'revoked');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPIRY_MS, idOf, inviteOf, world } from '../../crdt/test-world.ts';
import { Fault } from '../../fault.ts';
import { findInvite, findMember, inviteState } from './find.ts';

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

test('find: an invite is open, used up, revoked or expired', () => {
  // Goal: the state that is listed. Method: table.
  const invite = { isRevoked: false, expiryMs: EXPIRY_MS, used: 0, uses: 1 };
  assert.equal(inviteState(invite, EXPIRY_MS), 'open');
  assert.equal(inviteState(invite, EXPIRY_MS + 1), 'expired');
  assert.equal(inviteState({ ...invite, used: 1 }, EXPIRY_MS), 'used-up');
  assert.equal(inviteState({ ...invite, isRevoked: true }, EXPIRY_MS), 'revoked');
});

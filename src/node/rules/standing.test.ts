import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPIRY_MS, idOf, inviteOf, world } from '../../crdt/test-world.ts';
import { standingOf } from './standing.ts';

const DAY_MS = 24 * 3_600_000;

const story = world()
  .invites('door', { uses: 2 })
  .admits('vm2', 'door', { name: 'vm2' })
  .admits('bad', 'door', { name: 'bad' })
  .evicts('bad');

test('standing: members and invites stay, everybody else is cut', () => {
  // Goal: who may stay after Noise. Method: each kind of peer against one view.
  const local = {
    self: idOf('founder'),
    isInDoubt: () => false,
    entries: new Set<string>([idOf('bad'), idOf('stranger')]),
  };
  const standing = standingOf(story.view(), local, EXPIRY_MS);
  assert.equal(standing(idOf('vm2')), 'member');
  assert.equal(standing(idOf('founder')), 'member');
  assert.equal(standing(inviteOf('door')), 'invite');
  assert.equal(standing(idOf('bad')), 'stranger');
  assert.equal(standing(idOf('stranger')), 'stranger');
});

test('standing: an invite is told that it expired for a day, then it is a stranger', () => {
  // Goal: the 24 hours of FORMATS, "Connection". Method: both sides of the border.
  const local = { self: idOf('founder'), isInDoubt: () => false, entries: new Set<string>() };
  const at = (wallMs: number) => standingOf(story.view(), local, wallMs)(inviteOf('door'));
  assert.equal(at(EXPIRY_MS + DAY_MS), 'invite');
  assert.equal(at(EXPIRY_MS + DAY_MS + 1), 'stranger');
});

test('standing: pinned entries count only until this VM is a member in its own view', () => {
  // Goal: a joiner can reach its entry before it has read the state, and an evicted one never.
  const local = {
    self: idOf('vm9'),
    isInDoubt: () => false,
    entries: new Set<string>([idOf('vm8'), idOf('bad')]),
  };
  const before = standingOf(story.view(), local, EXPIRY_MS);
  assert.equal(before(idOf('vm8')), 'member');
  assert.equal(before(idOf('bad')), 'stranger');
  const after = standingOf(story.view(), { ...local, self: idOf('vm2') }, EXPIRY_MS);
  assert.equal(after(idOf('vm8')), 'stranger');
  const doubting = { ...local, self: idOf('vm2'), isInDoubt: () => true };
  const again = standingOf(story.view(), doubting, EXPIRY_MS);
  assert.equal(again(idOf('vm8')), 'member', 'the journal is in doubt: whoever is remembered');
  assert.equal(again(idOf('bad')), 'stranger');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerKey } from '../../crdt/ids.ts';
import { createInStep } from './in-step.ts';

const A = 'a' as PeerKey;
const B = 'b' as PeerKey;

test('in step: since the peer connected, and no longer than that', () => {
  // Goal: what was missed meanwhile is asked for anew. Method: connect, come in step, connect anew.
  const inStep = createInStep();
  inStep.noteConnection(A, true, 0);
  assert.equal(inStep.has(A), false);
  inStep.reach(A, 10);
  assert.equal(inStep.has(A), true);
  inStep.noteConnection(A, true, 20);
  assert.equal(inStep.has(A), false);
});

test('in step: a peer is waited for, for 30 s', () => {
  // Goal: who does not answer is found, who answers is not. Method: both sides of the border; one
  // that came in step, one that is gone, one that was never there.
  const inStep = createInStep();
  inStep.noteConnection(A, true, 0);
  inStep.noteConnection(B, true, 0);
  inStep.reach(B, 29_000);
  assert.deepEqual(inStep.overdue(29_999), []);
  assert.deepEqual(inStep.overdue(30_000), [A]);
  assert.deepEqual(inStep.overdue(3_600_000), [A]);
  inStep.reach(A, 3_600_000);
  assert.deepEqual(inStep.overdue(3_600_000), []);
  inStep.noteConnection(B, true, 3_600_000);
  inStep.noteConnection(B, false, 3_601_000);
  assert.deepEqual(inStep.overdue(3_700_000), []);
});

test('in step: whoever connects again and again is waited for no longer, for a while', () => {
  // Goal: no peer keeps this VM from being ready for more than a twentieth of the time. Method: one
  // that connects anew every 20 s, with and without coming in step; then ten minutes of peace.
  const inStep = createInStep();
  inStep.noteConnection(A, true, 0);
  inStep.noteConnection(A, true, 20_000);
  assert.deepEqual(inStep.overdue(29_000), []);
  assert.deepEqual(inStep.overdue(32_000), [A]);
  inStep.reach(A, 32_000);
  inStep.noteConnection(A, true, 33_000);
  assert.deepEqual(inStep.overdue(34_000), [A]);
  inStep.reach(A, 34_000);
  inStep.noteConnection(A, true, 634_000);
  assert.deepEqual(inStep.overdue(663_000), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import type { AgentReport } from '../../services/service.ts';
import { isReady, type ReadySigns } from './ready.ts';

const report: AgentReport = { name: 'vpn', state: 'ready', problems: [], changes: 0 };
const alone = world().view();
const pair = world().invites('door').admits('vm2', 'door', { name: 'vm2' }).view();

const signs = (changed: Partial<ReadySigns>): ReadySigns => ({
  self: idOf('founder'),
  uptimeMs: 0,
  link: () => 'suspect',
  isConnected: () => true,
  isInStep: () => false,
  isOverdue: () => false,
  reports: [report],
  ...changed,
});

test('ready: alone in the mesh, at once; among unreachable ones, after ten seconds', () => {
  // Goal: what `ready` means for who is alone. Method: both sides of each border.
  assert.equal(isReady(alone, signs({})), true);
  assert.equal(isReady(pair, signs({ uptimeMs: 9_999 })), false);
  assert.equal(isReady(pair, signs({ uptimeMs: 10_000 })), true);
});

test('ready: in step with everybody who can be reached', () => {
  // Goal: a connected member that is not in step holds readiness back while it is waited for; one
  // that only others are connected with, or that kept this VM waiting for too long, does not.
  const connected = { link: () => 'alive' as const, uptimeMs: 60_000 };
  assert.equal(isReady(pair, signs(connected)), false);
  assert.equal(isReady(pair, signs({ ...connected, isInStep: () => true })), true);
  assert.equal(isReady(pair, signs({ ...connected, isConnected: () => false })), true);
  assert.equal(isReady(pair, signs({ ...connected, isOverdue: () => true })), true);
});

test('ready: every agent, and only as a member', () => {
  // Goal: one agent that is not ready is enough to say no. Method: states, the view of a stranger
  // and of an evicted member.
  for (const state of ['starting', 'degraded', 'failed', 'stopping', 'stopped'] as const) {
    assert.equal(isReady(alone, signs({ reports: [report, { ...report, state }] })), false);
  }
  assert.equal(isReady(alone, signs({ self: idOf('vm2') })), false);
  const evicted = world().invites('door').admits('vm2', 'door').as('founder').evicts('vm2').view();
  assert.equal(isReady(evicted, signs({ self: idOf('vm2'), uptimeMs: 60_000 })), false);
});

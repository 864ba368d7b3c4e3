import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diff } from './diff.ts';
import {
  EXAMPLE_WALL_MS,
  exampleKey,
  exampleMember,
  exampleObserved,
  examplePeer,
  exampleSelf,
  exampleView,
} from './example.table.ts';
import { plan } from './plan.ts';
import { isToRenew } from './renewal.ts';

/** How old a handshake is, how long ago the recovery was, s; what is to be done. */
const CASES = [
  ['no recovery', 60, null, false],
  ['a session from before it', 60, 5, true],
  ['the oldest one that still carries', 179, 0, true],
  ['one that carries no more', 180, 0, false],
  ['one from after it', 3, 5, false],
  ['one of the second in which it was: the stamp may be up to a second too old', 6, 5, false],
  ['one from the second before', 6.1, 5, true],
  ['an hour later', 119, 3_600, false],
] as const;

test('renewal: a session from before the recovery begins anew, and no other', () => {
  // Goal: what others have with a copy of this VM ends at once, and each session ends once. Method:
  // ages of handshake and recovery, by table; then one that never was, and no peer at all.
  const selfOf = (recoveryAgeS: number | null, changes = {}) => {
    const recoveredAtMs = recoveryAgeS === null ? null : 9_000_000 - recoveryAgeS * 1_000;
    return exampleSelf({ nowMs: 9_000_000, recoveredAtMs, ...changes });
  };
  const peerOf = (ageS: number) =>
    examplePeer(2, { handshakeAtMs: EXAMPLE_WALL_MS - ageS * 1_000 });
  for (const [why, ageS, recoveryAgeS, expected] of CASES) {
    assert.equal(isToRenew(peerOf(ageS), selfOf(recoveryAgeS)), expected, why);
  }
  assert.equal(isToRenew(examplePeer(2, { handshakeAtMs: null }), selfOf(0)), false);
  assert.equal(isToRenew(undefined, selfOf(0)), false);
  // The wall clock was set back by an hour since the recovery, and forward since the handshake.
  const young = peerOf(-3_600 + 3);
  assert.equal(isToRenew(young, selfOf(5, { stepsMs: [3_600_000] })), false);
  assert.equal(isToRenew(peerOf(3_660), selfOf(5, { stepsMs: [-3_600_000] })), true);
});

test('what others may have with a copy of this VM begins anew, by one command and once', () => {
  // Goal: a member's tunnel leads here as soon as this VM is the one holder of its key. Method: two
  // peers that shook hands before the recovery and after it; then what is seen when it is done.
  const peers = (handshakeAtMs: number | null) => [
    examplePeer(2, { endpoint: '203.0.113.9:4000', handshakeAtMs }),
    examplePeer(3, { handshakeAtMs: EXAMPLE_WALL_MS - 2_000 }),
  ];
  const view = exampleView([exampleMember(1), exampleMember(2), exampleMember(3)]);
  const after = exampleSelf({ nowMs: 1_000_000, recoveredAtMs: 995_000 });
  const commandsFor = (observed: ReturnType<typeof exampleObserved>, self = after) =>
    diff(plan(view, self, observed).state, observed);
  const before = exampleObserved(peers(EXAMPLE_WALL_MS - 60_000));
  const renewal =
    `wg set cnsmo0 peer ${exampleKey(2)} remove` +
    ` peer ${exampleKey(2)} allowed-ips 10.10.0.2/32,fd00:1::2/128` +
    ' endpoint 203.0.113.9:4000 persistent-keepalive 25';
  // Nothing is found that somebody had changed.
  assert.deepEqual(commandsFor(before), [{ kind: 'run', argv: renewal.split(' '), found: [] }]);
  assert.deepEqual(commandsFor(before, exampleSelf()), [], 'without a recovery');
  assert.deepEqual(commandsFor(exampleObserved(peers(null))), []);
  assert.deepEqual(commandsFor(exampleObserved(peers(EXAMPLE_WALL_MS - 4_000))), []);
});

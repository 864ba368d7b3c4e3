import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCrypto } from './crypto.ts';
import { reduceAnswer } from './wireguard-answer.ts';
import { askWireguardGo } from './wireguard-socket.ts';

const hexOf = (fill: number): string => Buffer.alloc(32, fill).toString('hex');
const base64Of = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const PRIVATE = hexOf(7);
const PRESHARED = hexOf(9);
const NOW_MS = 1_800_000_000_000;

/** As wireguard-go 0.0.20220316 answers `get=1`: the device, then each peer from its key on. */
const ANSWER = `private_key=${PRIVATE}
listen_port=7300
public_key=${hexOf(3)}
preshared_key=${'0'.repeat(64)}
protocol_version=1
endpoint=192.0.2.2:7300
last_handshake_time_sec=${NOW_MS / 1000 - 60}
last_handshake_time_nsec=123
tx_bytes=148
rx_bytes=92
persistent_keepalive_interval=25
allowed_ip=fd00:1::2/128
allowed_ip=10.10.0.2/32
public_key=${hexOf(2)}
preshared_key=${PRESHARED}
protocol_version=1
last_handshake_time_sec=0
last_handshake_time_nsec=0
tx_bytes=0
rx_bytes=0
persistent_keepalive_interval=0
errno=0

`;

const wgKey = openCrypto().wgPublicKey(Buffer.from(PRIVATE, 'hex'));
const OWN = Buffer.from(wgKey).toString('base64');

test('what wireguard-go says is reduced to what a hand can change', () => {
  // Goal: each column, and counters left out. Method: a whole answer, compared whole.
  assert.equal(
    reduceAnswer(ANSWER, NOW_MS, 180_000),
    [
      `${OWN} 7300`,
      `${base64Of(2)} - 0 psk silent`,
      `${base64Of(3)} 10.10.0.2/32,fd00:1::2/128 25 - heard`,
    ].join('\n'),
  );
  const counted = ANSWER.replace('tx_bytes=148', 'tx_bytes=999');
  assert.equal(reduceAnswer(counted, NOW_MS, 180_000), reduceAnswer(ANSWER, NOW_MS, 180_000));
});

test('heard is by age, also after the clock stepped back', () => {
  // Goal: the same judgement as that of the plan. Method: clocks around both ends of the 180 s.
  const stampMs = NOW_MS - 60_000;
  for (const [ageMs, isHeard] of [
    [179_999, true],
    [180_000, false],
    [-179_999, true],
    [-180_000, false],
  ] as const) {
    const answer = reduceAnswer(ANSWER, stampMs + ageMs, 180_000) ?? '';
    assert.equal(answer.endsWith(' heard'), isHeard, `${ageMs}`);
  }
});

test('no secret comes through', () => {
  // Goal: invariant 1. Method: search the result for both secrets in either spelling.
  const said = reduceAnswer(ANSWER, NOW_MS, 180_000) ?? '';
  for (const secret of [PRIVATE, PRESHARED, base64Of(7), base64Of(9)]) {
    assert.ok(!said.includes(secret));
  }
});

test('what is no whole answer is none', async () => {
  // Goal: never a guess. Method: cut, refused, and an interface that is not there.
  assert.equal(reduceAnswer(ANSWER.replace('errno=0\n\n', ''), NOW_MS, 1), null);
  assert.equal(reduceAnswer('errno=-22\n\n', NOW_MS, 1), null);
  assert.equal(await askWireguardGo('no-such-interface', 1), 'none');
});

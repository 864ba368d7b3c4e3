import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConnection, sshCaller } from './ssh-caller.ts';

test('ssh caller: both ends of the connection, and nothing of anything else', async () => {
  // Goal: the address that may not be cut is the right one. Method: a table of sshd's texts.
  const remote = { host: '192.0.2.7', port: 50_000 };
  const local = { host: '192.0.2.1', port: 22 };
  for (const [text, expected] of [
    ['192.0.2.7 50000 192.0.2.1 22', { remote, local }],
    ['::ffff:192.0.2.7 50000 ::ffff:192.0.2.1 22', { remote, local }],
    [
      'fe80::1%eth0 50000 fd00::1 2222',
      { remote: { host: 'fe80::1', port: 50_000 }, local: { host: 'fd00::1', port: 2_222 } },
    ],
    ['127.0.0.1 50000 127.0.0.1 22', null],
    ['::1 50000 ::1 22', null],
    ['', null],
    ['192.0.2.7 50000 192.0.2.1', null],
    ['192.0.2.7 50000 192.0.2.1 22 x', null],
    ['host 50000 192.0.2.1 22', null],
    ['192.0.2.7 0 192.0.2.1 22', null],
    ['192.0.2.7 70000 192.0.2.1 22', null],
    ['192.0.2.7 $(id) 192.0.2.1 22', null],
  ] as const) {
    assert.deepEqual(readConnection(text), expected, text);
    assert.deepEqual(await sshCaller(text), expected, text);
  }
});

test('ssh caller: who did not come by ssh has none, or that of an ancestor', async () => {
  // Goal: no guess. Method: the ancestors of this test, which may run under sshd or not.
  const caller = await sshCaller(undefined);
  assert.ok(caller === null || caller.local.port > 0);
});

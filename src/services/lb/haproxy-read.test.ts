import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Results } from '../service.ts';
import { proxyProbes, readProxy } from './haproxy-read.ts';
import { slot } from './test-proxies.ts';

const ANSWER = `Name: HAProxy
Uptime_sec: 4
description: 1a-2b 29423

1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port
3 28400.web 1 s1 10.10.0.2 2 0 1 8080
3 28400.web 2 s2 fd00::3 2 8 5 8080
3 28400.web 3 s3 0.0.0.0 0 5 1 8080
3 28400.web 4 s4 10.10.0.4 2 4 1 4294938975

# pxname,svname,qcur,scur,status,
28400.web,s1,0,7,UP,
28400.web,s2,0,0,DRAIN,
28400.web,s3,0,0,MAINT,
28400.web,s4,0,2,DOWN,

0x55d8: [30/Nov/2026:05:10:01] id=workers disabled=0 flags=0x2 resync_timeout=4s task_calls=3
  0x55d9: id=cnsmo(local,inactive) addr=127.0.0.1:29423 last_status=NAME flags=0x3

#<PID>          <type>          <reloads>       <uptime>        <version>
14190           master          1 [failed: 0]   0d00h00m11s     2.6.12
# workers
14287           worker          0               0d00h00m05s     2.6.12
# old workers
14194           worker          1               0d00h00m10s     2.6.12
14180           worker          2               0d00h00m20s     2.6.12
# programs


`;

test('haproxy: what it says is read, and what cannot be read is told', () => {
  // Goal: never a guess. Method: an answer of HAProxy 2.6, shortened; then broken ones.
  const results = (stdout: string, more: Results = {}): Results => ({
    haproxy: { status: 0, stdout, stderr: '' },
    ...more,
  });
  const said = (stdout: string) => ({ status: 0, stdout, stderr: '' });
  const state = readProxy(
    results(ANSWER, {
      'haproxy-ipv6': said('if_inet6:1'),
      'haproxy-ports': said(
        'LISTEN 0 128 10.10.0.1:28400 0.0.0.0:*\nLISTEN 0 128 [fd00::1]:28401 [::]:*\n',
      ),
    }),
    null,
  );
  assert.ok(state.kind === 'running');
  assert.deepEqual([state.mark, state.peerPort, state.formerWorkers], ['1a-2b', 29_423, 2]);
  const hasLearned = (from: string, to: string): boolean => {
    const found = readProxy(results(ANSWER.replace(from, to)), null);
    return found.kind === 'running' && found.hasLearned;
  };
  assert.deepEqual(
    [
      ...[hasLearned('', ''), hasLearned('0x2 ', '0x33 '), hasLearned('0x2 ', '0x11 ')],
      // It gave up; and it knows no peers, or the word not.
      ...[hasLearned(': 4', ': 12'), hasLearned('0x55d8: ', 'Unknown command: ')],
    ],
    [false, true, false, true, true],
  );
  const alone = readProxy(results(ANSWER.replace(/# old workers\n(?:\d.*\n)+/, '')), null);
  assert.ok(alone.kind === 'running' && alone.formerWorkers === 0);
  assert.deepEqual(state.place, { hasIpv6: true, taken: new Set([28_400, 28_401]) });
  assert.deepEqual(state.proxies.get('web'), {
    localPort: 28_400,
    slots: [
      slot({ address: '10.10.0.2', state: 'ready', connections: 7 }),
      slot({ name: 's2', address: 'fd00::3', weight: 5, state: 'draining' }),
      slot({ name: 's3' }),
      slot({
        ...{ name: 's4', address: '10.10.0.4', port: 65_536 - 28_321, state: 'ready' },
        ...{ isDown: true, connections: 2 },
      }),
    ],
  });
  for (const broken of [
    ANSWER.replace('# be_id', '# id'),
    ANSWER.replace('# pxname', '# name'),
    ANSWER.replace(' 2 0 1 8080', ' 2 x 1 8080'),
    ANSWER.replace(',7,', ',many,'),
  ]) {
    const found = readProxy(results(broken), state);
    assert.ok(found.kind === 'silent');
    assert.match(found.why, /cannot be read; check its version/);
    assert.equal(found.before, state);
  }
  const silent = { haproxy: { status: 1, stdout: '', stderr: '' } };
  const kindOf = (more: Results): string => readProxy({ ...silent, ...more }, null).kind;
  assert.equal(readProxy({}, null).kind, 'unasked');
  assert.equal(kindOf({ 'haproxy-tool': said('found') }), 'absent');
  assert.equal(kindOf({ 'haproxy-tool': said('missing') }), 'no-tool');
  assert.equal(kindOf({ 'haproxy-child': said('running') }), 'silent');
  const later = readProxy(
    { ...silent, 'haproxy-child': said('running') },
    {
      ...{ kind: 'silent', why: '', before: state },
    },
  );
  assert.ok(later.kind === 'silent' && later.before === state);
});

test('haproxy: nobody is asked where nothing needs it and nothing was started', () => {
  // Goal: no cost without use. Method: wanted, made before, neither; and a host without `ss`.
  const count = (isWanted: boolean, made: readonly string[], results: Results = {}): number =>
    proxyProbes({ made: new Set(made) }, isWanted, results).length;
  assert.deepEqual([count(false, []), count(true, []), count(false, ['lb-haproxy'])], [0, 5, 5]);
  const found = { 'haproxy-ss': { status: 0, stdout: 'found', stderr: '' } };
  assert.equal(count(true, [], found), 6);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { done, run } from './test-local.ts';

const written = (time: string, level: string, event: string, facts: object): string =>
  JSON.stringify({ level, time, facts, event });

const LOG = [
  written('2026-11-20T12:00:00.123Z', 'info', 'started', { version: '0.1.0' }),
  written('2026-11-20T12:00:01.000Z', 'warn', 'agent', { why: 'no \u001b[31mwg', n: [1] }),
  'Started cnsmo.service.',
  '{"odd":1}',
];

test('logs: for people a line each, time first', async () => {
  // Goal: readable lines, nothing that paints. Method: our lines, systemd's, and an odd one.
  const { out, acts } = await run(['logs'], { log: LOG });
  assert.deepEqual(out.trimEnd().split('\n'), [
    '2026-11-20 12:00:00  info   started version=0.1.0',
    '2026-11-20 12:00:01  warn   agent why="no \\u001b[31mwg" n=[1]',
    'Started cnsmo.service.',
    '{"odd":1}',
  ]);
  const places = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };
  assert.deepEqual(acts, [['logs', places, { lines: 50, isFollowed: false }]]);
});

test('logs: for programs an object a line', async () => {
  // Goal: every line can be parsed. Method: the same log.
  const { out } = await run(['logs', '-o', 'json'], { log: LOG });
  const lines = out.trimEnd().split('\n');
  assert.equal(lines[0], LOG[0]);
  assert.deepEqual(JSON.parse(lines[2] ?? ''), { text: 'Started cnsmo.service.' });
  assert.equal(lines.length, 4);
});

test('logs: flags, a bad number, no log', async () => {
  // Goal: what is asked of the machine. Method: each flag, and refusals.
  const { acts } = await run('logs -f -n 7'.split(' '));
  assert.deepEqual(acts[0]?.[2], { lines: 7, isFollowed: true });
  const bad = await run('logs -n many'.split(' '));
  assert.deepEqual([bad.status, bad.acts], [3, []]);
  assert.match(bad.err, /^lines: many: not a number; /);
  const facts = { field: 'log', value: '/s/log', why: 'no log is there', remedy: 'start it' };
  const none = await run(['logs'], { failure: { logs: new Fault('refused', facts) } });
  assert.equal(none.status, 3);
  const nowhere = await run(['logs'], {
    isMember: false,
    failure: { logs: new Fault('refused', facts) },
  });
  assert.equal(nowhere.status, 4);
  assert.match(nowhere.err, /^daemon: .*: this VM is in no mesh; found one with/);
});

const PATH = 'GET /v1/members/vm2/log';
const page = (cursor: string, ...lines: readonly string[]) => done({ lines, cursor });

test('logs --on: the daemon is asked for the log of the member', async () => {
  // Goal: the same lines, from elsewhere. Method: a page; a name that would be another path.
  const answers = { [PATH]: page('7', LOG[0] ?? '', 'Started \u001b[31m') };
  const { out, requests } = await run('logs --on vm2 -n 9'.split(' '), { answers });
  assert.deepEqual(out.trimEnd().split('\n'), [
    '2026-11-20 12:00:00  info   started version=0.1.0',
    'Started  [31m',
  ]);
  assert.deepEqual(requests[0]?.query, { lines: '9' });
  const odd = await run(['logs', '--on', '../stop']);
  assert.equal(odd.requests[0]?.path, '/v1/members/..%2Fstop/log');
});

test('logs --on -f: goes on from the cursor, through a member that is away', async () => {
  // Goal: nothing twice, nothing missed. Method: pages, a gap, a page, then gone for good.
  const facts = { field: 'member', value: 'vm2', why: 'not connected', remedy: 'try again' };
  const away = new Fault('timeout', facts);
  const pages = [page('1', 'one'), page('2', 'two'), away, page('3', 'three'), away];
  const { out, err, status, requests } = await run('logs -f --on vm2'.split(' '), {
    answers: { [PATH]: pages },
    callMs: 1_000,
  });
  assert.equal(out, 'one\ntwo\nthree\n');
  const asked = requests.slice(0, 5).map(({ query }) => query.after ?? '-');
  assert.deepEqual(asked, ['-', '1', '2', '2', '3']);
  assert.deepEqual(requests[1]?.query, { lines: '1000', after: '1', waitMs: '20000' });
  assert.deepEqual([status, err], [5, 'member: vm2: not connected; try again\n']);
});

test('logs --on: what the member refuses ends it with its words', async () => {
  // Goal: a refusal is no empty log. Method: one, with -f as well.
  const facts = { field: 'role', value: 'node', why: 'only an operator may', remedy: 'ask one' };
  const answers = { [PATH]: new Fault('forbidden', facts) };
  for (const line of ['logs --on vm2', 'logs -f --on vm2']) {
    const { status, err } = await run(line.split(' '), { answers });
    assert.deepEqual([status, err], [3, 'role: node: only an operator may; ask one\n']);
  }
});

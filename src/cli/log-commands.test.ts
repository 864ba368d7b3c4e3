import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../fault.ts';
import { run } from './test-local.ts';

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
});

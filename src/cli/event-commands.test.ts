import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_STATUS, Fault, type FaultCode } from '../fault.ts';
import { done, noDaemon, run } from './test-local.ts';

const event = (text: string) => ({
  time: '2026-11-20T12:00:01.234Z',
  kind: 'joined',
  member: 'vm2',
  text,
  cause: null,
});
const answer = (cursor: string, ...texts: readonly string[]) =>
  done({ events: texts.map(event), cursor });
const started = {
  time: '2026-11-20T12:00:00.000Z',
  kind: 'started',
  member: null,
  text: 'cnsmo 0.1.0 started',
};

test('events: a line each, or an object a line', async () => {
  // Goal: for people and for programs. Method: two events in each format.
  const joined = { ...event('joined as 10.10.0.2'), cause: 'by invite 12ab of vm1' };
  const both = done({ events: [started, joined], cursor: '1-2' });
  const answers = { 'GET /v1/events': both };
  const plain = await run(['events'], { answers });
  assert.equal(
    plain.out,
    '2026-11-20 12:00:00  started       cnsmo 0.1.0 started\n' +
      '2026-11-20 12:00:01  joined        vm2 joined as 10.10.0.2: by invite 12ab of vm1\n',
  );
  const json = await run(['events', '-o', 'json'], { answers });
  const lines = json.out.trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [started, joined],
  );
  const yaml = await run(['events', '-o', 'yaml'], { answers });
  assert.match(yaml.out, /^- time: 2026-11-20T12:00:00\.000Z\n {2}kind: started\n/);
  assert.equal(plain.requests.length, 1);
});

test('events --since: as milliseconds, a bad one refused', async () => {
  // Goal: the daemon is told how old. Method: with, without, and nonsense.
  const answers = { 'GET /v1/events': answer('1-0') };
  const query = async (line: string) =>
    (await run(line.split(' '), { answers })).requests[0]?.query;
  assert.deepEqual(await query('events --since 10m'), { ageMsMax: '600000', waitMs: '0' });
  assert.deepEqual(await query('events'), { waitMs: '0' });
  const bad = await run(['events', '--since', 'noon'], { answers });
  assert.equal(bad.status, 3);
  assert.match(bad.err, /^since: noon: not a duration/);
});

test('events -f: goes on from the cursor, through a daemon that is away for a while', async () => {
  // Goal: nothing twice, nothing missed. Method: answers, a gap, answers, then gone for good.
  const answers = {
    'GET /v1/events': [
      answer('1-1', 'first'),
      answer('1-2', 'second'),
      answer('1-2'),
      noDaemon,
      noDaemon,
      answer('2-1', 'third'),
      noDaemon,
    ],
  };
  const ran = await run(['events', '-f', '--timeout', '5s'], { answers });
  assert.deepEqual(
    ran.out.split('\n').map((line) => line.split(' ').at(-1)),
    ['first', 'second', 'third', ''],
  );
  assert.deepEqual(
    ran.requests.slice(0, 7).map(({ query }) => query.after),
    [undefined, '1-1', '1-2', '1-2', '1-2', '1-2', '2-1'],
  );
  assert.equal(ran.requests[1]?.query.waitMs, '20000');
  assert.equal(ran.status, 4);
  assert.ok(ran.requests.length < 100);
});

test('events -f: goes on through what passes, and ends at once with a refusal', async () => {
  // Goal: nobody waits 50 s for what no retry heals. Method: each code between two answers, and
  // how often is asked after it.
  const facts = { field: 'role', value: 'node', why: 'only an operator may', remedy: 'ask one' };
  for (const code of Object.keys(FAULT_STATUS) as FaultCode[]) {
    const isPassing = ['no-daemon', 'timeout', 'internal'].includes(code);
    const refused = new Fault('refused', { ...facts, why: 'the end' });
    const pages = [answer('1-1', 'first'), new Fault(code, facts), answer('1-2', 'next'), refused];
    const ran = await run(['events', '-f'], { answers: { 'GET /v1/events': pages } });
    assert.equal(ran.requests.length, isPassing ? 4 : 2, code);
    assert.equal(ran.err.includes('the end'), isPassing, code);
    assert.equal(ran.status, FAULT_STATUS[isPassing ? 'refused' : code].exit, code);
  }
});

test('events -f: without a daemon at first it does not wait for one', async () => {
  // Goal: exit 4 at once. Method: no daemon from the beginning; and a bug is no absence.
  const gone = await run(['events', '-f'], { answers: { 'GET /v1/events': noDaemon } });
  assert.deepEqual([gone.status, gone.requests.length], [4, 1]);
  const facts = { field: 'daemon', value: '/run', why: 'not permitted', remedy: 'run it as root' };
  const answers = { 'GET /v1/events': new Fault('forbidden', facts) };
  assert.equal((await run(['events'], { answers })).status, 3);
});

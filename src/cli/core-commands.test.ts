import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoreReport } from '../node/rules/answers.ts';
import { done, run } from './test-local.ts';

const id = 'abcdefghijklmnop' as NonNullable<CoreReport['holder']>['id'];
const REPORT: CoreReport = {
  epochMs: 600_000,
  epoch: 2_900_123,
  holder: { id, name: 'vm2', epoch: 2_900_123, term: 1, since: '2026-11-20T12:00:05.500Z' },
  elected: { id, name: 'vm2' },
  why: 'vm1, whose turn it is, drains',
  next: { id, name: 'vm3', at: '2026-11-20T12:10:00.000Z' },
  ring: [
    { id, name: 'vm1', unfit: 'draining' },
    { id, name: 'vm2', unfit: null },
  ],
  isEligible: true,
  duties: [
    { name: 'in step', found: ['vm3 is behind this VM'] },
    { name: 'roll-up', found: ['members: 3 alive'] },
  ],
};

const textOf = async (report: Partial<CoreReport>): Promise<string> => {
  const answers = { 'GET /v1/core': done({ ...REPORT, ...report }) };
  return (await run(['core'], { answers })).out;
};

test('core: holder, term, epoch, since, next and why, and what the duties found', async () => {
  // Goal: what a person asks first. Method: a role that was handed on, as it is shown.
  const lines = (await textOf({})).split('\n').map((line) => line.trimEnd());
  assert.deepEqual(lines, [
    'vm2 has the core role: vm1, whose turn it is, drains',
    'term 2900123.1, since 2026-11-20 12:00:05 UTC',
    'next: vm3, at 2026-11-20 12:10:00 UTC',
    'a turn is 600 s',
    '',
    'RING  NOW',
    'vm1   draining',
    'vm2   fit',
    '',
    'vm3 is behind this VM',
    'members: 3 alive',
    '',
  ]);
});

test('core: nobody has it yet, nobody is next, and this VM may not have it', async () => {
  // Goal: the other words. Method: one change of the report at a time.
  const waiting = await textOf({ holder: null });
  assert.match(waiting, /^vm2 is to have the core role, and does not say so yet: vm1, whose turn/);
  assert.ok(!waiting.includes('since'));
  assert.match(await textOf({ holder: null, elected: null }), /^nobody is to have the core role/);
  assert.ok(!(await textOf({ next: null })).includes('next: '));
  const text = await textOf({ isEligible: false });
  assert.match(text, /a turn is 600 s; this VM may not have it \(cnsmo consent --eligible\)\n/);
});

test('core: machines get the report as it is; --epoch and step-down are asked for', async () => {
  // Goal: one object for programs, and the two verbs. Method: the requests and the answers.
  const now = { ...REPORT.holder, name: 'vm3', term: 2 };
  const answers = {
    'GET /v1/core': done(REPORT),
    'PUT /v1/core/epoch': done({ epochMs: 300_000 }),
    'POST /v1/core/step-down': done(now),
  };
  const json = await run(['core', '-o', 'json'], { answers });
  assert.deepEqual(JSON.parse(json.out), JSON.parse(JSON.stringify(REPORT)));
  const { requests } = await run(['core', '--epoch', '5m'], { answers });
  assert.deepEqual(requests[0]?.body, { epochMs: 300_000 });
  const given = await run(['core', 'step-down'], { answers });
  assert.equal(given.out, 'vm3 has the core role now, term 2900123.2.\n');
});

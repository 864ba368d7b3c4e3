import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Eviction } from '../node/rules/answers.ts';
import { done, run } from './test-local.ts';

const NOTHING: Eviction = {
  id: 'abcdefghijklmnop' as Eviction['id'],
  member: 'vm3',
  adopted: [],
  lost: [],
  invites: [],
  operators: [],
  paths: [],
  warnings: [],
};
const MUCH: Eviction = {
  ...NOTHING,
  adopted: ['vm4', 'vm5'],
  invites: ['inviteinviteinvite'],
  operators: ['vm4'],
  paths: ['intent/lb/service/web'],
};
const answers = (foreseen: Eviction, told = 2) => ({
  'GET /v1/evictions/vm3': done(foreseen),
  'POST /v1/evictions': done({ ...foreseen, told, others: 2 }),
});

test('evict: shows what hangs on the member, then evicts it by its id', async () => {
  // Goal: nobody evicts blindly, and a name that changes hands meanwhile is no accident. Method:
  // both requests, and what is said.
  const { status, out, err, requests } = await run(['evict', 'vm3', '--reason', 'stolen'], {
    answers: answers(MUCH, 1),
  });
  assert.equal(status, 0);
  assert.match(err, /^What hangs on vm3:\n {2}members that came by it: vm4, vm5: stay/);
  assert.match(err, /open invites: inviteinvite: open nothing any more/);
  assert.match(err, /intent\/lb\/service\/web/);
  assert.equal(
    out,
    'vm3 is evicted: 1 of 2 other members know; the others hear of it when they can be reached.\n',
  );
  assert.deepEqual(requests[0]?.query, { cascade: 'false' });
  assert.deepEqual(requests[1]?.body, {
    member: MUCH.id,
    cascade: false,
    sure: false,
    reason: 'stolen',
  });
});

test('evict: --dry-run changes nothing; --cascade and --yes are passed on', async () => {
  // Goal: the flags. Method: the requests that are made.
  const dry = await run(['evict', 'vm3', '--dry-run'], { answers: answers(NOTHING) });
  assert.equal(dry.out, 'Nothing hangs on vm3.\n');
  assert.equal(dry.requests.length, 1);
  const sure = await run(['evict', 'vm3', '--cascade', '--yes', '-o', 'json'], {
    answers: answers(NOTHING),
  });
  assert.deepEqual(sure.requests[1]?.body, { member: NOTHING.id, cascade: true, sure: true });
  assert.deepEqual(JSON.parse(sure.out), { evicted: true, ...NOTHING, told: 2, others: 2 });
  assert.equal(sure.err, '');
});

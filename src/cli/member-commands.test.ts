import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_STATUS, Fault } from '../fault.ts';
import { type Answers, done, noDaemon, run } from './test-local.ts';

const USUAL = { state: '/var/lib/cnsmo', run: '/run/cnsmo' };

const refusal = new Fault('refused', {
  field: 'recovery-file',
  value: '/root/code',
  why: 'EEXIST',
  remedy: 'name a file that does not exist',
});

test('init: founds, says where the code is, starts', async () => {
  // Goal: the order and the words. Method: the acts and the output of the plain command.
  const { status, out, err, acts } = await run(['init', '--mesh', 'shop', '--port', '7301']);
  assert.equal(status, 0);
  assert.deepEqual(
    acts.map(([act]) => act),
    ['check', 'init', 'start'],
  );
  assert.deepEqual(acts[2], ['start', USUAL]);
  const flags = acts[1]?.[2] as Readonly<Record<string, unknown>>;
  assert.equal(flags.mesh, 'shop');
  assert.equal(flags.port, '7301');
  assert.equal(flags.prefix, '10.10.0.0/16');
  assert.match(out, /^Mesh shop founded\. This VM is vm1, 10\.10\.0\.1\.\n/);
  assert.match(out, /^Recovery code, shown only now: CODE-1$/m);
  assert.match(err, /cnsmo invite/);
  assert.equal((await run(['init', '-q'])).err, '');
});

test('init: the recovery file is written before the mesh is made', async () => {
  // Goal: no mesh without a code in its owner's hands. Method: order; and a file that cannot be.
  const line = ['init', '--recovery-file', '/root/code'];
  const { out, acts } = await run(line);
  assert.deepEqual(
    acts.map(([act]) => act),
    ['check', 'writeSecret', 'init', 'start'],
  );
  assert.deepEqual(acts[1], ['writeSecret', '/root/code', 'CODE-1\n']);
  assert.doesNotMatch(out, /CODE-1/);
  assert.match(out, /The recovery code is in \/root\/code\./);
  const failed = await run(line, { failure: { writeSecret: refusal } });
  assert.equal(failed.status, 3);
  assert.deepEqual(
    failed.acts.map(([act]) => act),
    ['check', 'writeSecret'],
  );
});

test('init: as JSON, one object; the code only where it is not in a file', async () => {
  // Goal: what programs get. Method: with and without the file.
  const plain = await run(['init', '-o', 'json']);
  assert.deepEqual(JSON.parse(plain.out), {
    mesh: 'shop',
    name: 'vm1',
    ipv4: '10.10.0.1',
    recoveryCode: 'CODE-1',
  });
  assert.equal(plain.err, '');
  const kept = await run(['init', '-o', 'json', '--recovery-file', '/root/code']);
  assert.deepEqual(JSON.parse(kept.out), { mesh: 'shop', name: 'vm1', ipv4: '10.10.0.1' });
});

test('init and join: detached, in this process, or not started', async () => {
  // Goal: the three ways. Method: the last act.
  for (const line of [['init'], ['join', 'TOKEN']]) {
    const last = async (...flags: string[]) => (await run([...line, ...flags])).acts.at(-1)?.[0];
    assert.equal(await last(), 'start');
    assert.equal(await last('--foreground'), 'daemon');
    assert.equal(await last('--no-start'), line[0]);
  }
});

test('join: where the token comes from', async () => {
  // Goal: argument, file, environment, input, in this order. Method: what each line consumes.
  const env = { CNSMO_TOKEN: 'FROM-ENV' };
  const choice = { env, input: 'FROM-INPUT\n', files: { '/t': 'FROM-FILE\n' } };
  const tokenOf = async (line: string, more = {}) => {
    const { acts } = await run(line.split(' '), { ...choice, ...more });
    return acts.find(([act]) => act === 'join')?.[2];
  };
  assert.equal(await tokenOf('join ARGUMENT'), 'ARGUMENT');
  assert.equal(await tokenOf('join --token-file /t'), 'FROM-FILE\n');
  assert.equal(await tokenOf('join'), 'FROM-ENV');
  assert.equal(await tokenOf('join', { isTerminal: true }), 'FROM-ENV');
  assert.equal(await tokenOf('join -'), 'FROM-INPUT\n');
  assert.equal(await tokenOf('join', { env: {} }), 'FROM-INPUT\n');
  assert.equal(await tokenOf('join', { env: { CNSMO_TOKEN: '' } }), 'FROM-INPUT\n');
});

test('join: the token leaves the environment before anything else is done', async () => {
  // Goal: no child ever sees it. Method: the order of acts.
  const { acts } = await run(['join'], { env: { CNSMO_TOKEN: 'T' } });
  assert.deepEqual(
    acts.map(([act]) => act),
    ['takeEnv', 'join', 'start'],
  );
  assert.deepEqual(acts[0], ['takeEnv', 'CNSMO_TOKEN']);
});

test('join: without a token on a terminal it does not wait for one', async () => {
  // Goal: usage, status 2, nothing done. Method: a terminal; twin: a pipe is read.
  const { status, err, acts } = await run(['join'], { isTerminal: true });
  assert.equal(status, 2);
  assert.match(err, /^token: \(none\): a token is needed; /);
  assert.deepEqual(acts, [['takeEnv', 'CNSMO_TOKEN']]);
  assert.equal((await run(['join'], { input: 'T' })).status, 0);
});

test('join: what it says, and a start that fails', async () => {
  // Goal: the VM is a member even when its daemon does not start. Method: both outputs.
  const { out } = await run(['join', 'T']);
  assert.equal(out, 'Joined mesh shop. This VM is vm1, 10.10.0.1.\n');
  const facts = { field: 'daemon', value: '/s', why: 'does not answer', remedy: 'read the log' };
  const failure = { start: new Fault('internal', facts) };
  const failed = await run(['join', 'T', '-o', 'json'], { failure });
  assert.equal(failed.status, 1);
  assert.equal(JSON.parse(failed.out).name, 'vm1');
  assert.deepEqual(JSON.parse(failed.err), { error: facts });
});

test('leave: by the daemon, or --local without it; then the unit goes', async () => {
  // Goal: both ways end with nothing left. Method: the order of acts; a refusal stops it.
  const answers = { 'POST /v1/leave': done({ told: 2, others: 2 }) };
  const { out, err, acts } = await run(['leave'], { answers });
  assert.deepEqual(acts, [
    ['call', USUAL, 'POST /v1/leave'],
    ['forget', USUAL],
  ]);
  assert.equal(out, 'Left the mesh. Nothing of it remains on this VM.\n');
  assert.equal(err, '');
  assert.deepEqual((await run(['leave', '--local'])).acts, [
    ['leaveLocal', USUAL],
    ['forget', USUAL],
  ]);
  const facts = { field: 'x', value: 'y', why: 'z', remedy: 'w' };
  const refused = { 'POST /v1/leave': { status: 409, body: { error: facts } } };
  const failed = await run(['leave', '-o', 'json'], { answers: refused });
  assert.equal(failed.status, 3);
  assert.equal(failed.out, '');
  assert.equal(failed.acts.length, 1);
});

test('leave: who could not be told is told to who leaves', async () => {
  // Goal: nobody wonders about a dead member. Method: none of the others, then some.
  const err = async (told: number) => {
    const answers = { 'POST /v1/leave': done({ told, others: 3 }) };
    return (await run(['leave'], { answers })).err;
  };
  assert.match(await err(0), /^Note: no other member could be reached. They show this VM as dead/);
  assert.match(await err(2), /^Note: 2 of 3 members heard of it/);
  assert.equal(await err(3), '');
});

test('leave: without a daemon, it finishes what was begun and touches no member', async () => {
  // Goal: repeating a leave that was killed is enough. Method: no daemon; a leave that was cut,
  // nothing at all, a member.
  const answers = { 'POST /v1/leave': noDaemon };
  const cut = await run(['leave'], { answers, finished: { told: 1, others: 1 } });
  assert.equal(cut.status, 0);
  assert.deepEqual(
    cut.acts.map(([act]) => act),
    ['call', 'finishLeave', 'forget'],
  );
  const nowhere = await run(['leave'], { answers, finished: null, isMember: false });
  assert.equal(nowhere.status, 0);
  assert.equal(nowhere.out, 'This VM is in no mesh, and nothing of one is on it.\n');
  const member = await run(['leave'], { answers });
  assert.equal(member.status, 4);
  assert.match(member.err, /start it with cnsmo start, then leave; or tell nobody/);
  const ended = new Fault('internal', { ...noDaemon.facts, why: 'ended while answering' });
  const killed = { 'POST /v1/leave': ended };
  assert.equal((await run(['leave'], { answers: killed, finished: null })).status, 0);
  assert.equal((await run(['leave'], { answers: killed })).status, 1);
  const broken = new Fault('internal', { ...noDaemon.facts, field: 'disk' });
  const still = await run(['leave'], { answers: { 'POST /v1/leave': broken }, finished: null });
  assert.equal(still.status, 1);
});

test('leave: what cannot be undone has the same exit status by the daemon as without', async () => {
  // Goal: a script can tell. Method: the daemon's answer, and the act of the machine.
  const facts = { field: 'host', value: 'vpn-link', why: 'could not be undone', remedy: 'repair' };
  const answer = { status: FAULT_STATUS.unfinished.http, body: { error: facts } };
  const answers = { 'POST /v1/leave': answer };
  assert.equal((await run(['leave'], { answers })).status, 6);
  const statuses = Object.values(FAULT_STATUS).map(({ http }) => http);
  assert.equal(new Set(statuses).size, statuses.length);
  const failure = { leaveLocal: new Fault('unfinished', facts) };
  assert.equal((await run(['leave', '--local'], { failure })).status, 6);
});

test('consent: shows without flags, changes only what a flag names', async () => {
  // Goal: the request of each line. Method: the bodies that are sent.
  const body = { services: ['vpn'], allowRun: true, eligible: false };
  const answers = { 'GET /v1/consent': done(body), 'PUT /v1/consent': done(body) };
  const ask = async (line: string) => (await run(line.split(' '), { answers })).requests[0];
  assert.equal((await ask('consent'))?.method, 'GET');
  const sent = async (line: string) => JSON.parse(JSON.stringify((await ask(line))?.body));
  assert.deepEqual(await sent('consent --services vpn'), { services: 'vpn' });
  assert.deepEqual(await sent('consent --allow-run'), { allowRun: true });
  assert.deepEqual(await sent('consent --no-allow-run'), { allowRun: false });
  assert.deepEqual(await sent('consent --no-eligible'), { eligible: false });
  assert.equal(
    (await run(['consent'], { answers })).out,
    'services: vpn\nrun programs: yes\ncore role: no\n',
  );
});

test('init, join, start, stop, restart: a --timeout that was typed is kept', async () => {
  // Goal: the flag is not for the API alone. Method: the limit that each act was given; twin: none
  // was typed, and each takes its own.
  const limitsOf = async (line: readonly string[], answers: Answers = {}) =>
    (await run(line, { answers })).acts
      .filter(([act]) => ['join', 'start', 'stop'].includes(String(act)))
      .map((words) => words.find((word) => typeof word === 'number') ?? null);
  assert.deepEqual(await limitsOf(['init', '--timeout', '7s']), [7_000]);
  assert.deepEqual(await limitsOf(['join', 'T', '--timeout', '7s']), [7_000, 7_000]);
  assert.deepEqual(await limitsOf(['start', '--timeout', '1m']), [60_000]);
  assert.deepEqual(await limitsOf(['--timeout', '1m', 'stop']), [60_000]);
  const answers = { 'GET /v1/status': noDaemon };
  assert.deepEqual(await limitsOf(['restart', '--timeout', '7s'], answers), [7_000, 7_000]);
  assert.deepEqual(await limitsOf(['join', 'T']), [null, null]);
});

test('join: its steps are told on a terminal, and not with -q or to machines', async () => {
  // Goal: -q is quiet. Method: what stands on standard error.
  const told = async (...flags: readonly string[]) =>
    (await run(['join', 'T', ...flags], { isTerminal: true })).err;
  assert.match(await told(), /^asking vm1 …\n/);
  for (const flags of [['-q'], ['-o', 'json']]) assert.doesNotMatch(await told(...flags), /asking/);
  assert.equal((await run(['join', 'T'])).err, '');
});

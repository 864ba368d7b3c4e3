import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedInvite, MemberStatus, Status } from '../node/rules/answers.ts';
import { done, noDaemon, run } from './test-local.ts';

const member = (changed: Partial<Record<keyof MemberStatus, unknown>>): MemberStatus =>
  ({
    id: 'aaaaaa',
    name: 'vm1',
    role: 'operator',
    labels: {},
    state: 'alive',
    addresses: ['10.10.0.1', 'fd00::1'],
    endpoint: '198.51.100.1:7300',
    handshakeAgeMs: null,
    rttMs: null,
    version: '0.1.0',
    ...changed,
  }) as MemberStatus;

const vm2 = member({
  id: 'bbbbbb',
  name: 'vm2',
  role: 'node',
  addresses: ['10.10.0.2', 'fd00::2'],
  handshakeAgeMs: 12_400,
  rttMs: 1.4,
});

const status = (isReady: boolean, changed: Partial<Status> = {}): Status =>
  ({
    mesh: { id: 'm', name: 'shop' },
    self: {
      id: 'aaaaaa',
      name: 'vm1',
      role: 'operator',
      addresses: ['10.10.0.1', 'fd00::1'],
      ready: isReady,
      engine: 'kernel',
      version: '0.1.0',
    },
    core: null,
    members: [member({}), vm2],
    services: [{ name: 'vpn', state: 'ready', problems: [] }],
    reachable: 2,
    total: 2,
    alarms: [],
    ...changed,
  }) as Status;

const answering = (...bodies: readonly Status[]) => ({
  'GET /v1/status': bodies.map((body) => done(body)),
});

test('status: the mesh, this VM, its members', async () => {
  // Goal: all that a person looks for first. Method: lines of the table; the object as it came.
  const { out } = await run(['status'], { answers: answering(status(true)) });
  assert.match(
    out,
    /^mesh shop · vm1 \(operator\) · ready · WireGuard: kernel\n10\.10\.0\.1 · fd00::1\n\n/,
  );
  assert.match(out, /^vm2 +node +alive +10\.10\.0\.2 /m);
  assert.doesNotMatch(out, /reachable|alarm|links --at/);
  const json = await run(['status', '-o', 'json'], { answers: answering(status(true)) });
  assert.deepEqual(JSON.parse(json.out), status(true));
});

test('status: what is wrong is said', async () => {
  // Goal: a partition, a service in trouble, an alarm and an eviction each get a line; members that
  // left none.
  const evicted = { by: 'vm1', at: '2026-03-04T05:06:07.000Z', reason: 'stolen' };
  const changed = {
    members: [
      member({}),
      { ...vm2, state: 'dead' },
      { ...vm2, name: 'vm3', state: 'left' },
      { ...vm2, name: 'vm4', state: 'evicted', addresses: [], evicted },
    ],
    services: [{ name: 'vpn', state: 'degraded', problems: ['no ip: install iproute2'] }],
    reachable: 1,
    alarms: ['over-use: abcdef'],
  } as unknown as Partial<Status>;
  const { out } = await run(['status'], { answers: answering(status(false, changed)) });
  assert.match(out, /not ready yet/);
  assert.match(
    out,
    /^1 of 2 members reachable; changes made here reach the rest .*\nnot reachable: vm2$/m,
  );
  assert.match(out, /^if all have new addresses, .*: cnsmo links --at ADDRESS$/m);
  assert.match(out, /^vpn: degraded\n {2}no ip: install iproute2$/m);
  assert.match(out, /^alarm: over-use: abcdef$/m);
  assert.match(out, /^vm4 +node +evicted +- /m);
  assert.match(out, /^vm4 was evicted by vm1, 2026-03-04 05:06 UTC: stolen$/m);
});

test('status --wait ready: looks until it is', async () => {
  // Goal: waits through a daemon that is not there yet and one that is not ready. Method: answers.
  const answers = {
    'GET /v1/status': [noDaemon, done(status(false)), done(status(false)), done(status(true))],
  };
  const ran = await run(['status', '--wait', 'ready'], { answers });
  assert.equal(ran.status, 0);
  assert.equal(ran.requests.length, 4);
  assert.match(ran.out, /· ready/);
});

test('status --wait ready: gives up in time and says what is missing', async () => {
  // Goal: 5, and why. Method: never ready in four ways; slow answers count as time.
  const wait = ['status', '--wait', 'ready', '--timeout', '10s'];
  const trouble = { services: [{ name: 'vpn', state: 'failed', problems: ['no tun'] }] };
  const table = [
    [
      answering(status(false, trouble as unknown as Partial<Status>)),
      'service vpn is failed: no tun',
    ],
    [answering(status(false)), '2 of 2 members reachable and not all in step'],
    [{ 'GET /v1/status': noDaemon }, 'daemon: not running'],
    [{ 'GET /v1/status': noDaemon }, 'daemon: is starting, and does not answer yet', true],
  ] as const;
  for (const [answers, why, hasDaemon = false] of table) {
    const ran = await run(wait, { answers, hasDaemon });
    const said = `status: not ready: ${why}; wait longer with --timeout, or see cnsmo status\n`;
    assert.deepEqual([ran.status, ran.err], [5, said]);
  }
  const slow = await run(wait, { answers: answering(status(false)), callMs: 4_800 });
  assert.equal(slow.requests.length, 3);
  const facts = { field: 'daemon', value: '/run', why: 'not permitted', remedy: 'run it as root' };
  const forbidden = { 'GET /v1/status': { status: 403, body: { error: facts } } };
  assert.equal((await run(wait, { answers: forbidden })).status, 3);
});

test('members: a table, or the bare array', async () => {
  // Goal: both forms. Method: the lines; a member of which nothing is known yet.
  const unknown = member({ name: 'vm3', state: 'suspect', addresses: [], endpoint: null });
  const answers = { 'GET /v1/members': done([member({}), vm2, unknown]) };
  const { out } = await run(['members'], { answers });
  const [heading, ...lines] = out.trimEnd().split('\n');
  assert.match(heading ?? '', /^NAME +ROLE +STATE +ADDRESS +ENDPOINT/);
  assert.equal(lines.length, 3);
  assert.match(lines[1] ?? '', /10\.10\.0\.2 +198\.51\.100\.1:7300 +12 s +1 ms$/);
  assert.match(lines[2] ?? '', /suspect +- +- +- +-$/);
  const json = await run(['members', '-o', 'json'], { answers });
  assert.deepEqual(JSON.parse(json.out), [member({}), vm2, unknown]);
});

test('invite: the token alone, and a note where it is of no use outside', async () => {
  // Goal: `cnsmo invite | ssh …` works. Method: output, requests, the note on stderr only.
  const made = { id: 'i', token: 'cnsmo1_T', expiryMs: 1, warning: null };
  const answers = { 'POST /v1/invites': done(made) };
  const line = 'invite --ttl 30m --uses 3 --label role=web --label zone=a';
  const plain = await run(line.split(' '), { answers });
  assert.deepEqual([plain.out, plain.err], ['cnsmo1_T\n', '']);
  assert.deepEqual(plain.requests[0]?.body, {
    ttlMs: 1_800_000,
    uses: 3,
    labels: ['role=web', 'zone=a'],
  });
  const warned = { 'POST /v1/invites': done({ ...made, warning: 'private only' }) };
  assert.deepEqual(
    [
      (await run(['invite'], { answers: warned })).out,
      (await run(['invite'], { answers: warned })).err,
    ],
    ['cnsmo1_T\n', 'note: private only\n'],
  );
  const json = await run(['invite', '-o', 'json'], { answers: warned });
  assert.equal(json.err, '');
  assert.equal(JSON.parse(json.out).warning, 'private only');
  assert.deepEqual(json.requests[0]?.body, { ttlMs: 3_600_000, uses: 1, labels: [] });
});

test('invite list and revoke', async () => {
  // Goal: their requests and output. Method: one invite; an id that needs escaping.
  const invite = {
    id: 'abcdefghijklmnop',
    number: 1,
    labels: { role: 'web' },
    expiryMs: 0,
    uses: 2,
    used: 1,
    state: 'expired',
  } as unknown as ListedInvite;
  const list = { 'GET /v1/invites': done([invite]) };
  const { out } = await run(['invite', 'list'], { answers: list });
  assert.match(out, /^INVITE/);
  assert.match(out, /abcdefghijkl +expired +1 of 2 +1970-01-01 00:00 +role=web$/m);
  const json = await run(['invite', 'list', '-o', 'json'], { answers: list });
  assert.deepEqual(JSON.parse(json.out), [invite]);
  const revoke = { 'DELETE /v1/invites/a%2Fb': done() };
  const revoked = await run(['invite', 'revoke', 'a/b'], { answers: revoke });
  assert.equal(revoked.out, 'Invite a/b is revoked.\n');
});

test('member rename and label', async () => {
  // Goal: their requests and output. Method: one of each, with and without labels left.
  const named = (labels: object) => done({ id: 'bbbbbb', name: 'db', labels });
  const rename = { 'PUT /v1/members/vm2/name': named({}) };
  const renamed = await run('member rename vm2 db'.split(' '), { answers: rename });
  assert.equal(renamed.out, 'vm2 is db now.\n');
  assert.deepEqual(renamed.requests[0]?.body, { name: 'db' });
  const label = { 'PUT /v1/members/db/labels': [named({ role: 'db', zone: 'a' }), named({})] };
  const labelled = await run('member label db role=db zone=a old-'.split(' '), { answers: label });
  assert.equal(labelled.out, 'db: role=db zone=a\n');
  assert.match(JSON.stringify(labelled.requests[0]?.body), /"role=db","zone=a","old-"\],"caller"/);
  const none = { 'PUT /v1/members/db/labels': named({}) };
  const bare = await run('member label db role-'.split(' '), { answers: none });
  assert.equal(bare.out, 'db: no labels\n');
  const json = await run('member label db role- --force -o json'.split(' '), { answers: none });
  assert.deepEqual(json.requests[0]?.body, { changes: ['role-'], caller: null, force: true });
  assert.deepEqual(JSON.parse(json.out), { id: 'bbbbbb', name: 'db', labels: {} });
  assert.equal((await run(['member', 'label', 'db'])).status, 2);
});

test('operator add and remove', async () => {
  // Goal: their requests and output, and refusals. Method: the acts.
  const statements = [
    { path: 'intent/x', fate: 'adopted', value: null },
    { path: 'trust/invite/j', fate: 'revoked', value: {} },
  ];
  const removal = { id: 'bbbbbb', name: 'vm2', statements };
  const answers = {
    'POST /v1/operators': done(),
    'DELETE /v1/operators/vm2': done(removal),
    'GET /v1/operators/vm2/removal': done(removal),
  };
  const added = await run(['operator', 'add', 'vm2'], { answers });
  assert.deepEqual(added.requests[0]?.body, { member: 'vm2' });
  assert.equal(added.out, 'vm2 is an operator.\n');
  const removed = await run(['operator', 'remove', 'vm2', '-o', 'json'], { answers });
  assert.deepEqual(JSON.parse(removed.out), { removed: true, name: 'vm2', statements });
  const lines = '  stays      intent/x (deleted)\n  revoked    trust/invite/j\n';
  assert.equal(
    (await run(['operator', 'remove', 'vm2'], { answers })).out,
    `vm2 is no operator any more. What it had said:\n${lines}`,
  );
  const shown = await run(['operator', 'remove', 'vm2', '--dry-run'], { answers });
  assert.equal(shown.out, `If vm2 loses the role:\n${lines}`);
  assert.deepEqual(
    shown.requests.map(({ method }) => method),
    ['GET'],
  );
});

test('operator recover: the code by input or file, the next one shown or kept', async () => {
  // Goal: a wrong code is refused before the next one is put anywhere. Method: the order of acts.
  const answers = {
    'POST /v1/recovery-codes': done({ code: 'NEXT' }),
    'POST /v1/operators/recover': done(),
  };
  const plain = await run(['operator', 'recover'], { answers, input: ' CODE \n' });
  assert.match(plain.out, /Next recovery code, shown only now: NEXT\n$/);
  assert.deepEqual(
    plain.requests.map(({ body }) => body),
    [{ code: 'CODE' }, { code: 'CODE', nextCode: 'NEXT' }],
  );
  const line = 'operator recover --code-file /c --recovery-file /n'.split(' ');
  const kept = await run(line, { answers, files: { '/c': 'CODE\n' } });
  assert.doesNotMatch(kept.out, /NEXT/);
  assert.deepEqual(
    kept.acts.map(([act, , what]) => (act === 'call' ? what : act)),
    ['readSecret', 'POST /v1/recovery-codes', 'writeSecret', 'POST /v1/operators/recover'],
  );
  const facts = { field: 'code', value: '(hidden)', why: 'wrong', remedy: 'type it again' };
  const wrong = { 'POST /v1/recovery-codes': { status: 409, body: { error: facts } } };
  const refused = await run(line, { answers: wrong, files: { '/c': 'X' } });
  assert.equal(refused.status, 3);
  assert.ok(!refused.acts.some(([act]) => act === 'writeSecret'));
});

test('operator recover: asks on a terminal only', async () => {
  // Goal: a prompt for people. Method: a terminal and a pipe.
  const answers = {
    'POST /v1/recovery-codes': done({ code: 'NEXT' }),
    'POST /v1/operators/recover': done(),
  };
  const prompt = async (isTerminal: boolean, ...flags: string[]) =>
    (await run(['operator', 'recover', ...flags], { answers, input: 'C', isTerminal })).err;
  assert.equal(await prompt(true), 'Recovery code: ');
  assert.equal(await prompt(false), '');
  assert.equal(await prompt(true, '-o', 'json'), '');
});

test('operator recover: the next code is not lost where the old one may be spent', async () => {
  // Goal: a mesh never ends up with a code nobody knows. Method: answers that leave it open, and
  // one that does not.
  const facts = { field: 'state', value: 'x', why: 'y', remedy: 'z' };
  const after = (status: number) => ({
    input: 'CODE\n',
    answers: {
      'POST /v1/recovery-codes': done({ code: 'NEXT' }),
      'POST /v1/operators/recover': { status, body: { error: facts } },
    },
  });
  for (const status of [504, 500]) {
    assert.match((await run(['operator', 'recover'], after(status))).err, /next code is: NEXT/);
  }
  assert.doesNotMatch((await run(['operator', 'recover'], after(409))).err, /NEXT/);
});

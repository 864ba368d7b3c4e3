import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../node/rules/answers.ts';
import { done, noDaemon, run } from './test-local.ts';

const status = (self: Partial<Status['self']>, changed: Partial<Status> = {}) => ({
  'GET /v1/status': done({
    mesh: { id: 'm', name: 'shop' },
    self: {
      id: 'a',
      name: 'vm1',
      role: 'operator',
      addresses: ['10.10.0.1'],
      ready: true,
      engine: 'kernel',
      version: '0.1.0',
      commit: 'abc',
      ...self,
    },
    core: null,
    members: [],
    services: [{ name: 'vpn', state: 'ready', problems: [] }],
    reachable: 2,
    total: 3,
    alarms: [],
    ...changed,
  }),
});

const nextOf = (out: string): readonly string[] =>
  [...out.matchAll(/^ {2}(cnsmo .*?) {2,}\S/gm)].map(([, command]) => command ?? '');

test('overview: a VM in no mesh is told how to come into one', async () => {
  // Goal: three steps that fit. Method: no daemon, no state.
  const answers = { 'GET /v1/status': noDaemon };
  const { status: exit, out, err } = await run([], { answers, isMember: false });
  assert.equal(exit, 0);
  assert.match(out, /^This VM is in no mesh\.\n\nNext:\n/);
  assert.deepEqual(nextOf(out), ['cnsmo init', 'cnsmo join TOKEN', 'cnsmo --help']);
  assert.equal(err, '');
});

test('overview: a member whose daemon does not run', async () => {
  // Goal: start comes first. Method: no daemon, but a state.
  const answers = { 'GET /v1/status': noDaemon };
  const { out } = await run([], { answers, isMember: true });
  const hidden = await run([], { answers, isMember: null });
  assert.match(hidden.out, /only root can see\.\n/);
  assert.equal(hidden.out.match(/^ {2}\S*.*cnsmo/gm)?.length, 3);
  assert.match(out, /its daemon does not run/);
  assert.deepEqual(nextOf(out), ['cnsmo start', 'cnsmo logs', 'cnsmo leave --local']);
});

test('a daemon that is starting is waited for, and not started', async () => {
  // Goal: nobody is told that it does not run. Method: one that is there and that nobody can ask,
  // to the overview and to a command; where there is none, both name the start.
  const answers = { 'GET /v1/status': noDaemon };
  const starting = await run([], { answers, hasDaemon: true });
  assert.match(starting.out, /^The daemon of this VM is starting, and does not answer yet\.\n/);
  assert.equal(nextOf(starting.out)[0], 'cnsmo status --wait ready');
  const asked = await run(['status'], { answers, hasDaemon: true });
  assert.equal(asked.status, 4);
  assert.match(asked.err, /^daemon: \S+: is starting, and .*with: cnsmo status --wait ready\n$/);
  const gone = await run(['status'], { answers });
  assert.match(gone.err, /: not running; start it with: cnsmo start\n$/);
});

const member = (name: string, changed: Partial<Status['members'][number]> = {}) =>
  ({ name, role: 'node', state: 'alive', ...changed }) as Status['members'][number];

test('overview: a member that runs, by role and by how it stands', async () => {
  // Goal: three steps that fit. Method: each standing, what is said of it, and what is advised.
  const members = [member('vm1', { role: 'operator' }), member('vm2'), member('vm3')];
  const services = [{ name: 'vpn', state: 'failed', problems: ['no ip: install iproute2'] }];
  const failed = { services } as unknown as Partial<Status>;
  const lost = [...members.slice(0, 2), member('vm3', { state: 'dead' })];
  const two = members.map((one) => ({ ...one, role: 'operator' as const }));
  const [STATUS, EVENTS, INVITE] = ['cnsmo status', 'cnsmo events -f', 'cnsmo invite'];
  const recent = [STATUS, 'cnsmo events --since 1h', 'cnsmo logs'];
  const table = [
    [
      'alone',
      {},
      { total: 1, reachable: 1 },
      /, ready, alone so far\.$/m,
      [INVITE, STATUS, EVENTS],
    ],
    [
      'ready',
      {},
      { members, reachable: 3 },
      /^vm1 \(operator\) in mesh shop: 10\.10\.0\.1, ready, 3 of 3 members reachable\.$/m,
      [INVITE, STATUS, 'cnsmo operator add vm2'],
    ],
    ['ready', {}, { members: two, reachable: 3 }, /ready/, [INVITE, STATUS, EVENTS]],
    ['ready', { role: 'node' }, { reachable: 3 }, /ready/, [STATUS, EVENTS, 'cnsmo consent']],
    ['degraded', {}, { members: lost }, /2 of 3 members reachable\s+\(not\s+vm3\)\./, recent],
    [
      'starting',
      { ready: false },
      { reachable: 3, ...failed },
      /not ready yet[\s\S]*\nvpn is failed: no ip: install iproute2\n/,
      ['cnsmo status --wait ready', STATUS, 'cnsmo logs'],
    ],
    [
      'alarm',
      { ready: false },
      { alarms: ['the journal of this VM was damaged or lost: nothing is written here', 'b'] },
      /^alarm: the journal of this VM was damaged or lost: [\s\S]*\(and\s+1 more\)$/m,
      recent,
    ],
  ] as const;
  for (const [state, self, changed, says, next] of table) {
    const answers = status(self, changed);
    const { out } = await run([], { answers });
    assert.match(out, says, state);
    assert.deepEqual(nextOf(out), next, state);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
    const json = JSON.parse((await run(['-o', 'json'], { answers })).out);
    assert.deepEqual([json.state, json.next.length], [state, 3]);
  }
});

test('overview: in 80 columns, as JSON, and at another place', async () => {
  // Goal: common flags alone are no command either. Method: flags without a command.
  const plain = await run(['--state', '/a'], { answers: status({}) });
  for (const line of plain.out.split('\n')) assert.ok(line.length <= 80, line);
  assert.deepEqual(plain.acts[0]?.[1], { state: '/a', run: '/run/cnsmo' });
  const json = await run(['-o', 'json'], { answers: status({}) });
  assert.equal(JSON.parse(json.out).state, 'degraded');
  assert.equal(JSON.parse(json.out).next.length, 3);
});

test('overview: what is wrong is an error as everywhere', async () => {
  // Goal: no guess about a daemon that is there. Method: a refusal; -q asks for nothing at all.
  const facts = { field: 'daemon', value: '/run', why: 'not permitted', remedy: 'run it as root' };
  const answers = { 'GET /v1/status': { status: 403, body: { error: facts } } };
  const refused = await run([], { answers });
  assert.deepEqual([refused.status, refused.out], [3, '']);
  const quiet = await run(['-q'], { answers: status({}) });
  assert.deepEqual([quiet.status, quiet.out], [2, '']);
  assert.match(quiet.err, /a command is needed/);
});

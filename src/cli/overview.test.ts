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
  const { status: exit, out, err } = await run([], { answers: { 'GET /v1/status': noDaemon } });
  assert.equal(exit, 0);
  assert.match(out, /^This VM is in no mesh\.\n\nNext:\n/);
  assert.deepEqual(nextOf(out), ['cnsmo init', 'cnsmo join TOKEN', 'cnsmo --help']);
  assert.equal(err, '');
});

test('overview: a member whose daemon does not run', async () => {
  // Goal: start comes first. Method: no daemon, but a state.
  const answers = { 'GET /v1/status': noDaemon };
  const { out } = await run([], { answers, isMember: true });
  assert.match(out, /its daemon does not run/);
  assert.deepEqual(nextOf(out), ['cnsmo start', 'cnsmo logs', 'cnsmo leave --local']);
});

test('overview: a member that runs, by role and by how far it is', async () => {
  // Goal: an operator can invite, a node cannot; who is not ready waits. Method: a table.
  const operator = await run([], { answers: status({}) });
  assert.match(
    operator.out,
    /^vm1 \(operator\) in mesh shop: 10\.10\.0\.1, ready, 2 of 3 members reachable\.\n\n/,
  );
  assert.deepEqual(nextOf(operator.out), ['cnsmo invite', 'cnsmo status', 'cnsmo events -f']);
  const node = await run([], { answers: status({ role: 'node' }) });
  assert.deepEqual(nextOf(node.out), ['cnsmo status', 'cnsmo events -f', 'cnsmo consent']);
  const services = [{ name: 'vpn', state: 'failed', problems: ['no ip: install iproute2'] }];
  const troubled = status({ ready: false }, { services } as unknown as Partial<Status>);
  const starting = await run([], { answers: troubled });
  assert.match(starting.out, /not ready yet.*\nvpn is failed: no ip: install iproute2\n/);
  assert.deepEqual(nextOf(starting.out), [
    'cnsmo status --wait ready',
    'cnsmo status',
    'cnsmo logs',
  ]);
});

test('overview: in 80 columns, as JSON, and at another place', async () => {
  // Goal: common flags alone are no command either. Method: flags without a command.
  const plain = await run(['--state', '/a'], { answers: status({}) });
  for (const line of plain.out.split('\n')) assert.ok(line.length <= 80, line);
  assert.deepEqual(plain.acts[0]?.[1], { state: '/a', run: '/run/cnsmo' });
  const json = await run(['-o', 'json'], { answers: status({}) });
  assert.equal(JSON.parse(json.out).state, 'ready');
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

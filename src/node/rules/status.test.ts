import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyWorld, idOf, world } from '../../crdt/test-world.ts';
import type { AgentReport } from '../../services/service.ts';
import type { LinkState } from './answers.ts';
import { membersOf, type Sight, statusOf } from './status.ts';

const story = () =>
  world()
    .invites('door', { uses: 2, labels: { role: 'web' } })
    .admits('vm2', 'door', { name: 'vm2', ipv4: '10.10.0.2' })
    .admits('vm3', 'door', { name: 'vm3', ipv4: '10.10.0.3' });

const report: AgentReport = {
  name: 'vpn',
  state: 'ready',
  problems: [],
  changes: 3,
  engine: 'kernel',
  peers: [
    {
      member: idOf('vm2'),
      endpoint: '203.0.113.2:7300',
      handshakeAgeMs: 5_000,
      rxBytes: 1,
      txBytes: 2,
    },
  ],
};

const sight = (changed: Partial<Sight> = {}): Sight => ({
  self: idOf('founder'),
  name: 'founder',
  commit: 'abc1234',
  version: '0.1.0',
  isReady: true,
  isElsewhere: false,
  strangers: new Map(),
  isInDoubt: false,
  disk: null,
  ahead: [],
  skewsMs: new Map(),
  link: () => 'alive',
  cutBy: new Map(),
  entries: [],
  overdue: [],
  core: null,
  rttMs: () => null,
  reports: [report],
  ...changed,
});

test('status: this VM, its mesh and its services', () => {
  // Goal: the fields that scripts read. Method: the whole of `self` and `services`.
  const view = story().view();
  const status = statusOf(view, sight());
  const me = view.members.find(({ id }) => id === idOf('founder'));
  assert.deepEqual(status.mesh, { id: view.mesh.id, name: 'test' });
  assert.deepEqual(status.self, {
    id: idOf('founder'),
    name: 'founder',
    role: 'operator',
    addresses: ['10.10.0.1', me?.ipv6],
    ready: true,
    engine: 'kernel',
    version: '0.1.0',
    commit: 'abc1234',
  });
  assert.deepEqual(status.services, [{ name: 'vpn', state: 'ready', problems: [] }]);
  assert.equal(status.core, null);
  assert.deepEqual(status.alarms, []);
});

test('status: a daemon whose admission has not arrived says what it knows', () => {
  // Goal: it answers before it is in the view. Method: a self that the view does not have.
  const { self } = statusOf(story().view(), sight({ self: idOf('vm9'), name: 'vm9', reports: [] }));
  assert.deepEqual([self.name, self.role, self.addresses, self.engine], ['vm9', 'node', [], null]);
});

test('status: counts who can be reached of those who are in the mesh', () => {
  // Goal: `reachable` of `total`. Method: one in each state; the one that left counts nowhere.
  const states: Readonly<Record<string, LinkState>> = { [idOf('vm2')]: 'dead' };
  const link: Sight['link'] = (member) => states[member] ?? 'alive';
  const whole = statusOf(story().view(), sight({ link }));
  assert.deepEqual([whole.reachable, whole.total], [2, 3]);
  const left = story().as('vm3').says('member/left', { left: true }).view();
  const without = statusOf(left, sight({ link }));
  assert.deepEqual([without.reachable, without.total], [1, 2]);
  assert.equal(without.members.find(({ name }) => name === 'vm3')?.state, 'left');
});

test('members: who was evicted is listed last, with who did it and when', () => {
  // Goal: an operator who looks back sees what became of a member. Method: one that was evicted by
  // name, and one that went with it; they count nowhere, and hold no address.
  const evict = { reason: 'stolen', name: 'vm3' };
  const view = story()
    .as('vm3')
    .admits('vm4', 'door', { name: 'vm4', ipv4: '10.10.0.4' })
    .as('founder')
    .says(`trust/evict/${idOf('vm3')}`, evict)
    .view();
  const { members, total } = statusOf(view, sight());
  assert.equal(total, 2);
  assert.deepEqual(
    members.map(({ name, state, addresses }) => [name, state, addresses.length]),
    [
      ['founder', 'alive', 2],
      ['vm2', 'alive', 2],
      ['vm3', 'evicted', 0],
      [idOf('vm4').slice(0, 12), 'evicted', 0],
    ],
  );
  const [, , first, second] = members.map(({ evicted }) => evicted);
  assert.equal(first?.by, 'founder');
  assert.equal(first.reason, 'stolen');
  assert.match(first.at ?? '', /^1970-01-01T00:00:00\.0\d\dZ$/);
  assert.deepEqual(second, { by: null, at: null, reason: '' });
});

test('status: this VM is alive to itself, whatever its links say', () => {
  // Goal: no link to oneself is no death. Method: all links dead.
  const members = membersOf(story().view(), sight({ link: () => 'dead' }));
  assert.deepEqual(
    members.map(({ name, state }) => `${name} ${state}`),
    ['founder alive', 'vm2 dead', 'vm3 dead'],
  );
});

test('members: what the tunnel sees goes before what a member says', () => {
  // Goal: the endpoint in use. Method: a member with a report, with words only, with neither.
  const said = { port: 7300, advertised: null, observed: null, local: ['198.51.100.3'] };
  const view = story().as('vm3').says('member/endpoints', said).view();
  const members = membersOf(view, sight({ rttMs: (id) => (id === idOf('vm2') ? 1.5 : null) }));
  const facts = members.map(({ name, endpoint, handshakeAgeMs, rttMs }) => [
    name,
    endpoint,
    handshakeAgeMs,
    rttMs,
  ]);
  assert.deepEqual(facts, [
    ['founder', null, null, null],
    ['vm2', '203.0.113.2:7300', 5_000, 1.5],
    ['vm3', '198.51.100.3:7300', null, null],
  ]);
  assert.deepEqual(members[1]?.labels, { role: 'web' });
  assert.equal(members[1]?.addresses[0], '10.10.0.2');
});

test('members: an IPv6 endpoint is written in brackets', () => {
  // Goal: host and port can be told apart, as the engine writes them. Method: one of IPv6.
  const said = { port: 7300, advertised: null, observed: null, local: ['2001:db8::3'] };
  const view = story().as('vm3').says('member/endpoints', said).view();
  const vm3 = membersOf(view, sight()).find(({ name }) => name === 'vm3');
  assert.equal(vm3?.endpoint, '[2001:db8::3]:7300');
});

test('status: who was evicted, or is void, is told so and what to do', () => {
  // Goal: no VM that is out and does not know it. Method: evicted itself; admitted by one who was;
  // twins: another member, and one whose admission has not arrived.
  const view = story().as('vm2').admits('vm4', 'door').as('founder').evicts('vm2').view();
  const alarmsOf = (name: string) =>
    statusOf(view, sight({ self: idOf(name), isReady: false })).alarms;
  for (const out of ['vm2', 'vm4']) {
    assert.match(alarmsOf(out)[0] ?? '', /^this VM is no longer .*cnsmo leave --local.*new token$/);
  }
  for (const other of ['founder', 'vm3', 'vm9']) assert.deepEqual(alarmsOf(other), []);
});

test('status: alarms of the mesh, and of a key that is used twice', () => {
  // Goal: what an operator should look at. Method: an over-used invite; a second holder.
  const overUsed = world()
    .invites('door', { uses: 1 })
    .admits('vm2', 'door')
    .admits('vm3', 'door')
    .view();
  const { alarms } = statusOf(overUsed, sight({ isElsewhere: true }));
  assert.equal(alarms.length, 2);
  assert.match(alarms[0] ?? '', /^another VM uses the key/);
  assert.match(alarms[1] ?? '', /^over-use: /);
});

test('status: alarms of a lost journal and of clocks', () => {
  // Goal: silence has a reason that is shown. Method: each sign alone.
  const facts = { field: 'disk', value: '/d/journal', why: 'no space left', remedy: 'free some' };
  assert.deepEqual(statusOf(story().view(), sight({ disk: facts })).alarms, [
    'disk: /d/journal: no space left: ' +
      'the VPN goes on, but nothing can be changed from here; free some',
  ]);
  const doubt = statusOf(story().view(), sight({ isInDoubt: true }));
  assert.match(doubt.alarms.join(), /^the journal of this VM was damaged or lost/);
  const ahead = [{ author: idOf('vm3'), aheadMs: 73_000 }];
  const { alarms } = statusOf(story().view(), sight({ ahead }));
  assert.deepEqual(alarms, [
    "clock of vm3 is 73 s ahead of this VM's, so what it says waits; " +
      'set that clock right, with chrony or timedatectl',
  ]);
});

test('status: a VM that all cut off is told what that may mean', () => {
  // Goal: who was evicted while it was off learns of it, also where another one that is out talks
  // to it. Method: cut by one, alone, and for a while with another that talks to it; nobody who
  // answers cuts: it is only alone.
  const alarms = (changed: Partial<Sight>) => statusOf(story().view(), sight(changed)).alarms;
  const cutFor = (ms: number) => ({ cutBy: new Map([[idOf('vm2'), ms]]) });
  const [line, ...more] = alarms({ ...cutFor(0), link: () => 'dead' });
  assert.match(line ?? '', /cut this VM off \(vm2\): it may have been evicted, .*leave --local/);
  assert.deepEqual(more, []);
  const link: Sight['link'] = (member) => (member === idOf('vm3') ? 'alive' : 'dead');
  assert.deepEqual(alarms({ ...cutFor(59_999), link }), []);
  assert.deepEqual(alarms({ ...cutFor(60_000), link }), [line]);
  assert.deepEqual(alarms({ link: () => 'dead' }), []);
});

test('status: a VM of which no member knows is told so', () => {
  // Goal: who was let in by a member that was evicted, or lost, before it told anybody does not
  // wait for ever in silence. Method: no state; whom the token named cuts it off, for long; twins:
  // for a moment, as before others heard of it; and nobody answers.
  const entries = [{ member: idOf('vm2'), endpoint: { host: '192.0.2.2', port: 7300 } }];
  const alarms = (cutBy: Sight['cutBy']) => {
    const waiting = sight({ self: idOf('vm9'), entries, cutBy, link: () => 'dead' });
    return statusOf(emptyWorld().view(), waiting).alarms;
  };
  const [line, ...more] = alarms(new Map([[idOf('vm2'), 60_000]]));
  assert.match(line ?? '', /cut this VM off \(192.0.2.2:7300\).*evicted or lost.*leave --local/);
  assert.deepEqual(more, []);
  assert.deepEqual(alarms(new Map([[idOf('vm2'), 59_999]])), []);
  assert.deepEqual(alarms(new Map()), []);
});

test('status: who does not tell what it knows is named', () => {
  // Goal: a VM that is ready without somebody says without whom. Method: one that is overdue; dead,
  // and of another version, which has a line of its own.
  const alarms = (changed: Partial<Sight>) =>
    statusOf(story().view(), sight({ overdue: [idOf('vm2')], ...changed })).alarms;
  assert.match(
    alarms({}).join(),
    /^vm2 is connected and does not tell what it knows[^,]*, and evict/,
  );
  assert.deepEqual(alarms({ link: () => 'dead' }), []);
  const strangers = new Map([[idOf('vm2'), { wire: 9, document: 1 }]]);
  assert.match(alarms({ strangers }).join(), /^vm2 speaks wire version 9[^,]*, this VM[^,]*$/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberStatus, Status } from '../node/rules/answers.ts';
import { renderMembers, renderStatus } from './render.ts';
import type { Page } from './table.ts';

const plain: Page = { columns: 80, isTerminal: false, paint: (_tone, text) => text };

const member = (changed: Partial<Record<keyof MemberStatus, unknown>>): MemberStatus =>
  ({
    id: 'a',
    name: 'vm1',
    role: 'node',
    labels: {},
    state: 'alive',
    addresses: ['10.10.112.145', 'fd12:3456:789a:1:b577:ce5b:199f:b7fa'],
    endpoint: '198.51.100.107:7300',
    handshakeAgeMs: 119_999,
    rttMs: 123.4,
    version: '0.1.0',
    ...changed,
  }) as MemberStatus;

const status = (members: readonly MemberStatus[]): Status =>
  ({
    mesh: { id: 'm', name: 'shop' },
    self: {
      id: 'a',
      name: 'vm1',
      role: 'operator',
      addresses: ['10.10.112.145', 'fd12:3456:789a:1:b577:ce5b:199f:b7fa'],
      ready: true,
      engine: 'wireguard-go',
      version: '0.1.0',
    },
    core: null,
    members,
    services: [],
    reachable: 1,
    total: members.length,
    alarms: [],
  }) as unknown as Status;

test('members: fit 80 columns, and the overlay address stays whole', () => {
  // Goal: what people copy can be copied. Method: the longest of everything at once.
  const members = [
    member({ name: 'frontend-eu-west-1a-blue-0001', role: 'operator', state: 'suspect' }),
    member({ name: 'db', endpoint: '[2001:db8:1234:5678:9abc:def0:1234:5678]:65535' }),
    member({ name: 'old', addresses: ['255.255.255.255'], endpoint: null, rttMs: null }),
  ];
  const lines = renderMembers(plain, members).trimEnd().split('\n');
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.equal(lines.length, 4);
  assert.match(lines[0] ?? '', /^NAME +ROLE +STATE +ADDRESS +ENDPOINT +SEEN +RTT$/);
  assert.match(lines[1] ?? '', /^fronte…-0001 +operator +suspect +10\.10\.112\.145 /);
  assert.match(lines[2] ?? '', /^db +node +alive +10\.10\.112\.145 +\[20\S*…\S*35 +1 min +123 ms$/);
  assert.match(lines[3] ?? '', / 255\.255\.255\.255 +- +1 min +-$/);
});

test('members: ages in their largest whole unit', () => {
  // Goal: SEEN is read at a glance. Method: each unit at its border.
  const table = [
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [86_400_000 * 12, '12 d'],
  ] as const;
  for (const [handshakeAgeMs, age] of table) {
    const line = renderMembers(plain, [member({ handshakeAgeMs })]).split('\n')[1] ?? '';
    assert.match(line, new RegExp(` {2}${age} {2}`), line);
  }
});

test('status: fits 80 columns, and names at most five who are missing', () => {
  // Goal: a partition of a big mesh is one thought. Method: eight that are dead.
  const members = Array.from({ length: 8 }, (_, n) => member({ name: `web-${n}`, state: 'dead' }));
  const text = renderStatus(plain, status(members));
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
  assert.match(text, /^not reachable: web-0, [^\n]*web-4 and 3 more$/m);
  assert.doesNotMatch(text.split('\n\n')[0] ?? '', /web-5/);
});

test('status: tones where they help', () => {
  // Goal: what is well is green and what is not is not. Method: a paint that shows.
  const painted: Page = {
    columns: 80,
    isTerminal: true,
    paint: (tone, text) => `<${tone}:${text}>`,
  };
  const members = [member({}), member({ name: 'vm2', state: 'dead' })];
  const text = renderStatus(painted, { ...status(members), alarms: ['over-use: x'] });
  for (const part of ['<good:ready>', '<good:alive>', '<bad:dead>', '<bad:alarm>: over-use: x']) {
    assert.ok(text.includes(part), part);
  }
});

test('members: 20 with labels, on ever narrower pages', () => {
  // Goal: nothing wraps, and names and addresses stay to be told apart. Method: the longest of
  // everything; a page without labels has no column for them.
  const members = Array.from({ length: 20 }, (_, n) =>
    member({
      name: `frontend-europe-west-${n}`,
      role: 'operator',
      state: 'suspect',
      labels: { role: 'web', zone: `europe-west-${n}` },
      endpoint: `[2001:db8:1234:5678:9abc:def0:1234:${n}]:65535`,
    }),
  );
  for (const columns of [200, 120, 100, 80, 72, 60, 48]) {
    const lines = renderMembers({ ...plain, columns }, members)
      .trimEnd()
      .split('\n');
    for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
    assert.equal(new Set(lines).size, 21, String(columns));
    assert.ok(lines.slice(1).every((line) => line.includes(' 10.10.112.145')));
  }
  assert.match(renderMembers({ ...plain, columns: 200 }, members), /role=web,zone=europe-west-3$/m);
  assert.doesNotMatch(renderMembers(plain, [member({})]), /LABELS/);
});

test('status: an alarm wraps, and on every line but the first stands in', () => {
  // Goal: sentences are read, not scrolled. Method: a long alarm on 80 columns.
  const alarm = 'word '.repeat(40).trim();
  const text = renderStatus(plain, { ...status([member({})]), alarms: [alarm] });
  assert.match(text, /^alarm: word/m);
  assert.match(text, /^ {2}word/m);
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line);
});

test('status: what a person should know of a service that is ready is shown as well', () => {
  // Goal: notes are not hidden by a good state. Method: one with a note, one without, one in need.
  const services = [
    { name: 'core', state: 'ready', problems: [] },
    { name: 'firewall', state: 'ready', problems: ['ufw: it drops'] },
    { name: 'vpn', state: 'degraded', problems: ['no ip'] },
  ] as Status['services'];
  const said = renderStatus(plain, { ...status([member({})]), services });
  assert.ok(said.endsWith('\n\nfirewall: ready\n  ufw: it drops\nvpn: degraded\n  no ip\n'), said);
});

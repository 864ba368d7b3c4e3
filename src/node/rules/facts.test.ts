import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import { openCrypto } from '../linux/crypto.ts';
import { type OwnKnowledge, ownFacts } from './facts.ts';

const crypto = openCrypto();
const config: OwnKnowledge['config'] = {
  name: 'vm2',
  port: 7300,
  interface: 'cnsmo0',
  advertised: { host: '203.0.113.5', port: 7300 },
  observed: null,
  services: ['vpn', 'dns'],
  allowRun: false,
  entries: [],
};

const own = (changed: Partial<OwnKnowledge>): OwnKnowledge => ({
  self: idOf('vm2'),
  config,
  addresses: [],
  version: { version: '0.1.0', commit: 'abc' },
  seenAt: [],
  reserved: [],
  ...changed,
});

const view = world().invites('door').admits('vm2', 'door', { name: 'vm2' }).view();
const valueAt = (path: string, changed: Partial<OwnKnowledge> = {}, seen = view) =>
  ownFacts(crypto, seen, own(changed)).find((edit) => edit.path === path)?.value;

test('facts: all that a member says of itself', () => {
  // Goal: the paths and the order of lists do not depend on chance. Method: the whole.
  assert.deepEqual(
    ownFacts(crypto, view, own({})).map(({ path }) => path),
    ['member/endpoints', 'member/consent', 'member/version'],
  );
  assert.deepEqual(valueAt('member/consent'), { services: ['dns', 'vpn'], allowRun: false });
  assert.deepEqual(valueAt('member/version'), { version: '0.1.0', commit: 'abc' });
  const off = ownFacts(crypto, view, own({ config: { ...own({}).config, eligible: false } }));
  assert.deepEqual(off.find(({ path }) => path === 'member/consent')?.value, {
    services: ['dns', 'vpn'],
    allowRun: false,
    eligible: false,
  });
});

test('facts: own addresses, but neither the tunnel nor the overlay, at most 16', () => {
  // Goal: what others may dial, best first. Method: addresses of each kind; more than fit.
  const addresses = [
    { interface: 'docker0', host: '10.0.0.1', isUplink: false },
    { interface: 'eth1', host: '192.168.7.2', isUplink: true },
    { interface: 'eth0', host: '10.1.0.9', isUplink: false },
    { interface: 'cnsmo0', host: '198.18.0.1', isUplink: false },
    { interface: 'eth2', host: '10.10.0.77', isUplink: false },
    { interface: 'eth2', host: 'fd12:3456:789a:1::77', isUplink: false },
  ];
  const said = valueAt('member/endpoints', { addresses });
  assert.deepEqual(said, {
    port: 7300,
    advertised: { host: '203.0.113.5', port: 7300 },
    observed: null,
    local: ['192.168.7.2', '10.1.0.9', '10.0.0.1'],
  });
  const many = Array.from({ length: 20 }, (_, n) => {
    return { interface: 'eth0', host: `10.2.0.${n}`, isUplink: true };
  });
  const { local } = valueAt('member/endpoints', { addresses: many }) as { local: string[] };
  assert.equal(local.length, 16);
});

test('facts: how the entry saw it, unless that is its own address anyway', () => {
  // Goal: one address is said once. Method: with and without an interface that has it.
  const observed = { host: '198.51.100.9', port: 7300 };
  const seen = (addresses: OwnKnowledge['addresses']) =>
    (
      valueAt('member/endpoints', { config: { ...config, observed }, addresses }) as {
        observed: unknown;
      }
    ).observed;
  assert.deepEqual(seen([]), observed);
  assert.equal(seen([{ interface: 'eth0', host: observed.host, isUplink: true }]), null);
});

test('facts: the loser of an address tie claims a free one, nobody else does', () => {
  // Goal: every member ends up with an address. Method: a tie of two; both ask.
  const tie = world()
    .invites('door')
    .admits('vm2', 'door', { ipv4: '10.10.0.9' })
    .admits('vm3', 'door', { ipv4: '10.10.0.9' })
    .view();
  const loser = tie.members.find(({ ipv4 }) => ipv4 === null);
  const winner = tie.members.find(({ ipv4 }) => ipv4 === '10.10.0.9');
  assert.ok(loser !== undefined && winner !== undefined);
  const claimed = valueAt('member/ipv4', { self: loser.id }, tie) as { ipv4: string };
  assert.match(claimed.ipv4, /^10\.10\.0\.\d+$/);
  assert.ok(!tie.members.some(({ ipv4 }) => ipv4 === claimed.ipv4));
  const reserved = [claimed.ipv4];
  assert.notDeepEqual(valueAt('member/ipv4', { self: loser.id, reserved }, tie), claimed);
  assert.equal(valueAt('member/ipv4', { self: winner.id }, tie), undefined);
  assert.equal(valueAt('member/ipv4', { self: idOf('nobody') }, tie), undefined);
});

test('facts: behind a NAT a member is where most others see it', () => {
  // Goal: another public address is found out, and a liar is outvoted. Method: what the entry saw,
  // then what others see: each vote, with what was said last.
  const entry = { host: '198.51.100.1', port: 7300 };
  const addresses = [{ interface: 'eth0', host: '10.1.0.9', isUplink: true }];
  const behind = { addresses, config: { ...config, observed: entry } };
  const observed = (seenAt: readonly string[], seen = view): unknown => {
    const said = valueAt('member/endpoints', { ...behind, seenAt }, seen);
    return (said as { readonly observed: { readonly host: string } | null }).observed?.host ?? null;
  };
  const moved = '198.51.100.2';
  assert.equal(observed([]), entry.host);
  assert.equal(observed([moved]), moved);
  assert.equal(observed([moved, '203.0.113.9', moved]), moved);
  assert.equal(observed([moved, '203.0.113.9']), entry.host, 'one word against another');
  assert.equal(observed(['10.1.0.9', moved]), moved, 'who is near sees an own address');
  assert.equal(observed(['10.1.0.9']), entry.host);
  assert.equal(observed(['10.10.0.7']), entry.host, 'an address of the overlay is none');
  const said = {
    ...{ port: 7300, advertised: null, local: [] },
    observed: { host: moved, port: 7300 },
  };
  const later = world()
    .invites('door')
    .admits('vm2', 'door', { name: 'vm2' })
    .as('vm2')
    .says('member/endpoints', said)
    .view();
  assert.equal(observed([], later), moved, 'a restart forgets nothing');
});

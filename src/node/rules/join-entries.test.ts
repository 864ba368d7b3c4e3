import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import { firstContacts, othersOf, withNamed } from './join-entries.ts';

const entry = (name: string, host: string) => ({
  memberId: idOf(name),
  address: { host, port: 7300 },
});
const named = (name: string, host: string) => ({ member: idOf(name), host, port: 7300 });

const [a, b] = [entry('vm1', '192.0.2.1'), entry('vm2', '192.0.2.2')];
const hosts = (entries: ReturnType<typeof withNamed>) => entries.map(({ address }) => address.host);

test('join entries: who is named comes next, unless it is known or nobody', () => {
  // Goal: the next question goes where it may be answered. Method: new, known, no id; then many.
  const all = [
    named('vm3', '192.0.2.3'),
    named('vm2', '192.0.2.2'),
    { ...named('vm4', '192.0.2.4'), member: 'nobody' },
  ];
  assert.deepEqual(hosts(withNamed([a, b], 0, all)), ['192.0.2.1', '192.0.2.3', '192.0.2.2']);
  assert.deepEqual(hosts(withNamed([a, b], 1, all)), ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  const many = Array.from({ length: 20 }, (_, n) => named(`vm${n + 5}`, `192.0.2.${n + 5}`));
  assert.equal(withNamed([a, b], 0, many).length, 16);
});

test('join entries: first contacts are who let us in, who was asked, and whom it named', () => {
  // Goal: a member that knows where to begin. Method: each once, in that order.
  const contacts = firstContacts(b, [a, b], [named('vm3', '192.0.2.3'), named('vm1', '192.0.2.1')]);
  assert.deepEqual(
    contacts.map(({ member, endpoint }) => [member, endpoint.host]),
    [
      [idOf('vm2'), '192.0.2.2'],
      [idOf('vm1'), '192.0.2.1'],
      [idOf('vm3'), '192.0.2.3'],
    ],
  );
});

test('join entries: an entry names others with an address, operators first, not itself', () => {
  // Goal: who is full names those that are not. Method: one of each; then more than fit.
  const said = (host: string) => {
    return { port: 7300, advertised: null, observed: null, local: [host] };
  };
  let story = world().invites('door');
  const names = Array.from({ length: 12 }, (_, n) => `vm${n + 2}`);
  for (const name of names) story = story.as('founder').admits(name, 'door');
  story = story.as('founder').says('member/endpoints', said('192.0.2.1'));
  for (const [n, name] of names.slice(1).entries()) {
    story = story.as(name).says('member/endpoints', said(`192.0.2.${n + 3}`));
  }
  story = story.as('vm13').says('member/left', { left: true });
  const named = othersOf(story.view(), idOf('vm5')).map(({ member }) => member);
  assert.equal(named.length, 8);
  assert.equal(named[0], idOf('founder'));
  for (const absent of ['vm5', 'vm2', 'vm13']) assert.ok(!named.includes(idOf(absent)), absent);
  const few = othersOf(world().as('founder').view(), idOf('founder'));
  assert.deepEqual(few, []);
});

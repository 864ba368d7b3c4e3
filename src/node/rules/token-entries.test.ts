import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type World, world } from '../../crdt/test-world.ts';
import { tokenEntries } from './token-entries.ts';

/** A story in which members say where they are. */
const telling = (story: World, name: string, local: readonly string[]): World =>
  story
    .as(name)
    .says('member/endpoints', { port: 7300, advertised: null, observed: null, local: [...local] });

const NAMES = Array.from({ length: 9 }, (_, index) => `vm${index + 2}`);

const crowd = (founderLocal: readonly string[]): World => {
  let story = world().invites('door');
  for (const name of NAMES) story = story.as('founder').admits(name, 'door');
  story = telling(story, 'founder', founderLocal);
  for (const [index, name] of NAMES.entries()) {
    story = telling(story, name, [`203.0.113.${index + 1}`, `10.9.0.${index + 1}`]);
  }
  return story;
};

const entriesOf = (story: World, connected: readonly string[]) =>
  tokenEntries(story.view(), idOf('founder'), new Set(connected.map(idOf)));

test('token entries: this member first, then connected ones by their best address', () => {
  // Goal: a joiner finds one that answers. Method: two of nine connected.
  const { entries } = entriesOf(crowd(['10.0.0.1', '198.51.100.1']), ['vm2', 'vm3']);
  assert.deepEqual(
    entries.map(({ memberId, address }) => [memberId, address.host, address.port]).slice(0, 2),
    [
      [idOf('founder'), '10.0.0.1', 7300],
      [idOf('founder'), '198.51.100.1', 7300],
    ],
  );
  assert.deepEqual(
    entries
      .slice(2)
      .map(({ memberId, address }) => `${memberId} ${address.host}`)
      .toSorted(),
    [`${idOf('vm2')} 203.0.113.1`, `${idOf('vm3')} 203.0.113.2`].toSorted(),
  );
});

test('token entries: at most 8, of them at most 4 of this member', () => {
  // Goal: the token stays short and others have room. Method: more of both.
  const { entries } = entriesOf(
    crowd(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']),
    NAMES,
  );
  assert.equal(entries.length, 8);
  assert.equal(entries.filter(({ memberId }) => memberId === idOf('founder')).length, 4);
});

test('token entries: nobody who has left, is not connected or has said nothing', () => {
  // Goal: no address that cannot answer. Method: one of each beside one that can.
  const told = () => {
    const story = world().invites('door').admits('vm2', 'door').admits('vm3', 'door');
    return telling(telling(story, 'vm4', ['203.0.113.3']), 'vm2', ['203.0.113.1']);
  };
  assert.equal(entriesOf(told(), ['vm2']).entries.length, 1);
  assert.deepEqual(entriesOf(told(), ['vm3', 'vm4']).entries, []);
  const left = told().says('member/left', { left: true });
  assert.deepEqual(entriesOf(left, ['vm2', 'vm3', 'vm4']).entries, []);
});

test('token entries: a note when nobody outside can use them', () => {
  // Goal: private, shared and local addresses warn; one public address is enough. Method: table.
  const warns = (hosts: readonly string[]) =>
    entriesOf(telling(world(), 'founder', hosts), []).warning !== null;
  for (const host of [
    '10.1.2.3',
    '192.168.1.1',
    '172.16.0.1',
    '172.31.255.1',
    '100.64.0.1',
    '100.127.1.1',
    'fd99::1',
    'fc00::1',
  ]) {
    assert.equal(warns([host]), true, host);
  }
  for (const host of [
    '172.15.0.1',
    '172.32.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '198.51.100.1',
    '192.169.1.1',
    '2001:db8::1',
  ]) {
    assert.equal(warns([host]), false, host);
  }
  assert.equal(warns(['10.1.2.3', '198.51.100.1']), false);
  assert.equal(warns([]), true);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type World, world } from '../../crdt/test-world.ts';
import { eventOfLog } from './log-events.ts';
import { picture, story, toldOf } from './test-picture.ts';

const causesOf = (before: World, after: World): readonly string[] =>
  toldOf(picture(before), picture(after)).map((one) => `${one.kind} ${one.member}: ${one.cause}`);
/** The story with another operator, who acts next. */
const withB = (): World => story().grants('b').as('b');

test('causes: by whose word a role is given and taken, or by what else', () => {
  // Goal: who did it stands in the event. Method: grants and removals by two operators, one whose
  // granter falls, and the recovery code.
  const granted = () => withB().grants('a');
  const table: readonly (readonly [World, World, string])[] = [
    [story(), story().grants('a'), 'role a: by founder'],
    [withB(), granted(), 'role a: by b'],
    [granted(), granted().removes('a'), 'role a: by b'],
    [granted(), granted().as('founder').removes('a'), 'role a: by founder'],
    [story().grants('a'), story().grants('a').as('a').removes('a'), 'role a: by a'],
    [story(), story().as('a').recovers(1, 'code 1', 'code 2'), 'role a: by the recovery code'],
  ];
  for (const [before, after, cause] of table) {
    assert.equal(causesOf(before, after).includes(cause), true, cause);
  }
  assert.deepEqual(causesOf(granted(), granted().as('founder').removes('b')), [
    'role a: whoever gave it the role is no operator any more',
    'role b: by founder',
  ]);
});

test('causes: by whose word a name is, or whose name it was', () => {
  // Goal: a name given, one that ties, one that ties no more. Method: a step of the story for each.
  const path = `trust/name/${idOf('a')}`;
  assert.deepEqual(causesOf(withB(), withB().says(path, { name: 'db' })), ['renamed db: by b']);
  const tied = () => withB().says(path, { name: 'b' });
  const marked = causesOf(withB(), tied()).filter((line) => line.startsWith('renamed b-'));
  assert.equal(marked.length, 1);
  assert.match(marked[0] ?? '', /: another member has the name that it was given$/);
  assert.deepEqual(causesOf(tied(), tied().says(path, { name: 'c' })).toSorted(), [
    'renamed b: no other member has the name any more',
    'renamed c: by b',
  ]);
});

test('causes: by whose word an address is, or why it had to be another', () => {
  // Goal: as for names. Method: an adoption, a tie, the loser's own claim, the end of the tie.
  const moved = story().adopts('a', { ipv4: '10.10.0.99' });
  assert.deepEqual(causesOf(story(), moved), ['address a: by founder']);
  const free = () => world().invites('i').admits('a', 'i').admits('b', 'i', { ipv4: '10.10.0.9' });
  const tied = () => world().invites('i').admits('a', 'i').admits('b', 'i', { ipv4: '10.10.0.2' });
  const other = 'another member has the address that it was given';
  assert.equal(causesOf(free(), tied())[0], `address b: ${other}`);
  const claimed = () => tied().as('b').says('member/ipv4', { ipv4: '10.10.0.77' });
  assert.deepEqual(causesOf(tied(), claimed()), [`address b: it took a free one: ${other}`]);
  const over = claimed().as('a').says('member/left', { left: true });
  const gone = 'no other member has the address any more';
  assert.ok(causesOf(claimed(), over).includes(`address b: ${gone}`));
});

test('causes: who adopted a member, and who evicted one', () => {
  // Goal: joins without an invite, and evictions. Method: one of each, and who goes with another.
  assert.deepEqual(causesOf(withB(), withB().adopts('c')), ['joined c: adopted by b']);
  assert.deepEqual(causesOf(withB(), withB().evicts('a')), ['evicted a: by b: test']);
  const below = () => story().as('a').admits('c', 'i');
  assert.deepEqual(causesOf(below(), below().as('founder').evicts('a')).toSorted(), [
    'evicted a: by founder: test',
    'evicted c: whoever let it in is out',
  ]);
});

test('causes: of connections who dialled, of alarms how they come to be', () => {
  // Goal: neither is without a cause. Method: a connection of ours; an invite used too often; and
  // alarms of the log.
  const dialled = toldOf(picture(story()), picture(story(), ['a']));
  assert.deepEqual(
    dialled.map(({ kind, cause }) => [kind, cause]),
    [['connected', 'this VM dialled it']],
  );
  const once = world().invites('i', { uses: 1 }).admits('a', 'i');
  const twice = world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i');
  const [alarm] = toldOf(picture(once), picture(twice)).filter(({ kind }) => kind === 'alarm');
  assert.match(alarm?.cause ?? '', /^those who let VMs in by it/);
  const table: readonly (readonly [string, object, string | null])[] = [
    ['disk-trouble', { path: '/x', why: 'no space is left' }, 'no space is left'],
    ['disk-recovered', {}, 'a write went through'],
    ['journal-damaged', { torn: true, corrupt: 0 }, 'a write was cut off at its end'],
    ['journal-damaged', { torn: false, corrupt: 2 }, 'places that do not read: 2'],
    ['key-used-elsewhere', { why: 'frames of ours' }, 'frames of ours'],
    [
      'cut-off',
      { by: ['a'] },
      'this VM, or who let it in, may have been evicted; see cnsmo status',
    ],
    ['cut-off-over', {}, 'the last dials were answered otherwise'],
    ['key-recovered', {}, 'cnsmo recover was run here'],
    ['agent', { service: 'vpn', state: 'failed', problems: ['no ip'] }, 'no ip'],
    ['agent', { service: 'vpn', state: 'ready', problems: [] }, null],
  ];
  for (const [line, facts, cause] of table) {
    assert.equal(eventOfLog(line, { ...facts }, null)?.cause, cause, line);
  }
});

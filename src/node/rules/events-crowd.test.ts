import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../../crdt/test-world.ts';
import { pictureOf } from './event-picture.ts';
import { bounded } from './events.ts';
import { around, story, toldOf } from './test-picture.ts';

test('events: an outage of a thousand is healed in one line', () => {
  // Goal: a text of a line, which every reader takes. Method: 1,000 of whom nobody was to be
  // reached, and now all.
  const one = pictureOf(story().view(), around({ state: () => 'alive' })).members.get(idOf('a'));
  const of = (state: 'alive' | 'dead') => ({
    ...pictureOf(story().view(), around()),
    members: new Map(
      Array.from({ length: 1_000 }, (_, n) => {
        const seen = {
          ...(one ?? assert.fail()),
          name: `a-long-name-${String(n).padStart(4, '0')}`,
        };
        return [idOf(`m${n}`), { ...seen, state }];
      }),
    ),
  });
  const [healed] = toldOf(of('dead'), of('alive')).filter(({ kind }) => kind === 'healed');
  const few = ['0000', '0001', '0002'].map((end) => `a-long-name-${end} is back, `).join('');
  assert.equal(healed?.cause, `${few}and 997 more`);
});

test('events: a text longer than a reader takes is cut, and a pair of halves not in two', () => {
  // Goal: one event never keeps others from being read. Method: texts at, over and far over it.
  const draft = { kind: 'alarm', member: null, text: 'x'.repeat(1_000), cause: null } as const;
  assert.deepEqual(bounded(draft), draft);
  const long = bounded({ ...draft, text: 'x'.repeat(1_001), cause: '😀'.repeat(2_000) });
  assert.equal(long.text, `${'x'.repeat(999)}…`);
  assert.equal(long.cause?.length, 1_000);
  assert.equal(long.cause?.isWellFormed(), true);
});

test('events: in a picture nobody is searched for', () => {
  // Goal: its cost is that of its members, not of their square. Method: 1,000 members, each let in
  // and known to have lived by another's word; how often an id of theirs is read.
  const view = story().view();
  const [, first] = view.members;
  const enrolment = view.enrolments.find(({ invite }) => invite !== null);
  let reads = 0;
  const counted = <Item extends object>(item: Item | undefined, id: ReturnType<typeof idOf>) =>
    Object.defineProperty({ ...(item ?? assert.fail()) }, 'id', {
      get: () => {
        reads += 1;
        return id;
      },
    });
  const ids = Array.from({ length: 1_000 }, (_, n) => idOf(`m${n}`));
  const evictions = ids.map((id) => ({ id, name: null, by: id, atMs: 1, reason: '' }));
  const crowd = {
    ...view,
    members: ids.map((id) => counted(first, id)),
    enrolments: ids.map((id) => counted(enrolment, id)),
    evictions: evictions.map((one) => counted(one, one.id)),
  };
  const { members } = pictureOf(crowd, around({ life: () => null }));
  assert.equal(members.size, 1_000);
  assert.match([...members.values()][7]?.via ?? '', /^by invite \S+$/);
  assert.ok(reads <= 10_000, `${reads} reads`);
});

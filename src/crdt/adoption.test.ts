import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adoptedOf, type Fate, hangingOn } from './adoption.ts';
import type { Edit } from './entry.ts';
import { trustPath } from './paths.ts';
import type { Store } from './store.ts';
import { framesOf, openWorldStore } from './test-frames.ts';
import { commit, say } from './test-mesh.ts';
import { nameOf, ofTwoOperators, summaryOf } from './test-story.ts';
import { idOf, inviteOf, type World } from './test-world.ts';

/** After every story. Unit: ms. */
const LATER = 1_000;

/** The founder's store after a story, and b's, in step. */
const after = (story: World): { readonly founder: Store; readonly b: Store } => {
  const frames = framesOf(story);
  const [founder, b] = [openWorldStore('founder'), openWorldStore('b')];
  for (const store of [founder, b]) store.load(frames, LATER);
  return { founder, b };
};

/** What the founder's store says of b's word, with names for ids. */
const fatesOf = (founder: Store): Readonly<Record<string, Fate>> =>
  Object.fromEntries(
    hangingOn(founder, idOf('b'), LATER).map(({ path, fate }) => [
      path.split('/').map(nameOf).join('/'),
      fate,
    ]),
  );

const remove = (founder: Store, adopted: readonly Edit[]): void => {
  say(founder, [...adopted, { path: trustPath('role', idOf('b')), value: null }], LATER);
};

/** Intent in force, as far as operators still say it. */
const intentIn = (store: Store): unknown => {
  const operators = new Set(store.view().operators.map(({ member }) => member));
  return [
    'intent/lb/service/x',
    'intent/lb/service/gone',
    'intent/lb/service/ours',
    'intent/lb/service/late',
  ].map((path) => store.winner(path, operators)?.value ?? null);
};

/** b says a bit of everything that an operator can say. */
const busy = (): World =>
  ofTwoOperators()
    .says('intent/lb/service/gone', 1)
    .says('intent/lb/service/late', 1)
    .grants('c', 3)
    .as('a')
    .admits('d', 'i')
    .as('b')
    .says('intent/lb/service/x', 'rule')
    .says('intent/lb/service/gone', null)
    .says('intent/lb/service/late', 2)
    .says('intent/lb/service/ours', 1)
    .removes('c')
    .evicts('d')
    .says(trustPath('name', idOf('c')), { name: 'db' })
    .says(trustPath('label', idOf('c')), { labels: 'none' })
    .says(trustPath('name', idOf('y')), { name: 'nobody' })
    .invites('j')
    .as('a')
    .admits('x', 'j')
    .as('founder')
    .says('intent/lb/service/ours', 2);

describe('adoption', () => {
  it('tells what becomes of each statement of who loses the role', () => {
    // Goal: FORMATS, "Operator": what the author alone kept in force is adopted, the rest is void.
    // Method: b says one of each kind, some of it without effect; the fate of each by table.
    assert.deepEqual(fatesOf(after(busy()).founder), {
      'intent/lb/service/gone': 'adopted',
      'intent/lb/service/late': 'adopted',
      'intent/lb/service/ours': 'overruled',
      'intent/lb/service/x': 'adopted',
      'trust/evict/d': 'adopted',
      'trust/invite/j': 'revoked',
      'trust/label/c': 'void',
      'trust/name/c': 'adopted',
      'trust/name/y': 'void',
      'trust/role/c': 'adopted',
    });
  });

  it('leaves all that was in force but the role itself, and not without it', () => {
    // Goal: to remove an operator changes nothing else. Method: the view and the intent before and
    // after, with what is adopted; the twin without adoption loses b's word.
    const { founder, b } = after(busy());
    const [before, intent] = [summaryOf(founder.view()), intentIn(founder)];
    assert.deepEqual(intent, ['rule', null, 2, 2]);
    remove(founder, adoptedOf(hangingOn(founder, idOf('b'), LATER)));
    b.receiveAll(founder.framesAfter(b.heads(), 1e9), LATER);
    for (const store of [founder, b]) {
      const { operators, quarantined, ...rest } = summaryOf(store.view());
      assert.equal(operators, 'founder a');
      assert.deepEqual(quarantined, []);
      assert.deepEqual(rest, { members: before.members, evicted: before.evicted, alarms: '' });
      assert.deepEqual(intentIn(store), intent);
      const invite = store.view().invites.find(({ id }) => id === inviteOf('j'));
      assert.equal(invite?.isRevoked, true);
      assert.equal(store.view().members.find(({ id }) => id === idOf('c'))?.name, 'db');
    }

    const bare = after(busy()).founder;
    remove(bare, []);
    assert.equal(summaryOf(bare.view()).operators, 'founder a c');
    assert.deepEqual(intentIn(bare), [null, 1, 2, 1]);
  });

  it('keeps deleted what an earlier generation of the removed deleted', () => {
    // Goal: a deleted object never returns. Method: b deletes, renews twice, and is removed.
    const { founder, b } = after(busy());
    for (let count = 0; count < 2; count += 1) commit(b.nextGeneration(LATER));
    founder.receiveAll(b.framesAfter(founder.heads(), 1e9), LATER);
    assert.equal(fatesOf(founder)['intent/lb/service/gone'], 'adopted');
    assert.equal(fatesOf(founder)['trust/role/c'], 'adopted');
    remove(founder, adoptedOf(hangingOn(founder, idOf('b'), LATER)));
    assert.deepEqual(intentIn(founder), ['rule', null, 2, 2]);
    assert.equal(summaryOf(founder.view()).operators, 'founder a');
  });

  it('is nothing for who is no operator, whatever it says', () => {
    // Goal: a node's word about intent is nobody's. Method: c writes policy, and is asked about.
    const { founder } = after(ofTwoOperators().as('c').says('intent/lb/service/x', 1).evicts('a'));
    assert.deepEqual(hangingOn(founder, idOf('c'), LATER), []);
  });
});

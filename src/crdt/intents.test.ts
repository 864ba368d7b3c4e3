import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intentPath, readIntentPath } from './paths.ts';
import { ofTwoOperators, summaryOf } from './test-story.ts';
import { idOf, openTestProjector, type World } from './test-world.ts';
import type { View } from './view.ts';

const path = (name: string): string => intentPath({ service: 'toy', kind: 'rule', name });
const shown = ({ intent }: View) => intent.map(({ name, value }) => [name, value]);
const inBothOrders = (story: World): readonly View[] =>
  [story.states(), story.states().toReversed()].map(openTestProjector());

describe('objects of services in the view', () => {
  it('are shown by path, whole, with who said them and when', () => {
    // Goal: a service reads its objects and floor 0 knows none. Method: two services, compared.
    const view = ofTwoOperators()
      .as('a')
      .at(5_000)
      .says(path('z'), { any: [1, 'text', null] })
      .says('intent/other/thing/n.o', 7)
      .view();
    assert.deepEqual(view.intent, [
      {
        path: 'intent/other/thing/n.o',
        service: 'other',
        kind: 'thing',
        name: 'n.o',
        value: 7,
        author: idOf('a'),
        hlc: [5_001, 0],
        older: [],
      },
      {
        path: 'intent/toy/rule/z',
        service: 'toy',
        kind: 'rule',
        name: 'z',
        value: { any: [1, 'text', null] },
        author: idOf('a'),
        hlc: [5_000, 0],
        older: [],
      },
    ]);
  });

  it('count from operators only', () => {
    // Goal: no node changes policy. Method: a node says good and misspelt ones; no effect, no flaw.
    const view = ofTwoOperators().as('c').says(path('x'), 1).says('intent/Toy/rule/x', 1).view();
    assert.deepEqual(view.intent, []);
    assert.deepEqual(summaryOf(view).quarantined, []);
  });

  it('of several operators the latest, with the older ones behind it', () => {
    // Goal: (hlc, author), and a last good one to fall back on. Method: both orders of arrival.
    const story = ofTwoOperators().as('founder').at(5_000).says(path('x'), 'old');
    story.as('a').at(6_000).says(path('x'), 'new');
    for (const view of inBothOrders(story)) {
      assert.deepEqual(shown(view), [['x', 'new']]);
      assert.deepEqual(view.intent[0]?.older, [
        { value: 'old', author: idOf('founder'), hlc: [5_000, 0] },
      ]);
    }
  });

  it('are gone once deleted, and nothing older comes back', () => {
    // Goal: a tombstone hides what is older, whoever said it. Method: the other operator deletes;
    // then what is later than the deletion is shown, without what was before.
    const story = ofTwoOperators().as('founder').at(5_000).says(path('x'), 'old');
    story.as('a').at(6_000).says(path('x'), null);
    for (const view of inBothOrders(story)) assert.deepEqual(shown(view), []);
    story.as('founder').at(7_000).says(path('x'), 'again');
    for (const view of inBothOrders(story)) {
      assert.deepEqual(shown(view), [['x', 'again']]);
      assert.deepEqual(view.intent[0]?.older, []);
    }
  });

  it('of an operator that was evicted or removed are void', () => {
    // Goal: intent hangs on its author's role. Method: one story for each way to lose it.
    const story = (): World => ofTwoOperators().as('a').at(5_000).says(path('x'), 1);
    assert.deepEqual(shown(story().view()), [['x', 1]]);
    assert.deepEqual(shown(story().as('founder').at(6_000).evicts('a').view()), []);
    assert.deepEqual(shown(story().as('founder').at(6_000).removes('a').view()), []);
    assert.deepEqual(shown(story().as('founder').at(6_000).removes('b').view()), [['x', 1]]);
  });

  it('are the same list as long as no operator said anything', () => {
    // Goal: who compiles them can tell by identity. Method: a node speaks, then an operator.
    const project = openTestProjector();
    const story = ofTwoOperators().as('a').says(path('x'), 1);
    const c = ofTwoOperators().as('c').says('member/version', { version: '9', commit: 'c' });
    const states = story.states();
    const before = project(states).intent;
    const news = c.states().filter(({ author }) => author === idOf('c'));
    assert.equal(news.length, 1);
    assert.equal(project([...states, ...news]).intent, before);
    assert.notEqual(project(story.as('a').says(path('y'), 1).states()).intent, before);
  });

  it('at a misspelt path are set aside by name, and the rest holds', () => {
    // Goal: one spelling for each object. Method: a table of paths, one good object beside them.
    const misspelt = [
      'intent/toy',
      'intent/toy/rule',
      'intent/toy/rule/x/y',
      'intent/Toy/rule/x',
      'intent/toy/rule/-f',
      'intent/toy/rule/a..b',
      'intent/toy/rule/A',
      `intent/toy/rule/${'a'.repeat(64)}`,
      'intent/toy/rule/$(reboot)',
      'intent/toy/rule/a;b',
      'intent/toy/ru le/x',
    ];
    for (const bad of misspelt) {
      assert.equal(readIntentPath(bad), null, bad);
      const view = ofTwoOperators().as('a').says(bad, 1).says(path('x'), 1).view();
      assert.deepEqual(shown(view), [['x', 1]], bad);
      assert.deepEqual(
        view.quarantined.map((one) => [one.path, one.author]),
        [[bad, idOf('a')]],
        bad,
      );
    }
  });
});

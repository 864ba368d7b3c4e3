import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustPath } from './paths.ts';
import { memberOf, ofTwoOperators, summaryOf } from './test-story.ts';
import { idOf, openTestProjector, type World, world } from './test-world.ts';

const namePath = (member: string): string => trustPath('name', idOf(member));
const labelPath = (member: string): string => trustPath('label', idOf(member));
const nameIn = (story: World, member: string): string => memberOf(story.view(), member).name;
const pair = (): World =>
  world()
    .invites('i', { labels: { zone: 'east' } })
    .admits('a', 'i')
    .admits('b', 'i');

describe('names and labels that operators give', () => {
  it('go before those of the enrolment, and come back to them when taken back', () => {
    // Goal: the last word holds. Method: given, given again, taken back.
    const story = pair().says(namePath('a'), { name: 'db' });
    assert.equal(nameIn(story, 'a'), 'db');
    assert.equal(nameIn(story, 'b'), 'b');
    assert.equal(nameIn(story.says(namePath('a'), { name: 'db2' }), 'a'), 'db2');
    assert.equal(nameIn(story.says(namePath('a'), null), 'a'), 'a');
    const labelled = pair().says(labelPath('a'), { labels: { role: 'db' } });
    assert.deepEqual(memberOf(labelled.view(), 'a').labels, { role: 'db' });
    assert.deepEqual(memberOf(labelled.view(), 'b').labels, { zone: 'east' });
    assert.deepEqual(
      memberOf(labelled.says(labelPath('a'), { labels: {} }).view(), 'a').labels,
      {},
    );
    assert.deepEqual(memberOf(labelled.says(labelPath('a'), null).view(), 'a').labels, {
      zone: 'east',
    });
  });

  it('are an operator’s word only', () => {
    // Goal: nobody names itself. Method: a member, for itself and another; no flaw, no effect.
    const view = pair()
      .as('a')
      .says(namePath('a'), { name: 'king' })
      .says(labelPath('b'), { labels: { role: 'fool' } })
      .says(namePath('b'), { name: 7 })
      .view();
    assert.equal(memberOf(view, 'a').name, 'a');
    assert.deepEqual(memberOf(view, 'b').labels, { zone: 'east' });
    assert.deepEqual(summaryOf(view).quarantined, []);
  });

  it('of several operators the latest, whichever order they came in', () => {
    // Goal: (hlc, author). Method: two operators at different and at equal times; both orders.
    const story = ofTwoOperators().as('founder').at(5_000).says(namePath('b'), { name: 'early' });
    story.as('a').at(6_000).says(namePath('b'), { name: 'late' });
    const views = [story.states(), story.states().toReversed()].map(openTestProjector());
    for (const view of views) assert.equal(memberOf(view, 'b').name, 'late');
    const tie = ofTwoOperators()
      .as('founder')
      .at(5_000)
      .says(namePath('b'), { name: 'of-founder' });
    tie.as('a').at(5_000).says(namePath('b'), { name: 'of-a' });
    const winner = idOf('founder') > idOf('a') ? 'of-founder' : 'of-a';
    assert.equal(nameIn(tie, 'b'), winner);
  });

  it('of one who lost the role or was evicted count no more', () => {
    // Goal: only who is an operator now. Method: removal and eviction after the word.
    const story = () => ofTwoOperators().as('a').at(5_000).says(namePath('b'), { name: 'by-a' });
    assert.equal(nameIn(story(), 'b'), 'by-a');
    assert.equal(nameIn(story().as('founder').removes('a'), 'b'), 'b');
    assert.equal(nameIn(story().as('founder').evicts('a').adopts('b'), 'b'), 'b');
  });

  it('tie as names by enrolment do, and free the old one', () => {
    // Goal: two members never show one name. Method: a name given that another has, and one freed.
    const tied = pair().says(namePath('b'), { name: 'a' });
    const [first, second] = [nameIn(tied, 'a'), nameIn(tied, 'b')];
    const [keeper, loser] = first === 'a' ? [first, second] : [second, first];
    assert.equal(keeper, 'a');
    assert.match(loser, /^a-[a-z2-7]{4}$/);
    assert.match(summaryOf(tied.view()).alarms, /^name-tie [ab]$/);
    const swapped = pair().says(namePath('a'), { name: 'b' }).says(namePath('b'), { name: 'a' });
    assert.deepEqual([nameIn(swapped, 'a'), nameIn(swapped, 'b')], ['b', 'a']);
    assert.equal(summaryOf(swapped.view()).alarms, '');
  });

  it('that do not hold are set aside, and the last good one stays', () => {
    // Goal: quarantine harms nothing. Method: a bad name after a good one.
    const view = pair()
      .says(namePath('a'), { name: 'db' })
      .says(namePath('a'), { name: 'No Name' })
      .says(labelPath('a'), { labels: { 'B A D': '' } })
      .view();
    assert.equal(memberOf(view, 'a').name, 'db');
    assert.deepEqual(memberOf(view, 'a').labels, { zone: 'east' });
    assert.deepEqual(summaryOf(view).quarantined, [
      'founder: trust/label/a: labels.B A D must be a record of labels',
      'founder: trust/name/a: name must be a name',
    ]);
  });

  it('of who is no member change nothing', () => {
    // Goal: a word about a stranger is no member. Method: a name and labels for nobody.
    const view = pair().says(namePath('x'), { name: 'ghost' }).view();
    assert.equal(summaryOf(view).members, 'a b founder');
  });
});

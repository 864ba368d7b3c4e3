import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AuthorState, Value } from './entry.ts';
import { rootPath, trustPath } from './paths.ts';
import {
  bytesOfView,
  idOf,
  inviteOf,
  openCountingProjector,
  openTestProjector,
  type World,
  world,
} from './test-world.ts';

const NAMES = ['founder', 'a', 'b', 'c', 'd'];
const name = fc.constantFrom(...NAMES);
const invite = fc.constantFrom('i', 'j');
const address = fc.integer({ min: 1, max: 6 }).map((last) => `10.10.0.${last}`);

/** One thing that somebody does, whether it may or not. */
const act: fc.Arbitrary<(story: World) => World> = fc.oneof(
  invite.map((i) => (story: World) => story.invites(i, { uses: 2 })),
  fc.tuple(name, invite, address).map(
    ([member, i, ipv4]) =>
      (story: World) =>
        story.admits(member, i, { ipv4, name: 'same' }),
  ),
  fc.tuple(name, address).map(
    ([member, ipv4]) =>
      (story: World) =>
        story.adopts(member, { ipv4 }),
  ),
  name.map((member) => (story: World) => story.evicts(member)),
  fc.tuple(name, fc.integer({ min: 1, max: 3 })).map(
    ([member, number]) =>
      (story: World) =>
        story.grants(member, number),
  ),
  name.map((member) => (story: World) => story.removes(member)),
  name.map((member) => (story: World) => story.buries(trustPath('role', idOf(member)))),
  fc.constant((story: World) => story.recovers(1, 'code 1', 'code 2')),
  address.map((ipv4) => (story: World) => story.says('member/ipv4', { ipv4 })),
  fc.constant((story: World) => story.says('member/left', { left: true })),
  fc.constant((story: World) => story.says('member/version', 'bad')),
);

/** A mesh of five with two operators, and then up to 30 acts of anybody. */
const states: fc.Arbitrary<readonly AuthorState[]> = fc
  .array(fc.tuple(name, act), { maxLength: 30 })
  .map((acts) => {
    const story = world().invites('i').admits('a', 'i').admits('b', 'i').grants('a').grants('b', 2);
    story.as('a').admits('c', 'i').as('c').admits('d', 'i');
    for (const [actor, does] of acts) does(story.as(actor));
    return story.states();
  });

const shuffled = <Item>(items: readonly Item[]): fc.Arbitrary<readonly Item[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length });

/** The same sub-documents: authors, and the entries of each, in any order. */
const reordered = (authors: readonly AuthorState[]): fc.Arbitrary<readonly AuthorState[]> =>
  fc
    .tuple(
      ...authors.map(({ author, entries, tombstones }) =>
        fc.record({
          author: fc.constant(author),
          entries: shuffled(entries),
          tombstones: shuffled(tombstones),
        }),
      ),
    )
    .chain((each) => shuffled(each));

describe('projection of anything', () => {
  it('is the same in any order of authors and entries', () => {
    // Goal: what arrives first never matters. Method: random acts, shuffled, views compared byte
    // for byte.
    const pair = states.chain((authors) => fc.tuple(fc.constant(authors), reordered(authors)));
    fc.assert(
      fc.property(pair, ([authors, others]) => {
        const [view, other] = [openTestProjector()(authors), openTestProjector()(others)];
        assert.deepEqual(other, view);
        assert.deepEqual(bytesOfView(other), bytesOfView(view));
      }),
      { numRuns: 150 },
    );
  });

  it('is the same with and without memory of earlier projections', () => {
    // Goal: memoised checks change nothing. Method: one projector for all runs against a fresh one
    // for each.
    const warm = openTestProjector();
    fc.assert(
      fc.property(states, (authors) => {
        assert.deepEqual(warm(authors), openTestProjector()(authors));
      }),
    );
  });

  it('keeps its promises', () => {
    // Goal: what other rules rely on. Method: random acts; no address or name twice, operators are
    // members, none evicted.
    const project = openTestProjector();
    fc.assert(
      fc.property(states, (authors) => {
        const { members, operators, evicted } = project(authors);
        const ids = new Set(members.map(({ id }) => id));
        const present = members.filter(({ hasLeft }) => !hasLeft);
        const addresses = present.flatMap(({ ipv4 }) => ipv4 ?? []);
        assert.equal(new Set(addresses).size, addresses.length);
        assert.equal(new Set(present.map((member) => member.name)).size, present.length);
        assert.equal(ids.size, members.length);
        for (const { member } of operators) assert.ok(ids.has(member));
        assert.equal(new Set(operators.map(({ member }) => member)).size, operators.length);
        for (const id of evicted) assert.ok(!ids.has(id));
        assert.ok(operators.length > 0 || evicted.length > 0 || members.length === 0);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever is said', () => {
    // Goal: totality. Method: arbitrary values at every known kind of path, by operators and
    // others.
    const path = fc.constantFrom(
      ...['endpoints', 'consent', 'version', 'ipv4', 'left', 'other'].map(
        (kind) => `member/${kind}`,
      ),
      ...NAMES.map((each) => trustPath('admission', idOf(each))),
      ...NAMES.map((each) => trustPath('adopt', idOf(each))),
      trustPath('invite', inviteOf('i')),
      trustPath('evict', idOf('a')),
      trustPath('role', idOf('a')),
      rootPath(1),
      'trust/root/0',
      'trust/evict/nobody',
      '',
    );
    const value = fc.jsonValue() as fc.Arbitrary<Value>;
    fc.assert(
      fc.property(fc.array(fc.tuple(name, path, value)), (said) => {
        const story = world().invites('i').admits('a', 'i').grants('a');
        for (const [actor, where, what] of said) story.as(actor).says(where, what);
        story.view();
      }),
      { numRuns: 300 },
    );
  });
});

describe('projection of a large mesh', () => {
  it('checks each signature once', () => {
    // Goal: quick enough to run on every change (1,000 members: 0.4 s at first, then 0.05 s, by
    // hand). Method: count the checks of 100 admissions; sub-documents as new objects, then as old.
    const story = world().invites('i', { uses: 100 });
    for (let index = 0; index < 100; index++) {
      const ipv4 = `10.10.0.${100 + index}`;
      story.as(index < 10 ? 'founder' : `m${index % 10}`).admits(`m${index}`, 'i', { ipv4 });
    }
    const { project, checks } = openCountingProjector();
    const authors = story.states();
    assert.equal(project(authors).members.length, 101);
    assert.equal(checks(), 200, 'an invite’s and a member’s signature each');
    assert.equal(project(story.states()).members.length, 101);
    assert.equal(project(authors).members.length, 101);
    assert.equal(checks(), 200);
  });
});

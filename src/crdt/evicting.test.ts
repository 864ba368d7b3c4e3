import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthorState, Edit, Value } from './entry.ts';
import { type Evicting, evicting } from './evicting.ts';
import { trustPath } from './paths.ts';
import { compareOrder } from './statements.ts';
import { memberOf, nameOf, ofFour, ofTwoOperators, summaryOf } from './test-story.ts';
import { idOf, openTestProjector, type World } from './test-world.ts';
import type { View } from './view.ts';

type Known = Parameters<typeof evicting>[0];

/** What `self` knows when a story has come so far. */
const knownTo = (story: World, self: string): Known => {
  const project = openTestProjector();
  const claims = story.states().flatMap(({ author, entries }) =>
    entries.map(({ path, value, hlc }) => {
      return { author, path, value, hlc, name: '', replaces: null };
    }),
  );
  return {
    view: () => project(story.states()),
    claims: () => claims,
    spokenOf: (author) => claims.filter((one) => one.author === author).map(({ path }) => path),
    winner: (path, among) =>
      (claims
        .filter((one) => one.path === path && among?.has(one.author) !== false)
        .toSorted(compareOrder)
        .at(-1) as unknown as ReturnType<Known['winner']>) ?? null,
    suppose: (edits) => project(said(story, self, edits)),
  };
};

/** The story, and then what somebody says. */
const said = (story: World, self: string, edits: readonly Edit[]): readonly AuthorState[] => {
  const spoken = edits.map((edit, at) => ({ ...edit, hlc: [5_000, at] as const, replaces: null }));
  const states = story.states();
  const own = states.find(({ author }) => author === idOf(self));
  const { entries, tombstones } = own ?? { entries: [], tombstones: [] };
  const author = idOf(self);
  return [
    ...states.filter((state) => state !== own),
    { author, entries: [...entries, ...spoken], tombstones },
  ];
};

const evict = (story: World, by: string, whom: string, isCascade = false): Evicting => {
  const [evictor, victim] = [idOf(by), idOf(whom)];
  return evicting(knownTo(story, by), { evictor, victim, reason: '', isCascade, wallMs: 5_000 });
};

const pathsIn = ({ edits }: Evicting): readonly string[] =>
  edits
    .slice(1)
    .map(({ path }) => path.split('/').map(nameOf).join('/'))
    .sort();
const membersIn = (view: View): string => summaryOf(view).members;

interface Case {
  readonly what: string;
  readonly story: World;
  readonly evicts: readonly [by: string, whom: string, isCascade?: boolean];
  readonly says: readonly string[];
  readonly members: string;
  readonly operators?: string;
}

const CASES: readonly Case[] = [
  {
    what: 'nothing hangs on it: nothing is adopted',
    story: ofFour(),
    evicts: ['founder', 'a'],
    says: [],
    members: 'b c founder',
  },
  {
    what: 'whom it admitted is adopted, and takes all below it',
    story: ofFour().as('a').admits('x', 'i').as('x').admits('y', 'i'),
    evicts: ['founder', 'a'],
    says: ['trust/adopt/x'],
    members: 'b c founder x y',
  },
  {
    what: 'unless the eviction cascades',
    story: ofFour().as('a').admits('x', 'i').as('x').admits('y', 'i'),
    evicts: ['founder', 'a', true],
    says: [],
    members: 'b c founder',
  },
  {
    what: 'whom others admitted by its invite is adopted too',
    story: ofTwoOperators().as('b').invites('j').as('c').admits('x', 'j'),
    evicts: ['founder', 'b'],
    says: ['trust/adopt/x'],
    members: 'a c founder x',
    operators: 'founder a',
  },
  {
    what: 'its grants are said again, and so its grantee’s invites stand',
    story: ofFour().grants('a').as('a').grants('b').as('b').invites('j').as('c').admits('x', 'j'),
    evicts: ['founder', 'a'],
    says: ['trust/role/b'],
    members: 'b c founder x',
    operators: 'founder b',
  },
  {
    what: 'whom it evicted does not come back, nor whose role it took',
    story: ofTwoOperators().admits('x', 'i').as('b').evicts('x').as('b').removes('a'),
    evicts: ['founder', 'b'],
    says: ['trust/evict/x', 'trust/role/a'],
    members: 'a c founder',
    operators: 'founder',
  },
  {
    what: 'what it said of policy, names and labels, and deleted, is said again',
    story: ofTwoOperators()
      .says('intent/lb/service/old', 1)
      .as('b')
      .says('intent/lb/service/web', { port: 80 })
      .says('intent/lb/service/old', null)
      .says(trustPath('name', idOf('c')), { name: 'db' })
      .says(trustPath('name', idOf('b')), { name: 'own' })
      .as('a')
      .says('intent/lb/service/mine', 2),
    evicts: ['a', 'b'],
    says: ['intent/lb/service/old', 'intent/lb/service/web', 'trust/name/c'],
    members: 'a c founder',
    operators: 'founder a',
  },
  {
    what: 'a junior that evicts the founder stands on its own word, and keeps the rest',
    story: ofTwoOperators(),
    evicts: ['b', 'founder'],
    says: ['trust/adopt/a', 'trust/adopt/b', 'trust/adopt/c', 'trust/role/a'],
    members: 'a b c',
    operators: 'a b',
  },
  {
    what: 'what an operator decided stays, also of one that goes with the victim',
    story: ofFour()
      .as('a')
      .admits('x', 'i')
      .as('founder')
      .grants('x')
      .as('x')
      .says('intent/lb/service/web', { port: 80 }),
    evicts: ['founder', 'a', true],
    says: ['intent/lb/service/web'],
    members: 'b c founder',
    operators: 'founder',
  },
  {
    what: 'who evicts itself takes along what it says: nobody can adopt that by its own word',
    story: ofTwoOperators(),
    evicts: ['founder', 'founder'],
    says: [],
    members: '',
    operators: '',
  },
];

describe('evicting', () => {
  for (const { what, story, evicts, says, members, operators } of CASES) {
    it(what, () => {
      // Goal: the case. Method: what is said, and who is left when it was said.
      const voided = evict(story, ...evicts);
      assert.deepEqual([pathsIn(voided), membersIn(voided.after)], [says, members]);
      if (operators !== undefined) assert.equal(summaryOf(voided.after).operators, operators);
    });
  }

  it('an adopted member keeps name, address, labels and its place among ties', () => {
    // Goal: invariant 4. Method: the member's row and enrolment before and after.
    const story = ofFour().invites('j', { number: 4, labels: { zone: 'a' } });
    story.as('a').admits('x', 'j', { name: 'web', ipv4: '10.10.0.77' });
    const before = openTestProjector()(story.states());
    const { after } = evict(story, 'founder', 'a');
    assert.deepEqual(memberOf(after, 'x'), memberOf(before, 'x'));
    const enrolled = (view: View) => view.enrolments.find(({ id }) => id === idOf('x'));
    assert.deepEqual({ ...enrolled(after) }, { ...enrolled(before), admittedBy: null });
    assert.equal((enrolled(after) as { number: Value } | undefined)?.number, 4);
  });
});

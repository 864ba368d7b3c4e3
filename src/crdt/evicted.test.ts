import { describe, it } from 'node:test';
import { trustPath } from './paths.ts';
import { byId, type Case, check, ofFour, ofTwoOperators } from './test-story.ts';
import { idOf, inviteOf } from './test-world.ts';

const CASES: readonly Case[] = [
  {
    what: 'an evicted admitter takes along whom it admitted',
    story: ofFour().as('a').admits('x', 'i').as('x').admits('y', 'i').as('founder').evicts('a'),
    expected: { members: 'b c founder', evicted: 'a x y' },
  },
  {
    what: 'unless an operator adopted them',
    story: ofFour()
      .as('a')
      .admits('x', 'i')
      .as('x')
      .admits('y', 'i')
      .as('founder')
      .evicts('a')
      .adopts('x'),
    expected: { members: 'b c founder x y', evicted: 'a' },
  },
  {
    what: 'or somebody else admitted them too',
    story: ofFour().as('a').admits('x', 'i').as('b').admits('x', 'i').as('founder').evicts('a'),
    expected: { members: 'b c founder x', evicted: 'a' },
  },
  {
    what: 'an adoption by a member that is no operator is nothing',
    story: ofFour().as('a').admits('x', 'i').as('b').adopts('x').as('founder').evicts('a'),
    expected: { members: 'b c founder', evicted: 'a x' },
  },
  {
    what: 'who is evicted never comes back: not by admission, not by adoption',
    story: ofFour().evicts('a').adopts('a').as('b').admits('a', 'i'),
    expected: { members: 'b c founder', evicted: 'a' },
  },
  {
    what: 'an eviction by a member that is no operator is nothing',
    story: ofFour().as('b').evicts('a'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'of two operators that evict each other the senior stays',
    story: ofTwoOperators().as('a').evicts('b').as('b').evicts('a'),
    expected: { members: 'a c founder', operators: 'founder a', evicted: 'b' },
  },
  {
    what: 'also when the junior was first',
    story: ofTwoOperators().as('b').evicts('a').as('a').evicts('b'),
    expected: { members: 'a c founder', operators: 'founder a', evicted: 'b' },
  },
  {
    what: 'an evicted operator takes along its invites, grants and evictions',
    story: ofTwoOperators()
      .as('b')
      .invites('j')
      .evicts('c')
      .grants('x')
      .as('a')
      .admits('x', 'j')
      .as('founder')
      .evicts('b'),
    expected: { members: 'a c founder', operators: 'founder a', evicted: 'b x' },
  },
  {
    what: 'a junior evicts its senior, adopts itself, and stays; the senior’s own evictions too',
    story: ofTwoOperators().evicts('c').as('a').adopts('a').evicts('founder'),
    expected: { members: 'a', operators: 'a', evicted: 'b c founder' },
  },
  {
    what: 'a junior that cannot stay without its senior has evicted nobody',
    story: ofTwoOperators().as('b').evicts('founder'),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'grants of the evicted seat nobody any more, unless said again',
    story: ofFour()
      .grants('a', 1)
      .grants('b', 2)
      .grants('c', 3)
      .as('a')
      .adopts('a')
      .adopts('b')
      .adopts('c')
      .grants('c', 4)
      .evicts('founder'),
    expected: { members: 'a b c', operators: 'a c', evicted: 'founder' },
  },
  {
    what: 'whom those invited who have lost the role with the evicted is out too',
    story: ofFour()
      .grants('a', 1)
      .grants('c', 2)
      .as('c')
      .invites('j')
      .admits('x', 'j')
      .as('a')
      .adopts('a')
      .adopts('c')
      .evicts('founder'),
    expected: { members: 'a c', operators: 'a', evicted: 'b founder x' },
  },
  {
    what: 'an invite that another operator deleted takes along whom it admitted',
    story: ofTwoOperators()
      .invites('j')
      .admits('x', 'j')
      .as('b')
      .says(trustPath('invite', inviteOf('j')), null),
    expected: { members: 'a b c founder', operators: 'founder a b', evicted: 'x' },
  },
  {
    what: 'who is evicted without ever having been a member is just a stranger',
    story: ofFour().evicts('x'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'an operator whose admitter is evicted by a junior falls with it',
    story: ofFour()
      .as('c')
      .admits('d', 'i')
      .as('founder')
      .grants('d', 1)
      .grants('b', 2)
      .as('d')
      .evicts('a')
      .as('b')
      .evicts('c'),
    expected: { members: 'b founder', operators: 'founder b', evicted: 'a c d' },
  },
  {
    what: 'one that evicts its own admitter has no effect, and harms no other that it admitted',
    story: ofFour()
      .as('c')
      .admits('d', 'i')
      .admits('e', 'i')
      .as('founder')
      .grants('d', 1)
      .grants('e', 2)
      .as('d')
      .evicts('c'),
    expected: { members: 'a b c d e founder', operators: 'founder e' },
  },
  {
    what: 'who has the role by an admission alone falls when its admitter takes that back',
    story: ofFour()
      .as('c')
      .admits('d', 'i')
      .as('founder')
      .grants('d', 1)
      .as('d')
      .evicts('a')
      .as('c')
      .says(trustPath('admission', idOf('d')), null),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'who was adopted with the role keeps it, and its word counts',
    story: ofFour()
      .as('c')
      .admits('d', 'i')
      .as('founder')
      .grants('d', 1)
      .adopts('d')
      .as('d')
      .evicts('a')
      .as('c')
      .says(trustPath('admission', idOf('d')), null),
    expected: { members: 'b c d founder', operators: 'founder d', evicted: 'a' },
  },
  {
    what: 'to evict oneself counts',
    story: ofTwoOperators().as('b').evicts('b'),
    expected: { members: 'a c founder', operators: 'founder a', evicted: 'b' },
  },
  {
    what: 'an operator without a valid admission is none',
    story: ofFour().as('x').admits('y', 'i').evicts('a').as('founder').grants('x').grants('y'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'an operator admitted by the invite of a junior is one',
    story: ofTwoOperators()
      .as('b')
      .invites('j')
      .as('c')
      .admits('x', 'j')
      .as('founder')
      .grants('x', 1),
    expected: {
      members: 'a b c founder x',
      operators: ['founder', ...['a', 'x'].sort(byId), 'b'].join(' '),
    },
  },
];

describe('eviction', () => {
  // Goal: who is out follows FORMATS, "Eviction". Method: a story per rule, in two orders.
  for (const each of CASES) it(each.what, () => check(each));
});

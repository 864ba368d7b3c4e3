import { describe, it } from 'node:test';
import { trustPath } from './paths.ts';
import { type Case, check, ofFour, ofTwoOperators } from './test-story.ts';
import { idOf } from './test-world.ts';

const CASES: readonly Case[] = [
  {
    what: 'rank is by depth, then by the number of the grant',
    story: ofFour().grants('b', 2).grants('a', 3).as('b').grants('c', 1),
    expected: { members: 'a b c founder', operators: 'founder b a c' },
  },
  {
    what: 'who is removed stays a member, with its admissions, without its invites',
    story: ofTwoOperators()
      .as('b')
      .invites('j')
      .admits('x', 'i')
      .admits('y', 'j')
      .evicts('c')
      .as('founder')
      .removes('b'),
    expected: { members: 'a b c founder x', operators: 'founder a', evicted: 'y' },
  },
  {
    what: 'a removal by another operator counts against an older grant',
    story: ofTwoOperators().as('a').removes('b'),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'and not against a newer one',
    story: ofTwoOperators().as('a').removes('b').as('founder').grants('b', 2),
    expected: { members: 'a b c founder', operators: 'founder a b' },
  },
  {
    what: 'a removal that an earlier generation left counts the same',
    story: ofTwoOperators()
      .as('a')
      .buries(trustPath('role', idOf('b'))),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'of two that remove each other the senior keeps the role, though the junior was later',
    story: ofTwoOperators().as('a').removes('b').as('b').removes('a'),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'also when the junior was first',
    story: ofTwoOperators().as('b').removes('a').as('a').removes('b'),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'a junior removes its senior',
    story: ofTwoOperators().as('b').removes('founder').adopts('b').invites('i').adopts('founder'),
    expected: { members: 'a b c founder', operators: 'a b' },
  },
  {
    what: 'the recovery code lifts a removal that came before it',
    story: ofTwoOperators().as('a').removes('c').as('c').recovers(1, 'code 1', 'code 2'),
    expected: { members: 'a b c founder', operators: 'c founder a b' },
  },
  {
    what: 'and not one that comes after it',
    story: ofTwoOperators().as('c').recovers(1, 'code 1', 'code 2').as('a').removes('c'),
    expected: { members: 'a b c founder', operators: 'founder a b' },
  },
  {
    what: 'who is granted the role twice has it once',
    story: ofTwoOperators().as('b').grants('a', 1),
    expected: { members: 'a b c founder', operators: 'founder a b' },
  },
  {
    what: 'of two grants one is enough',
    story: ofFour().grants('a').as('a').grants('c', 1).as('founder').grants('c', 2).removes('a'),
    expected: { members: 'a b c founder', operators: 'founder c' },
  },
  {
    what: 'a grant to oneself is no shield against a removal',
    story: ofTwoOperators().as('b').removes('a').as('a').grants('a'),
    expected: { members: 'a b c founder', operators: 'founder b' },
  },
  {
    what: 'whom a removed operator adopted is out',
    story: ofTwoOperators().as('b').adopts('x').as('founder').removes('b'),
    expected: { members: 'a b c founder', operators: 'founder a', evicted: 'x' },
  },
  {
    what: 'nobody gives itself the role again',
    story: ofTwoOperators().as('a').removes('b').as('b').grants('b'),
    expected: { members: 'a b c founder', operators: 'founder a' },
  },
  {
    what: 'a removal by a member that is no operator is nothing',
    story: ofTwoOperators().as('c').removes('b'),
    expected: { members: 'a b c founder', operators: 'founder a b' },
  },
];

describe('roles', () => {
  // Goal: who is an operator follows FORMATS, "Operator". Method: a story per rule, in two orders.
  for (const each of CASES) it(each.what, () => check(each));
});

import { describe, it } from 'node:test';
import { rootPath } from './paths.ts';
import { byId, type Case, check, ofFour } from './test-story.ts';

const CASES: readonly Case[] = [
  {
    what: 'the recovered stand above the founder, the last one highest',
    story: ofFour().as('b').recovers(1, 'code 1', 'code 2').as('a').recovers(2, 'code 2', 'code 3'),
    expected: { members: 'a b c founder', operators: 'a b founder' },
  },
  {
    what: 'whom they grant the role too',
    story: ofFour().as('b').recovers(1, 'code 1', 'code 2').grants('c'),
    expected: { members: 'a b c founder', operators: 'b c founder' },
  },
  {
    what: 'a recovered operator evicts the founder, who cannot evict it',
    story: ofFour()
      .evicts('b')
      .as('b')
      .recovers(1, 'code 1', 'code 2')
      .adopts('b')
      .adopts('c')
      .evicts('founder'),
    expected: { members: 'b c', operators: 'b', evicted: 'a founder' },
  },
  {
    what: 'a wrong code',
    story: ofFour().as('b').recovers(1, 'code 2', 'code 3'),
    expected: {
      members: 'a b c founder',
      quarantined: [`b: ${rootPath(1)}: its root key is not the one committed to`],
    },
  },
  {
    what: 'a code that was used before',
    story: ofFour().as('b').recovers(1, 'code 1', 'code 2').as('a').recovers(2, 'code 1', 'code 3'),
    expected: {
      members: 'a b c founder',
      operators: 'b founder',
      quarantined: [`a: ${rootPath(2)}: its root key is not the one committed to`],
    },
  },
  {
    what: 'a recovery that does not follow the last',
    story: ofFour().as('b').recovers(2, 'code 2', 'code 3'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'of two with one number the lower id holds',
    story: ofFour().as('a').recovers(1, 'code 1', 'code 2').as('b').recovers(1, 'code 1', 'code 3'),
    expected: {
      members: 'a b c founder',
      operators: `${['a', 'b'].sort(byId)[0]} founder`,
      alarms: `double-recovery ${rootPath(1)}`,
    },
  },
  {
    what: 'an alarm that ends when one of them is evicted',
    story: ofFour()
      .as('a')
      .recovers(1, 'code 1', 'code 2')
      .as('b')
      .recovers(1, 'code 1', 'code 3')
      .as('founder')
      .evicts(['a', 'b'].sort(byId)[1] ?? ''),
    expected: {
      members: `${['a', 'b'].sort(byId)[0]} c founder`,
      operators: `${['a', 'b'].sort(byId)[0]} founder`,
      evicted: ['a', 'b'].sort(byId)[1] ?? '',
    },
  },
  {
    what: 'a stranger with the code is still a stranger',
    story: ofFour().as('x').recovers(1, 'code 1', 'code 2').evicts('a'),
    expected: { members: 'a b c founder' },
  },
];

describe('recoveries', () => {
  // Goal: what a recovery does follows FORMATS, "Recovery code". Method: a story per rule, in two
  // orders.
  for (const each of CASES) it(each.what, () => check(each));
});

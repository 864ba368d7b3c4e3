import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthorState } from './entry.ts';
import { rootPath, trustPath } from './paths.ts';
import {
  EXPIRY_MS,
  emptyWorld,
  idOf,
  inviteOf,
  openTestProjector,
  rootHash,
  type World,
  wgKeyOf,
  world,
} from './test-world.ts';
import type { Member, View } from './view.ts';

const NAMES = ['founder', 'a', 'b', 'c', 'd', 'e', 'x', 'y', 'z'];
const INVITES = ['i', 'j', 'k', 'of founder', 'of b'];
const NAME_OF = new Map<string, string>([
  ...NAMES.map((name) => [idOf(name), name] as const),
  ...INVITES.map((name) => [inviteOf(name), name] as const),
]);
const nameOf = (id: string): string => NAME_OF.get(id) ?? id;
/** A path or an alarm's subject with names in the place of ids. */
const legible = (text: string): string => text.split('/').map(nameOf).join('/');
const inOrder = (ids: readonly string[]): string => ids.map(nameOf).sort().join(' ');

interface Summary {
  readonly members: string;
  readonly operators: string;
  readonly evicted: string;
  readonly alarms: string;
  readonly quarantined: readonly string[];
}

/** What the tables compare: everything by name; operators by rank, the rest sorted. */
const summaryOf = (view: View): Summary => ({
  members: inOrder(view.members.map(({ id }) => id)),
  operators: view.operators.map(({ member }) => nameOf(member)).join(' '),
  evicted: inOrder(view.evicted),
  alarms: view.alarms.map(({ kind, about }) => `${kind} ${legible(about)}`).join(', '),
  quarantined: view.quarantined.map(
    ({ path, author, why }) => `${nameOf(author)}: ${legible(path)}: ${why}`,
  ),
});

interface Case {
  readonly what: string;
  readonly story: World;
  /** What differs from an uneventful mesh of the founder alone. */
  readonly expected: Partial<Summary>;
}

const QUIET: Summary = {
  members: 'founder',
  operators: 'founder',
  evicted: '',
  alarms: '',
  quarantined: [],
};

const check = ({ story, expected }: Case): void => {
  const states = story.states();
  const summary = summaryOf(openTestProjector()(states));
  assert.deepEqual(summary, { ...QUIET, ...expected });
  assert.deepEqual(summaryOf(openTestProjector()(states.toReversed())), summary);
};

const memberOf = (view: View, name: string): Member => {
  const member = view.members.find(({ id }) => id === idOf(name));
  assert.ok(member, `${name} is a member`);
  return member;
};

/** Founder, and `a`, `b`, `c` admitted by it with invite `i`. */
const ofFour = (): World => world().invites('i').admits('a', 'i').admits('b', 'i').admits('c', 'i');
/** The same, `a` and `b` being operators, `a` the senior. */
const ofTwoOperators = (): World => ofFour().grants('a', 1).grants('b', 2);

const MEMBERSHIP: readonly Case[] = [
  { what: 'the founder alone', story: world(), expected: {} },
  {
    what: 'nobody has said anything yet: nobody is in, and nobody is out',
    story: emptyWorld(),
    expected: { members: '', operators: '' },
  },
  {
    what: 'members admit members, three deep',
    story: world().invites('i').admits('a', 'i').as('a').admits('b', 'i').as('b').admits('c', 'i'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'two that only admit each other are none',
    story: world().invites('i').as('x').admits('y', 'i').as('y').admits('x', 'i'),
    expected: {},
  },
  {
    what: 'an invite by a member that is no operator admits nobody',
    story: ofFour().as('b').invites('j').admits('x', 'j'),
    expected: { members: 'a b c founder' },
  },
  {
    what: 'an invite of an operator admits, through any member',
    story: ofTwoOperators().as('b').invites('j').as('c').admits('x', 'j'),
    expected: { members: 'a b c founder x', operators: 'founder a b' },
  },
  {
    what: 'an invite signature by another key',
    story: world().invites('i').admits('a', 'i', { inviteSigner: 'j' }),
    expected: {
      quarantined: ['founder: trust/admission/a: the invite’s signature does not hold'],
    },
  },
  {
    what: 'a member signature by another key',
    story: world().invites('i').admits('a', 'i', { signer: 'b' }),
    expected: {
      quarantined: ['founder: trust/admission/a: the member’s signature does not hold'],
    },
  },
  {
    what: 'an admission in the very millisecond of expiry',
    story: world().invites('i').admits('a', 'i', { ms: EXPIRY_MS }),
    expected: { members: 'a founder' },
  },
  {
    what: 'an admission a millisecond after expiry',
    story: world()
      .invites('i')
      .admits('a', 'i', { ms: EXPIRY_MS + 1 }),
    expected: {
      evicted: 'a',
      quarantined: ['founder: trust/admission/a: its invite had expired'],
    },
  },
  {
    what: 'admissions until the revocation stay, later ones do not count',
    story: world()
      .invites('i', { revokedAt: 50 })
      .admits('a', 'i', { ms: 50 })
      .admits('b', 'i', { ms: 51 }),
    expected: {
      members: 'a founder',
      evicted: 'b',
      quarantined: ['founder: trust/admission/b: its invite had been revoked'],
    },
  },
  {
    what: 'another operator revokes by saying the invite again',
    story: ofTwoOperators().at(100).admits('x', 'i').as('b').invites('i', { revokedAt: 50 }),
    expected: {
      members: 'a b c founder',
      operators: 'founder a b',
      evicted: 'x',
      quarantined: ['founder: trust/admission/x: its invite had been revoked'],
    },
  },
  {
    what: 'an admission at a path that names somebody else',
    story: world()
      .invites('i')
      .admits('a', 'i')
      .says(trustPath('admission', idOf('b')), valueAt(world().invites('i').admits('a', 'i'))),
    expected: {
      members: 'a founder',
      quarantined: ['founder: trust/admission/b: its key is not the one that its path names'],
    },
  },
  {
    what: 'an adoption and an invite at paths that name somebody else',
    story: world()
      .invites('i')
      .says(trustPath('invite', inviteOf('j')), valueAt(world().invites('i')))
      .says(trustPath('adopt', idOf('b')), valueAt(world().adopts('a'))),
    expected: {
      quarantined: [
        'founder: trust/adopt/b: its key is not the one that its path names',
        'founder: trust/invite/j: its key is not the one that its path names',
      ],
    },
  },
  {
    what: 'addresses that are no host’s in the prefix',
    story: world()
      .invites('i')
      .admits('a', 'i', { ipv4: '10.11.0.1' })
      .admits('b', 'i', { ipv4: '10.10.0.0' })
      .admits('c', 'i', { ipv4: '10.10.0.255' }),
    expected: {
      quarantined: ['a', 'b', 'c']
        .map((name) => [idOf(name), name] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(
          ([, name]) => `founder: trust/admission/${name}: ipv4 is no host address in 10.10.0.0/24`,
        ),
    },
  },
  {
    what: 'more members than uses: an alarm and nothing else',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i'),
    expected: { members: 'a b founder', alarms: 'over-use i' },
  },
  {
    what: 'one member admitted by two counts once',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').as('a').admits('a', 'i'),
    expected: { members: 'a founder' },
  },
  {
    what: 'a use stays used when its member is evicted',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').evicts('a').admits('b', 'i'),
    expected: { members: 'b founder', evicted: 'a', alarms: 'over-use i' },
  },
];

const EVICTION: readonly Case[] = [
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

const ROLES: readonly Case[] = [
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
    what: 'a junior removes its senior',
    story: ofTwoOperators().as('b').removes('founder').adopts('b').invites('i').adopts('founder'),
    expected: { members: 'a b c founder', operators: 'a b' },
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

const RECOVERIES: readonly Case[] = [
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
    what: 'a stranger with the code is still a stranger',
    story: ofFour().as('x').recovers(1, 'code 1', 'code 2').evicts('a'),
    expected: { members: 'a b c founder' },
  },
];

function byId(a: string, b: string): number {
  return idOf(a) < idOf(b) ? -1 : 1;
}

/** The value of a story's last entry. */
function valueAt(story: World) {
  const value = story.states().at(-1)?.entries.at(-1)?.value;
  assert.ok(value);
  return value;
}

// Goal: who is a member, operator or evicted follows FORMATS. Method: one story per rule, projected
// in two orders.
for (const [title, cases] of Object.entries({ MEMBERSHIP, EVICTION, ROLES, RECOVERIES })) {
  describe(title.toLowerCase(), () => {
    for (const each of cases) it(each.what, () => check(each));
  });
}

describe('overlay', () => {
  const invited = () => world().invites('i', { number: 1 }).invites('j', { number: 2 });

  it('the older invite keeps an address, the loser has none until it claims a free one', () => {
    // Goal: ties end the same everywhere. Method: two with one address, then claims that are and
    // are not free.
    const tie = () =>
      invited().admits('a', 'j', { ipv4: '10.10.0.9' }).admits('b', 'i', { ipv4: '10.10.0.9' });
    const claim = (story: World, ipv4: string) =>
      memberOf(story.as('a').says('member/ipv4', { ipv4 }).view(), 'a').ipv4;
    const view = tie().view();
    assert.equal(memberOf(view, 'b').ipv4, '10.10.0.9');
    assert.equal(memberOf(view, 'a').ipv4, null);
    assert.deepEqual(view.alarms, [{ kind: 'address-tie', about: idOf('a') }]);
    assert.equal(claim(tie(), '10.10.0.77'), '10.10.0.77');
    assert.equal(claim(tie(), '10.10.0.9'), null, 'held by the winner');
    assert.equal(claim(tie(), '10.10.0.1'), null, 'held by the founder');
    assert.equal(claim(tie(), '10.11.0.77'), null, 'outside the prefix');
  });

  it('the order of a tie is founder, number, invite, member', () => {
    // Goal: each step of the order decides. Method: both members in both places, so that only the
    // step in question can tell them apart.
    const at = { ipv4: '10.10.0.9' };
    const [low = '', high = ''] = ['i', 'j'].sort((a, b) => (inviteOf(a) < inviteOf(b) ? -1 : 1));
    const equal = () => world().invites('i').invites('j');
    const winnerOf = (story: World): string[] =>
      story
        .view()
        .members.filter(({ ipv4 }) => ipv4 === at.ipv4)
        .map(({ id }) => nameOf(id));
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const byNumber = invited().admits(second, 'j', at).admits(first, 'i', at);
      assert.deepEqual(winnerOf(byNumber), [first]);
      const byInvite = equal().admits(second, high, at).admits(first, low, at);
      assert.deepEqual(winnerOf(byInvite), [first]);
      const byNone = equal().admits(second, low, at).adopts(first, at);
      assert.deepEqual(winnerOf(byNone), [first]);
      const byFounder = world().adopts('founder', { ...at, number: 9 });
      assert.deepEqual(winnerOf(byFounder.adopts(first, { ...at, number: 0 })), ['founder']);
      const byMember = equal().admits(first, 'i', at).admits(second, 'i', at);
      assert.deepEqual(winnerOf(byMember), [['a', 'b'].sort(byId)[0]]);
    }
  });

  it('of two losers that claim one address the senior has it', () => {
    // Goal: a claim is itself subject to the order. Method: three on one address, two claim the
    // same.
    const at = { ipv4: '10.10.0.9' };
    const claimed = { ipv4: '10.10.0.77' };
    const view = invited()
      .adopts('c', at)
      .admits('a', 'j', at)
      .admits('b', 'i', at)
      .as('a')
      .says('member/ipv4', claimed)
      .as('b')
      .says('member/ipv4', claimed)
      .view();
    assert.equal(memberOf(view, 'c').ipv4, '10.10.0.9', 'adopted without an invite comes first');
    assert.equal(memberOf(view, 'b').ipv4, '10.10.0.77');
    assert.equal(memberOf(view, 'a').ipv4, null);
  });

  it('a claim of one that lost nothing is nothing', () => {
    // Goal: nobody changes its address at will. Method: claim without a tie.
    const view = ofFour().as('a').says('member/ipv4', { ipv4: '10.10.0.77' }).view();
    assert.equal(memberOf(view, 'a').ipv4, '10.10.0.2');
  });

  it('the loser of a name shows the beginning of its id', () => {
    // Goal: shown names are unique. Method: three on one name, one of them called as the loser
    // would be.
    const name = `x-${idOf('a').slice(0, 4)}`;
    const story = () => invited().admits('a', 'j', { name: 'x' }).admits('b', 'i', { name: 'x' });
    const view = story().view();
    assert.equal(memberOf(view, 'b').name, 'x');
    assert.equal(memberOf(view, 'a').name, name);
    assert.deepEqual(view.alarms, [{ kind: 'name-tie', about: idOf('a') }]);
    const taken = story().admits('c', 'i', { name }).view();
    assert.equal(memberOf(taken, 'c').name, name);
    assert.equal(memberOf(taken, 'a').name, `x-${idOf('a').slice(0, 5)}`);
  });

  it('a marked name stays a DNS label', () => {
    // Goal: nothing longer than 63 characters. Method: a tie on the longest name.
    const name = 'n'.repeat(63);
    const view = invited().admits('a', 'j', { name }).admits('b', 'i', { name }).view();
    assert.equal(memberOf(view, 'a').name, `${'n'.repeat(58)}-${idOf('a').slice(0, 4)}`);
  });

  it('who has left ties with nobody and keeps its last ones for show', () => {
    // Goal: name and address are free again. Method: a later member takes both; with and without
    // the farewell.
    const both = { name: 'x', ipv4: '10.10.0.9' };
    const story = invited().admits('a', 'i', both).admits('b', 'j', both);
    assert.equal(memberOf(story.view(), 'b').ipv4, null);
    const view = story.as('a').says('member/left', { left: true }).view();
    assert.deepEqual(view.alarms, []);
    for (const [member, hasLeft] of [
      ['a', true],
      ['b', false],
    ] as const) {
      const { name, ipv4, hasLeft: said } = memberOf(view, member);
      assert.deepEqual({ name, ipv4, said }, { ...both, said: hasLeft });
    }
  });
});

describe('view', () => {
  it('shows a member as enrolled and as it says of itself', () => {
    // Goal: every field from its source. Method: one full member compared whole; labels stand in
    // the invite only.
    const endpoint = { host: '192.0.2.1', port: 7300 };
    const view = world()
      .invites('i', { labels: { zone: 'east' } })
      .admits('a', 'i', { labels: { zone: 'forged' } })
      .grants('a')
      .as('a')
      .says('member/endpoints', {
        port: 7300,
        advertised: { ...endpoint, later: 1 },
        observed: null,
        local: ['10.0.0.1'],
      })
      .says('member/consent', { services: ['vpn'], allowRun: false })
      .says('member/version', { version: '0.1.0', commit: 'abc' })
      .says('intent/lb/unknown', { any: 'thing' })
      .says('member/unknown', 7)
      .view();
    const { ipv6, ...member } = memberOf(view, 'a');
    assert.deepEqual(member, {
      id: idOf('a'),
      name: 'a',
      role: 'operator',
      labels: { zone: 'east' },
      wgKey: wgKeyOf('a'),
      ipv4: '10.10.0.2',
      endpoints: { port: 7300, advertised: endpoint, observed: null, local: ['10.0.0.1'] },
      services: ['vpn'],
      version: '0.1.0',
      hasLeft: false,
    });
    assert.match(ipv6, /^fd12:3456:789a:1:/);
    assert.equal(memberOf(view, 'founder').endpoints, null);
    assert.deepEqual(view.quarantined, []);
  });

  it('shows invites with their uses', () => {
    // Goal: what the join protocol decides by. Method: one used and one revoked, compared whole.
    const view = world()
      .invites('j', { number: 2, uses: 3, revokedAt: 7 })
      .invites('i', { number: 1, uses: 1, labels: { zone: 'east' } })
      .admits('a', 'i')
      .view();
    const common = { author: idOf('founder'), expiryMs: EXPIRY_MS };
    assert.deepEqual(view.invites, [
      {
        ...common,
        id: inviteOf('i'),
        number: 1,
        labels: { zone: 'east' },
        uses: 1,
        used: 1,
        isRevoked: false,
      },
      { ...common, id: inviteOf('j'), number: 2, labels: {}, uses: 3, used: 0, isRevoked: true },
    ]);
  });

  it('shows the next root hash and the number of recoveries', () => {
    // Goal: what `operator recover` builds on. Method: before, after one, and after one whose
    // author is evicted.
    assert.deepEqual(world().view().nextRootHash, rootHash('code 1'));
    const story = ofFour().as('b').recovers(1, 'code 1', 'code 2');
    const recovered = story.view();
    assert.equal(recovered.recovery, 1);
    assert.deepEqual(recovered.nextRootHash, rootHash('code 2'));
    const evicted = story.as('founder').evicts('b').view();
    assert.deepEqual(evicted.evicted, [idOf('b')]);
    assert.equal(evicted.recovery, 1);
  });

  it('keeps the last good statement when a newer one does not hold', () => {
    // Goal: quarantine harms nothing. Method: newer invalid ones of the same author and of another
    // operator.
    const view = ofTwoOperators()
      .says(trustPath('adopt', idOf('c')), { memberKey: 1 })
      .as('c')
      .says('member/version', { version: '1', commit: '' })
      .says('member/version', { version: 2, commit: '' })
      .as('a')
      .adopts('c', { name: 'good' })
      .as('b')
      .says(trustPath('adopt', idOf('c')), 'bad')
      .view();
    assert.equal(memberOf(view, 'c').name, 'good');
    assert.equal(memberOf(view, 'c').version, '1');
    assert.deepEqual(summaryOf(view).quarantined.toSorted(), [
      'b: trust/adopt/c: value Invalid input',
      'c: member/version: version must be a text',
      'founder: trust/adopt/c: memberKey must be 32 bytes',
    ]);
  });

  it('takes no account of flaws in what does not count anyway', () => {
    // Goal: no noise from strangers. Method: invalid statements by a stranger and by a node.
    const bad = (story: World) => story.says(trustPath('evict', idOf('a')), 1);
    const view = bad(bad(ofFour().as('x')).says('member/left', 1).as('c')).view();
    assert.deepEqual(view.quarantined, []);
  });

  it('reads the newest of an author, in whatever order it wrote', () => {
    // Goal: stamps decide, not places. Method: two versions, entries in both orders.
    const story = world().says('member/version', { version: '1', commit: '' });
    const states = story.says('member/version', { version: '2', commit: '' }).states();
    for (const entries of [states[0]?.entries ?? [], states[0]?.entries.toReversed() ?? []]) {
      const view = openTestProjector()(states.map((state) => ({ ...state, entries })));
      assert.equal(memberOf(view, 'founder').version, '2');
    }
  });

  it('takes the earliest of several admissions', () => {
    // Goal: a joiner keeps what it was told first. Method: two admitters, in both orders of time.
    for (const [early, late] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const story = ofFour().as(early).admits('x', 'i', { name: 'early', ipv4: '10.10.0.50' });
      const view = story.as(late).admits('x', 'i', { name: 'late', ipv4: '10.10.0.51' }).view();
      assert.equal(memberOf(view, 'x').name, 'early');
      assert.equal(memberOf(view, 'x').ipv4, '10.10.0.50');
    }
  });

  it('remembers of a signature only what it said about just that one', () => {
    // Goal: a memory is no way around a check. Method: one projector sees the right signatures,
    // then the same admission with each of them replaced.
    const project = openTestProjector();
    const admitted = (choice: Parameters<World['admits']>[2]) =>
      summaryOf(project(world().invites('i').admits('a', 'i', choice).states())).members;
    assert.equal(admitted({}), 'a founder');
    assert.equal(admitted({ inviteSigner: 'j' }), 'founder');
    assert.equal(admitted({ signer: 'b' }), 'founder');
    assert.equal(admitted({}), 'a founder');
  });

  it('takes a deleted fact for nothing said, and an older one for deleted', () => {
    // Goal: tombstones of own facts. Method: said, deleted, said again.
    const story = ofFour().as('a').says('member/left', { left: true });
    assert.equal(memberOf(story.view(), 'a').hasLeft, true);
    assert.equal(memberOf(story.says('member/left', null).view(), 'a').hasLeft, false);
    const again = story.says('member/left', { left: true }).view();
    assert.equal(memberOf(again, 'a').hasLeft, true);
  });

  it('adoption is by the path’s winner, a tombstone included', () => {
    // Goal: shared paths have one winner. Method: two adoptions, then a tombstone above both.
    const story = ofTwoOperators()
      .adopts('x', { name: 'first' })
      .as('b')
      .adopts('x', { name: 'second' });
    assert.equal(memberOf(story.view(), 'x').name, 'second');
    const path = trustPath('adopt', idOf('x'));
    const deleted = story.as('a').buries(path);
    assert.equal(summaryOf(deleted.view()).members, 'a b c founder');
    const again = deleted.as('founder').adopts('x', { name: 'third' }).view();
    assert.equal(memberOf(again, 'x').name, 'third');
  });

  it('takes nobody for evicted because something is missing', () => {
    // Goal: absence removes nobody. Method: leave out each author of a mesh in turn.
    const states = ofFour()
      .as('a')
      .admits('d', 'i')
      .as('founder')
      .grants('d')
      .as('d')
      .invites('j')
      .as('c')
      .admits('x', 'j')
      .as('x')
      .admits('y', 'i')
      .states();
    const without = (author: AuthorState) => states.filter((state) => state !== author);
    for (const author of states) {
      assert.deepEqual(openTestProjector()(without(author)).evicted, []);
    }
  });
});

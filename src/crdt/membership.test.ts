import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { trustPath } from './paths.ts';
import { type Case, check, lastValue, memberOf, ofFour, ofTwoOperators } from './test-story.ts';
import { EXPIRY_MS, emptyWorld, idOf, inviteOf, world } from './test-world.ts';

const CASES: readonly Case[] = [
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
      .says(trustPath('admission', idOf('b')), lastValue(world().invites('i').admits('a', 'i'))),
    expected: {
      members: 'a founder',
      quarantined: ['founder: trust/admission/b: its key is not the one that its path names'],
    },
  },
  {
    what: 'an adoption and an invite at paths that name somebody else',
    story: world()
      .invites('i')
      .says(trustPath('invite', inviteOf('j')), lastValue(world().invites('i')))
      .says(trustPath('adopt', idOf('b')), lastValue(world().adopts('a'))),
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
    what: 'which ends when whoever came too many is evicted',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i').evicts('b'),
    expected: { members: 'a founder', evicted: 'b' },
  },
  {
    what: 'not when another one is',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i').evicts('a'),
    expected: { members: 'b founder', evicted: 'a', alarms: 'over-use i' },
  },
  {
    what: 'and when an operator stands for it by its own word',
    story: world().invites('i', { uses: 1 }).admits('a', 'i').admits('b', 'i').adopts('b'),
    expected: { members: 'a b founder' },
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

describe('membership', () => {
  // Goal: who is in follows FORMATS, "Joining". Method: a story per rule, in two orders.
  for (const each of CASES) it(each.what, () => check(each));
});

describe('admissions repeated by others', () => {
  it('move nobody', () => {
    // Goal: a member's address is where it signed to be. Method: a node repeats the signatures of
    // another in an earlier admission at another address.
    const story = world().invites('i').admits('a', 'i').admits('b', 'i');
    const { ipv4 } = memberOf(story.view(), 'b');
    assert.ok(ipv4);
    const moved = { ipv4: '10.10.0.77', signedIpv4: ipv4, ms: 0 };
    assert.equal(memberOf(story.as('a').admits('b', 'i', moved).view(), 'b').ipv4, ipv4);
  });

  it('move one that signed twice, so a joiner makes new keys instead', () => {
    // Goal: the rule believes whatever a member signed, and who admits says when (D121). Method: a
    // node writes, and takes back, an earlier admission at another address that the member signed
    // as well. Twin: what it kept is of the keys before: a second member, and nobody moves.
    const story = () => world().invites('i', { uses: 3 }).admits('a', 'i').admits('b', 'i').as('a');
    const before = memberOf(story().view(), 'b');
    const kept = { name: 'b', ipv4: '10.10.0.77', ms: 0 };
    const moved = story().admits('b', 'i', kept);
    assert.equal(memberOf(moved.view(), 'b').ipv4, kept.ipv4);
    const taken = moved.says(trustPath('admission', idOf('b')), null);
    assert.equal(memberOf(taken.view(), 'b').ipv4, before.ipv4);
    const other = story().admits('before b', 'i', kept).view();
    assert.equal(memberOf(other, 'b').ipv4, before.ipv4);
    assert.equal(memberOf(other, 'before b').ipv4, kept.ipv4);
  });
});

describe('admissions of oneself', () => {
  it('are nothing', () => {
    // Goal: no member takes another's address or name. Method: an older member admits itself anew,
    // with its own token, before all others, at the address and under the name of a younger one.
    const mesh = () => world().invites('i').invites('j', { number: 2 });
    const story = mesh().admits('a', 'i').admits('b', 'j').as('a');
    const { ipv4 } = memberOf(story.view(), 'b');
    assert.ok(ipv4);
    const view = story.admits('a', 'i', { ipv4, name: 'b', ms: 0 }).view();
    assert.equal(memberOf(view, 'b').ipv4, ipv4);
    assert.equal(memberOf(view, 'b').name, 'b');
    assert.equal(memberOf(view, 'a').name, 'a');
  });
});

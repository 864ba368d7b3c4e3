import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuthorState } from './entry.ts';
import { trustPath } from './paths.ts';
import { memberOf, ofFour, ofTwoOperators, summaryOf } from './test-story.ts';
import {
  EXPIRY_MS,
  idOf,
  inviteOf,
  openTestProjector,
  rootHash,
  type World,
  wgKeyOf,
  world,
} from './test-world.ts';

describe('projection', () => {
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
      .says('member/consent', { services: ['vpn'], allowRun: false, eligible: false })
      .says('member/drain', { drained: true })
      .says('member/core', { steppedDown: 7 })
      .says('member/version', { version: '0.1.0', commit: 'abc' })
      .says('intent/lb/balancer/unknown', { any: 'thing' })
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
      allowsRun: false,
      mayBeCore: false,
      isDraining: true,
      steppedDown: 7,
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

  it('shows what stays said as the same object in each view', () => {
    // Goal: what is made of it is made once. Method: a founder with endpoints, and then with a new
    // version too; other endpoints are another object.
    const project = openTestProjector();
    const endpoints = { port: 7300, advertised: null, observed: null, local: ['10.0.0.1'] };
    const story = world().says('member/endpoints', endpoints);
    const first = project(story.states());
    const second = project(story.says('member/version', { version: '2', commit: '' }).states());
    assert.notEqual(second, first);
    assert.equal(second.mesh, first.mesh);
    assert.equal(memberOf(second, 'founder').endpoints, memberOf(first, 'founder').endpoints);
    const third = project(story.says('member/endpoints', { ...endpoints, port: 1 }).states());
    assert.equal(memberOf(third, 'founder').endpoints?.port, 1);
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

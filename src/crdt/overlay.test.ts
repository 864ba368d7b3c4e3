import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byId, memberOf, nameOf, ofFour } from './test-story.ts';
import { idOf, inviteOf, type World, world } from './test-world.ts';

const byKind = (one: { readonly kind: string }, other: { readonly kind: string }): number =>
  one.kind < other.kind ? -1 : 1;

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
      const byNumber = world().invites(low, { number: 2 }).invites(high, { number: 1 });
      byNumber.admits(second, low, at).admits(first, high, at);
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

  it('a hostile member has a VM of its own take an address and a name, till it is evicted', () => {
    // Goal: the bound that docs/SECURITY.md states is the whole of it. Method: a, a node, lets x in
    // by the older invite, as the victim and then as the founder; the twin is the later invite.
    const like = { ipv4: '10.10.0.9', name: 'db' };
    const story = () => invited().admits('a', 'i').admits('victim', 'j', like).as('a');
    const view = story().admits('x', 'i', like).view();
    const [victim, x] = [memberOf(view, 'victim'), memberOf(view, 'x')];
    assert.deepEqual([x.name, x.ipv4], ['db', like.ipv4]);
    assert.deepEqual([victim.ipv4, victim.name.slice(0, 3)], [null, 'db-']);
    assert.equal(victim.ipv6, memberOf(story().view(), 'victim').ipv6);
    const told = ['name-tie', 'address-tie'].map((kind) => ({ kind, about: idOf('victim') }));
    assert.deepEqual(view.alarms.toSorted(byKind), told.toSorted(byKind));
    const evicted = story().admits('x', 'i', like).as('founder').evicts('a').view();
    const later = story()
      .admits('x', 'j', { ...like, name: 'x' })
      .view();
    const { name, ipv4 } = memberOf(view, 'founder');
    const founder = story()
      .admits('x', 'i', { name, ipv4: ipv4 ?? '' })
      .view();
    assert.deepEqual(memberOf(evicted, 'victim'), memberOf(story().view(), 'victim'));
    assert.equal(memberOf(founder, 'x').ipv4, null);
    assert.equal(memberOf(founder, 'founder').name, name);
    const [first] = ['victim', 'x'].sort(byId);
    assert.equal(memberOf(later, first ?? '').ipv4, like.ipv4, 'of one invite the lower id');
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

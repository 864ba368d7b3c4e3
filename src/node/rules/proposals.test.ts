import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberId } from '../../crdt/ids.ts';
import { idOf, world } from '../../crdt/test-world.ts';
import type { View } from '../../crdt/view.ts';
import { type CoreAuthority, propose, type Taken, takeProposals } from './proposals.ts';

/** As long as a member must be gone. */
const ABSENT_MS = 3_600_000;
const NOTHING: Taken = new Map();
const [A, B, C] = [idOf('a'), idOf('b'), idOf('c')];

/** What each of these said about c: author, epoch, n, since. */
const saying = (...said: readonly (readonly [string, number, number, number | null])[]): View => {
  const story = world().invites('i').admits('a', 'i').admits('b', 'i').admits('c', 'i');
  for (const [author, epoch, n, since] of said) {
    story.as(author).says(`core/absent/${C}`, { epoch, n, since });
  }
  return story.view();
};

const core = (id: typeof A, epoch: number, n: number): CoreAuthority => ({
  holder: { id, term: { epoch, n } },
  latestEpoch: epoch,
});

const sinceOf = (taken: Taken): number | null => taken.get(C)?.absentSinceMs ?? null;

test('proposals: those of the core are taken, and a stale core’s lose', () => {
  // Goal: invariant 1. Method: b has the role in a later term than a; a says something else in its
  // old one, before and after; then b's word goes, and a has the role again.
  const both = saying(['a', 7, 0, 1_000], ['b', 7, 2, null]);
  const taken = takeProposals(NOTHING, saying(['a', 7, 0, 1_000]), core(A, 7, 0));
  assert.equal(sinceOf(taken), 1_000);
  const later = takeProposals(taken, both, core(B, 7, 2));
  assert.equal(later.get(C)?.author, B);
  const stale = saying(['a', 7, 1, 2_000], ['b', 7, 2, null]);
  assert.equal(takeProposals(later, stale, core(B, 7, 2)).get(C)?.author, B);
  assert.equal(takeProposals(later, stale, core(A, 7, 1)).get(C)?.author, B, 'though it acts');
  const again = saying(['a', 8, 0, 3_000], ['b', 7, 2, null]);
  assert.equal(sinceOf(takeProposals(later, again, core(A, 8, 0))), 3_000);
});

test('proposals: of nobody but the core, and not of a time that has not come', () => {
  // Goal: invariants 1 and 2 against a liar. Method: a is the core, b claims more; with something
  // taken and with nothing, as after a start; the liar is evicted.
  const lie = saying(['a', 7, 0, null], ['b', 7, 5_000, 1], ['founder', 99, 0, 2]);
  const taken = takeProposals(NOTHING, saying(['a', 7, 0, null]), core(A, 7, 0));
  assert.equal(takeProposals(taken, lie, core(A, 7, 0)).get(C)?.author, A);
  const started = takeProposals(NOTHING, lie, { holder: null, latestEpoch: 7 });
  assert.equal(started.get(C)?.author, B, 'the highest that can be believed');
  assert.equal(takeProposals(started, lie, core(A, 7, 0)).get(C)?.author, B, 'until a later term');
  const out = world()
    .invites('i')
    .admits('b', 'i')
    .admits('c', 'i')
    .as('b')
    .says(`core/absent/${C}`, { epoch: 7, n: 5_000, since: 1 })
    .as('founder')
    .evicts('b')
    .view();
  assert.equal(takeProposals(started, out, core(A, 7, 0)).size, 0);
});

test('proposals: the core says who is gone for long, once, and who is back', () => {
  // Goal: a frame for news alone. Method: just dead; dead for an hour; said already, by this core
  // and by one that saw it earlier; not known or in doubt; back, and said already.
  const view = saying();
  const sight = { self: A, term: { epoch: 7, n: 1 }, wallMs: 10 * ABSENT_MS };
  const seen = (agoMs: number | null, alive: readonly MemberId[] = agoMs === null ? [C] : []) => ({
    ...sight,
    alive: new Set(alive),
    deadSinceMs: new Map(agoMs === null ? [] : [[C, sight.wallMs - agoMs]]),
  });
  const takenAs = (since: number | null): Taken =>
    takeProposals(NOTHING, saying(['b', 6, 0, since]), core(B, 6, 0));
  assert.deepEqual(propose(view, NOTHING, seen(null)), []);
  assert.deepEqual(propose(view, NOTHING, seen(ABSENT_MS - 1)), []);
  const edit = (since: number | null) => [
    { path: `core/absent/${C}`, value: { epoch: 7, n: 1, since } },
  ];
  assert.deepEqual(propose(view, NOTHING, seen(ABSENT_MS)), edit(9 * ABSENT_MS));
  assert.deepEqual(propose(view, takenAs(5), seen(ABSENT_MS)), []);
  assert.deepEqual(propose(view, takenAs(5), seen(1)), [], 'this core only just sees it dead');
  assert.deepEqual(propose(view, takenAs(5), seen(null, [])), [], 'this core has just started');
  assert.deepEqual(propose(view, takenAs(5), seen(null)), edit(null));
  assert.deepEqual(propose(view, takenAs(null), seen(null)), []);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, world } from '../../crdt/test-world.ts';
import type { View } from '../../crdt/view.ts';
import { openCrypto } from '../linux/crypto.ts';
import type { LinkState } from './answers.ts';
import {
  candidatesOf,
  electCore,
  epochAt,
  epochMsOf,
  isTermGood,
  nextTerm,
  placeInRing,
  whyCore,
} from './election.ts';

const crypto = openCrypto();
const NAMES = ['founder', 'a', 'b', 'c'];

const VERSION = { version: '0.0.0', commit: 'test' };

/** Four members that run, but `silent`; `says`: what each says of itself besides. */
const meshOf = (
  says: Readonly<Record<string, readonly [path: string, value: object]>> = {},
  silent: readonly string[] = [],
) => {
  const story = world().invites('i').admits('a', 'i').admits('b', 'i').admits('c', 'i');
  for (const name of NAMES.filter((one) => !silent.includes(one))) {
    story.as(name).says('member/version', VERSION);
  }
  for (const [name, [path, value]] of Object.entries(says)) {
    story.as(name).says(path, { ...value });
  }
  return story.view();
};

const inEpoch = (
  view: View,
  epoch: number,
  dead: readonly string[] = [],
  state: LinkState = 'dead',
) => {
  const gone = new Set(dead.map(idOf));
  return {
    view,
    epoch,
    place: (id: ReturnType<typeof idOf>) => placeInRing(crypto, view.mesh.id, id),
    link: (id: ReturnType<typeof idOf>): LinkState => (gone.has(id) ? state : 'alive'),
    passed: () => null,
  };
};

const ringOf = (view: View): readonly string[] =>
  candidatesOf(inEpoch(view, 0)).map(({ member }) => member.name);

test('election: each eligible member has exactly its turn, in the order of the ring', () => {
  // Goal: equal shares. Method: whom eight epochs elect, twice round a ring of four.
  const view = meshOf();
  const held = Array.from({ length: 8 }, (_, epoch) => electCore(inEpoch(view, epoch))?.name);
  assert.deepEqual(new Set(held.slice(0, 4)), new Set(NAMES));
  assert.deepEqual(held.slice(0, 4), ringOf(view));
  assert.deepEqual(held.slice(4), held.slice(0, 4));
});

test('election: whoever brings many ids has as many turns, and takes nobody else’s', () => {
  // Goal: the bound on who grinds its id or joins many times. Method: a ring of four, then eight
  // more that one lets in; each honest member is elected as often as each of them, and when those
  // are evicted the ring is as it was.
  const many = Array.from({ length: 8 }, (_, at) => `many${at}`);
  const story = world().invites('i').admits('a', 'i').admits('b', 'i').admits('c', 'i');
  for (const name of many) story.admits(name, 'i');
  for (const name of [...NAMES, ...many]) story.as(name).says('member/version', VERSION);
  const turnsIn = (view: View): readonly string[] =>
    Array.from({ length: 12 }, (_, epoch) => electCore(inEpoch(view, epoch))?.name ?? '');
  assert.deepEqual(turnsIn(story.view()).toSorted(), [...NAMES, ...many].toSorted());
  for (const name of many) story.as('founder').evicts(name);
  assert.deepEqual(turnsIn(story.view()).slice(0, 4), ringOf(meshOf()));
});

test('election: who is dead, drains or stepped down leaves its turn to the next', () => {
  // Goal: a core wherever one is possible, and the turns of others as they were. Method: each
  // reason alone; suspect and degraded ones are no reason; nobody fit: nobody.
  const [first = '', second = '', third = ''] = ringOf(meshOf());
  const of = (...given: Parameters<typeof inEpoch>) => electCore(inEpoch(...given))?.name;
  assert.equal(of(meshOf(), 0, [first]), second);
  assert.equal(of(meshOf(), 0, [first, second]), third);
  assert.equal(of(meshOf(), 1, [first]), second);
  assert.equal(of(meshOf(), 0, [first], 'suspect'), first);
  assert.equal(of(meshOf(), 0, NAMES), undefined);
  const draining = meshOf({ [first]: ['member/drain', { drained: true }] });
  assert.equal(of(draining, 0), second);
  const stepped = meshOf({ [first]: ['member/core', { steppedDown: 4 }] });
  assert.deepEqual([of(stepped, 4), of(stepped, 0), of(stepped, 8)], [second, first, first]);
  assert.equal(
    whyCore(inEpoch(draining, 0, [second])),
    `next after ${first} (draining), ${second} (dead)`,
  );
  assert.equal(whyCore(inEpoch(draining, 1)), 'its turn');
  assert.match(whyCore(inEpoch(meshOf(), 0, NAMES)), /^nobody is fit: /);
});

test('election: who says that it cannot leaves its turn to the next, while there is one', () => {
  // Goal: a disk that takes nothing, or a wrong clock, takes nobody's core. Method: the first says
  // so of this epoch and of another; the same where all others are dead; and where all say so.
  const view = meshOf();
  const [first = '', second = '', ...rest] = ringOf(view);
  const held = (
    dead: readonly string[],
    said: Readonly<Record<string, number>>,
    clocks: readonly string[] = [],
  ) => ({
    ...inEpoch(view, 8, dead),
    passed: (id: ReturnType<typeof idOf>) => {
      const [name = '', epoch] = Object.entries(said).find(([one]) => idOf(one) === id) ?? [];
      const why = clocks.includes(name) ? ('wrong clock' as const) : ('unable' as const);
      return epoch === undefined ? null : { epoch, why };
    },
  });
  const of = (...given: Parameters<typeof held>) => electCore(held(...given))?.name;
  const all = Object.fromEntries(NAMES.map((name) => [name, 8]));
  assert.equal(of([], { [first]: 8 }), second);
  assert.equal(of([], { [first]: 4 }), first);
  assert.equal(of([second, ...rest], { [first]: 8 }), first);
  assert.equal(of([first], all), second);
  assert.equal(of([], all, [second]), second, 'a wrong clock is better than none');
  assert.equal(of([], { [first]: 8 }, [first]), second);
  assert.equal(whyCore(held([], { [first]: 8 }, [first])), `next after ${first} (wrong clock)`);
  assert.equal(of(NAMES, { [first]: 8 }), undefined);
});

test('election: who stepped down or drains has the role again where nobody else can', () => {
  // Goal: a core wherever one is possible. Method: all others dead; then one that stepped down
  // beside one that drains, and beside one whose disk takes nothing; and these two.
  const view = meshOf();
  const [first = '', second = '', ...rest] = ringOf(view);
  const steppedDown = ['member/core', { steppedDown: 0 }] as const;
  const drained = ['member/drain', { drained: true }] as const;
  for (const [said, why] of [
    [steppedDown, 'stepped down'],
    [drained, 'draining'],
  ] as const) {
    const held = inEpoch(meshOf({ [first]: said }), 0, [second, ...rest]);
    assert.equal(electCore(held)?.name, first);
    assert.equal(whyCore(held), `nobody is fit, and it is only ${why}`);
  }
  const both = meshOf({ [first]: drained, [second]: steppedDown });
  assert.equal(electCore(inEpoch(both, 0, rest))?.name, second);
  const unable = meshOf({ [second]: steppedDown });
  const pass = { epoch: 0, why: 'unable' } as const;
  const passed = (id: ReturnType<typeof idOf>) => (id === idOf(first) ? pass : null);
  assert.equal(electCore({ ...inEpoch(unable, 0, rest), passed })?.name, second);
  const drains = meshOf({ [second]: drained });
  assert.equal(electCore({ ...inEpoch(drains, 0, rest), passed })?.name, second);
});

test('election: who was let in and never ran has no place in the ring', () => {
  // Goal: a join that was cut, or a stolen token, keeps nobody from having a core. Method: two of
  // four never said what they run.
  const ring = ringOf(meshOf({}, ['a', 'c']));
  assert.deepEqual(ring.toSorted(), ['b', 'founder']);
});

test('election: who may not have the role has no place in the ring; who left neither', () => {
  // Goal: --not-eligible and leave. Method: the ring without them.
  const consent = { services: [], allowRun: false, eligible: false };
  const view = meshOf({ a: ['member/consent', consent], b: ['member/left', { left: true }] });
  assert.deepEqual(ringOf(view).toSorted(), ['c', 'founder']);
});

test('election: an epoch is ten minutes, or what operators say within bounds', () => {
  // Goal: the setting. Method: said by an operator, by a node, and out of bounds.
  const said = (by: string, ms: unknown) =>
    world()
      .invites('i')
      .admits('a', 'i')
      .as(by)
      .says('intent/core/settings/epoch', { ms: ms as number })
      .view();
  assert.equal(epochMsOf(meshOf()), 600_000);
  assert.equal(epochMsOf(said('founder', 60_000)), 60_000);
  assert.equal(epochAt(said('founder', 60_000), 119_999), 1);
  for (const [by, ms] of [
    ['a', 60_000],
    ['founder', 29_999],
    ['founder', 86_400_001],
    ['founder', 'soon'],
  ] as const) {
    assert.equal(epochMsOf(said(by, ms)), 600_000, `${by} ${ms}`);
  }
});

test('election: terms go up as pairs, and none from the far future is believed', () => {
  // Goal: FORMATS, "Core term". Method: the table.
  assert.deepEqual(nextTerm(null, 7), { epoch: 7, n: 0 });
  assert.deepEqual(nextTerm({ epoch: 6, n: 9 }, 7), { epoch: 7, n: 0 });
  assert.deepEqual(nextTerm({ epoch: 7, n: 0 }, 7), { epoch: 7, n: 1 });
  assert.deepEqual(nextTerm({ epoch: 8, n: 2 }, 7), { epoch: 8, n: 3 });
  const highest = { epoch: 7, n: 3 };
  for (const [term, isGood] of [
    [{ epoch: 7, n: 2 }, false],
    [{ epoch: 6, n: 9 }, false],
    [{ epoch: 7, n: 3 }, true],
    [{ epoch: 7, n: 4 }, true],
    [{ epoch: 8, n: 0 }, true],
    [{ epoch: 9, n: 0 }, false],
    [{ epoch: 7, n: 100_003 }, true],
    [{ epoch: 7, n: 100_004 }, false],
    [{ epoch: 8, n: 100_001 }, false],
    [{ epoch: 8, n: Number.MAX_SAFE_INTEGER }, false],
  ] as const) {
    assert.equal(isTermGood(term, highest, 8), isGood, JSON.stringify(term));
  }
  assert.equal(isTermGood({ epoch: 0, n: 0 }, null, 7), true);
  assert.equal(isTermGood({ epoch: 7, n: Number.MAX_SAFE_INTEGER }, null, 7), false);
});

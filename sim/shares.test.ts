import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Dice, openDice } from './random.ts';
import { drawWish, openStage, type Stage, sharesOf, type Wish } from './spread.ts';

const CONNECTIONS = 10_000;
/** What a share may be off: in turn, and by weights. As issued. */
const EVEN = 0.03;
const WEIGHTED = 0.05;
/** Chance alone is off by more than this many standard deviations once in two million times. */
const SIGMAS = 5;
const WISHES = 10;

type Counts = ReadonlyMap<number | null, number>;

const count = (stage: Stage, clientOf: (index: number) => readonly [4 | 6, string?]): Counts => {
  const counts = new Map<number | null, number>();
  for (let index = 0; index < CONNECTIONS; index += 1) {
    const to = stage.connect(...clientOf(index));
    counts.set(to, (counts.get(to) ?? 0) + 1);
  }
  return counts;
};

/** Whose share is not what was promised, in words. */
const flawsOf = (wish: Wish, counts: Counts): readonly string[] => {
  const shares = sharesOf(wish);
  const weights = new Set(wish.backends.map(({ weight }) => weight));
  const strangers = [...counts.keys()].filter((to) =>
    to === null ? shares.size > 0 : !shares.has(to),
  );
  return [
    ...strangers.map((to) => `${to} got ${counts.get(to)}`),
    ...[...shares].flatMap(([n, share]) => {
      const [wanted, got] = [share * CONNECTIONS, counts.get(n) ?? 0];
      const part = wanted * (weights.size === 1 ? EVEN : WEIGHTED);
      // Of a share of few connections a turn is more than a part; each family takes its own.
      const chance = SIGMAS * Math.sqrt(wanted * (1 - share));
      const most = Math.max(part, wish.mode === 'roundrobin' ? 2 : chance);
      return Math.abs(got - wanted) <= most ? [] : [`${n} got ${got} of ${wanted.toFixed(1)}`];
    }),
  ];
};

/** A client of its own for each number. */
const addressOf = (index: number): string =>
  `172.${16 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

const clients = (mode: Wish['mode']) => (index: number) =>
  mode === 'source' ? ([4, addressOf(index)] as const) : ([index % 2 === 0 ? 4 : 6] as const);

const text = (wish: Wish): string => JSON.stringify(wish);

test('spread: each backend gets its share of 10,000 connections, whatever the wish', async () => {
  // Goal: spread and weights. Method: any backends, weights, drains and deaths in each mode, each
  // wish over the one before; the share of each as a walk of the kernel's table gives it.
  const dice = openDice('spread');
  for (const mode of ['roundrobin', 'random', 'source'] as const) {
    const stage = openStage(dice.fork(mode));
    for (let index = 0; index < WISHES; index += 1) {
      const wish = drawWish(dice, mode, false);
      await stage.settle(wish);
      assert.deepEqual(flawsOf(wish, count(stage, clients(mode))), [], text(wish));
    }
  }
});

/** The wish with one thing wrong. */
const WRONGS: Readonly<Record<string, (wish: Wish) => Wish>> = {
  'a weight': ({ backends: [first, ...more], ...wish }) => ({
    ...wish,
    backends: first === undefined ? more : [{ ...first, weight: first.weight + 1 }, ...more],
  }),
  'a backend that is down': (wish) => ({
    ...wish,
    backends: wish.backends.map((each, at) => (at === 0 ? { ...each, isDown: true } : each)),
  }),
  'one that drains': (wish) => ({
    ...wish,
    backends: wish.backends.map((each, at) => (at === 0 ? { ...each, isDraining: true } : each)),
  }),
};

test('spread: a table of another wish is seen', async () => {
  // Goal: the negative twin. Method: tables of a wish that differs in one thing from what is
  // promised, both ways.
  const dice = openDice('twin');
  const backends = [3, 7, 20].map((weight, at) => ({
    ...{ n: 2 + at, weight, isDraining: false, isDown: false },
  }));
  for (const mode of ['roundrobin', 'random', 'source'] as const) {
    const wish: Wish = { mode, isSticky: false, backends };
    for (const [what, wrong] of Object.entries(WRONGS)) {
      for (const [made, promised] of [
        [wrong(wish), wish],
        [wish, wrong(wish)],
      ] as const) {
        const stage = openStage(dice);
        await stage.settle(made);
        const counts = count(stage, clients(mode));
        assert.deepEqual(flawsOf(made, counts), [], `${what} of ${mode}`);
        assert.notDeepEqual(flawsOf(promised, counts), [], `${what} of ${mode}`);
      }
    }
  }
});

const CLIENTS = 200;

const homesOf = (stage: Stage): readonly (number | null)[] =>
  Array.from({ length: CLIENTS }, (_, index) => stage.connect(4, addressOf(index)));

/** One of those that are used goes: it drains, or is down, or is no more. */
const without = (dice: Dice, { backends, ...wish }: Wish, gone: number): Wish => {
  const how = dice.pick(['isDraining', 'isDown', 'deleted'] as const);
  return {
    ...wish,
    backends:
      how === 'deleted'
        ? backends.filter(({ n }) => n !== gone)
        : backends.map((each) => (each.n === gone ? { ...each, [how]: true } : each)),
  };
};

test('spread: by source, and where it is sticky, a client has one backend', async () => {
  // Goal: 100 % sticky. Method: any wish; two hundred clients come three times, in another order.
  const dice = openDice('sticky');
  for (let index = 0; index < WISHES; index += 1) {
    const isSticky = index % 2 === 0;
    const wish = drawWish(
      dice,
      isSticky ? dice.pick(['roundrobin', 'random']) : 'source',
      isSticky,
    );
    const stage = openStage(dice.fork(`${index}`));
    await stage.settle(wish);
    const first = homesOf(stage);
    const back = Array.from({ length: CLIENTS }, (_, at) => CLIENTS - 1 - at)
      .map((at) => stage.connect(4, addressOf(at)))
      .toReversed();
    assert.deepEqual(back, first, text(wish));
    assert.deepEqual(homesOf(stage), first, text(wish));
  }
});

test('spread: where it is sticky only clients of a backend that goes move', async () => {
  // Goal: what `--sticky` promises through changes, in each mode. Method: one of those that are
  // used drains, dies or is deleted; then it is back, and nobody moves.
  const dice = openDice('moves');
  let moved = 0;
  for (let index = 0; index < WISHES; index += 1) {
    const wish = drawWish(dice, dice.pick(['roundrobin', 'random', 'source']), true);
    const calm = { ...wish, backends: wish.backends.map((one) => ({ ...one, isDown: false })) };
    const used = [...sharesOf(calm).keys()];
    const [gone] = used;
    if (gone === undefined || used.length < 3) continue;
    const stage = openStage(dice.fork(`${index}`));
    await stage.settle(calm);
    const before = homesOf(stage);
    await stage.settle(without(dice, calm, gone));
    const after = homesOf(stage);
    for (const [at, home] of before.entries()) {
      if (home !== gone) assert.equal(after[at], home, text(calm));
      else assert.notEqual(after[at], gone, text(calm));
    }
    moved += before.filter((home) => home === gone).length;
    await stage.settle(calm);
    assert.deepEqual(homesOf(stage), after, text(calm));
  }
  assert.ok(moved > CLIENTS, `${moved} had to move`);
});

test('spread: without it others move as well, and are seen', async () => {
  // Goal: the negative twin. Method: the same change of a balancer by source alone.
  const backends = [2, 3, 4, 5].map((n) => ({ n, weight: 1, isDraining: false, isDown: false }));
  const wish: Wish = { mode: 'source', isSticky: false, backends };
  const stage = openStage(openDice('source'));
  await stage.settle(wish);
  const before = homesOf(stage);
  await stage.settle({ ...wish, backends: backends.slice(1) });
  const moved = homesOf(stage).filter((home, at) => before[at] !== 2 && home !== before[at]);
  assert.ok(moved.length > 0);
});

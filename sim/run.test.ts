import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCENARIOS } from '../scenarios/all.table.ts';
import { BUGS } from './bugs.table.ts';
import { whyUnfit } from './edition.ts';
import { DIALLED, NEXT, OTHER_WIRE } from './releases.table.ts';
import { runSeed, type SeedOptions } from './seed.ts';

const options = (seed: number, more: Partial<SeedOptions> = {}): SeedOptions => ({
  seed,
  vms: 4,
  minutes: 0,
  bug: null,
  scenario: null,
  only: null,
  ...more,
});

for (const scenario of Object.keys(SCENARIOS)) {
  test(`scenario ${scenario} holds in rough weather, and twice alike`, async () => {
    // Goal: the scenario, and determinism. Method: two seeds, one of them twice; hashes equal for
    // one seed and different for two.
    const hashes = [];
    for (const seed of [1, 2]) {
      const result = await runSeed(options(seed, { scenario }));
      assert.equal(result.failure, null, `seed ${seed}`);
      hashes.push(result.hash);
    }
    assert.equal(new Set(hashes).size, 2);
    assert.equal((await runSeed(options(2, { scenario }))).hash, hashes[1]);
  });
}

test('chaos ends in a mesh that is whole', async () => {
  // Goal: liveness after random faults. Method: three minutes of chaos, twice.
  const first = await runSeed(options(4, { minutes: 3 }));
  assert.equal(first.failure, null);
  assert.equal((await runSeed(options(4, { minutes: 3 }))).hash, first.hash);
});

test('real signatures change nothing but the bytes', async () => {
  // Goal: the stub stands for the real thing, in trouble and under attack too. Method: seed 200
  // on Ed25519, with two minutes of chaos in which a hostile member and an intruder try theirs.
  const { failure, steps } = await runSeed(options(200, { scenario: 'founder-gone', minutes: 2 }));
  assert.equal(failure, null);
  const acts = new Set(steps.map(({ act }) => act));
  assert.ok(acts.has('hostile') && acts.has('intruder'), 'take another hundred');
});

/** Planted bugs that are found fast, each with a seed that finds it. */
const PROVEN: Readonly<Record<string, number>> = {
  'no-removal': 1,
  'signature-check-off': 5,
  'same-keys': 1,
};

/** Seeds that are tried. */
const SEEDS_MAX = 10;

for (const [name, seed] of Object.entries(PROVEN)) {
  test(`the planted bug ${name} is found`, async () => {
    // Goal: the simulator finds what it is for. Method: seeds from one that is known to find it,
    // until one fails; the same seed without the bug passes.
    const bug = BUGS[name];
    assert.ok(bug);
    for (let tried = seed; tried < seed + SEEDS_MAX; tried += 1) {
      const { failure } = await runSeed(options(tried, { vms: 5, minutes: 10, bug }));
      if (failure === null) continue;
      assert.equal((await runSeed(options(tried, { vms: 5, minutes: 10 }))).failure, null);
      return;
    }
    assert.fail(`not found: ${bug.about}`);
  });
}

test('every planted bug and every release fits the product as it is', () => {
  // Goal: no patch is out of date. Method: each names text that stands exactly once in its file.
  const patches = Object.values(BUGS).flatMap((bug) => bug.patches ?? []);
  for (const patch of [...patches, ...DIALLED, ...NEXT, ...OTHER_WIRE]) {
    assert.equal(whyUnfit(patch), null);
  }
  assert.match(whyUnfit({ file: 'src/fault.ts', find: 'nowhere', put: '' }) ?? '', /0 times/);
});

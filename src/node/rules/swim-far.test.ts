import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberAt as at, openModel } from '../../../sim/swim-model.ts';
import { DEGREE } from './neighbours.ts';
import { DENIAL_MS, LAN, WAN } from './swim-presets.ts';
import { shownState } from './swim-sighting.ts';

/** A mesh of so many with round trips between these two, ms. */
const settled = (seed: string, count: number, [leastMs, mostMs]: readonly [number, number]) => {
  const way = { wayMs: leastMs / 2, jitterMs: (mostMs - leastMs) / 2, resendMs: mostMs + 200 };
  const model = openModel(seed, count, DEGREE, { loss: 0, ...way });
  for (const { swim } of model.members) swim.setPreset(WAN);
  model.run(20_000);
  return model;
};

test('swim presets: who is asked for help has time to find out, and to say that it did not', () => {
  // Goal: the constants of a preset go together at its longest round trip. Method: arithmetic. A
  // direct answer comes before others are asked; the answer through one of them takes two round
  // trips; its denial one, and its own patience.
  for (const { periodMs, answerMs, promptMs, roundTripMs } of [LAN, WAN]) {
    assert.ok(roundTripMs < answerMs && answerMs <= promptMs && promptMs < periodMs);
    assert.ok(answerMs + 2 * roundTripMs < periodMs);
    assert.ok(answerMs + DENIAL_MS + roundTripMs < periodMs);
  }
});

test('swim, far apart: a death makes nobody doubt itself, and a second is known as soon', () => {
  // Goal: helpers deny in time, so that a silent member is no fault of one's own. Method: of 20
  // that are 150 to 250 ms apart one loses its power, 4 s later another; seven times.
  const tookMs = [1, 2, 3, 4, 5, 6, 7].map((seed) => {
    const model = settled(`two deaths ${seed}`, 20, [150, 250]);
    const [first, second] = [at(model, seed), at(model, 19 - seed)];
    const others = model.members.filter((one) => one !== first && one !== second);
    model.powerCut(first);
    model.run(model.nowMs() + 4_000);
    const health = Math.max(...others.map(({ swim }) => swim.health()));
    assert.equal(health, 0, `seed ${seed}`);
    const startMs = model.nowMs();
    model.powerCut(second);
    model.run(startMs + 30_000, () =>
      others.every(({ swim }) => swim.sighting(second.id)?.mesh === 'dead'),
    );
    for (const one of others) {
      for (const other of others) {
        if (one !== other) assert.equal(one.swim.sighting(other.id)?.mesh, 'alive');
      }
    }
    return model.nowMs() - startMs;
  });
  const sorted = tookMs.toSorted((a, b) => a - b);
  assert.ok((sorted[3] ?? 0) <= 9_000 && (sorted[6] ?? 0) <= 15_000, sorted.join());
});

test('swim, far apart: whom only others reach is degraded, at the longest round trip too', () => {
  // Goal: two round trips of help fit into a probe. Method: of 8 that are 350 to 400 ms apart two
  // lose their path; how one is shown to the other in the second minute after that.
  const model = settled('cut', 8, [350, 400]);
  const [one, other] = [at(model, 0), at(model, 1)];
  model.block(one, other, true);
  model.block(other, one, true);
  model.run(model.nowMs() + 60_000);
  const shown = new Set<string>();
  for (let round = 0; round < 600; round += 1) {
    model.run(model.nowMs() + 100);
    const seen = one.swim.sighting(other.id);
    shown.add(seen === undefined ? 'unknown' : shownState(seen));
  }
  assert.deepEqual([...shown], ['degraded']);
});

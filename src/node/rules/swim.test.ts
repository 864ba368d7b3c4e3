import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  memberAt as at,
  type Model,
  type ModelMember,
  openModel,
} from '../../../sim/swim-model.ts';
import { abbreviate, type SwimMessage } from './swim-message.ts';
import { LIFE, shownState } from './swim-sighting.ts';

const WEATHER = { loss: 0, wayMs: 5, jitterMs: 5 };

/** A settled mesh of so many, all connected with all. */
const settled = (seed: string, count: number, loss = 0): Model => {
  const model = openModel(seed, count, count, { ...WEATHER, loss });
  model.run(10_000);
  return model;
};

const stateOf = (of: ModelMember, other: ModelMember): string => {
  const seen = of.swim.sighting(other.id);
  return seen === undefined ? 'unknown' : shownState(seen);
};

/** How all others see a member, each word once. */
const wordsOn = (model: Model, member: ModelMember): readonly string[] =>
  [
    ...new Set(model.members.filter((one) => one !== member).map((one) => stateOf(one, member))),
  ].toSorted();

/** When all others see it so, ms from now. */
const until = (model: Model, member: ModelMember, word: string, limitMs: number): number => {
  const startMs = model.nowMs();
  model.run(startMs + limitMs, () => wordsOn(model, member).join() === word);
  return model.nowMs() - startMs;
};

test('swim: whoever loses its power is dead for all within 12 s, and nobody else', () => {
  // Goal: detection, and its negative twin. Method: models of 2 to 20 members, one of whom goes.
  for (const count of [2, 3, 5, 20]) {
    const model = settled(`power ${count}`, count);
    const victim = at(model, 1);
    model.powerCut(victim);
    const tookMs = until(model, victim, 'dead', 30_000);
    assert.ok(tookMs > 3_000 && tookMs < 12_000, `${count}: ${tookMs}`);
    for (const one of model.members.filter((member) => member !== victim)) {
      const alive = count > 2 ? ['alive'] : [];
      const words = model.members.flatMap((by) =>
        by === one || by === victim ? [] : stateOf(by, one),
      );
      assert.deepEqual([...new Set(words)], alive);
    }
  }
});

test('swim: a process that is gone while its host lives is dead within a second', () => {
  // Goal: a closed connection and a refused dial need no suspicion. Method: a crash in a model.
  const model = settled('crash', 8);
  model.crash(at(model, 2));
  assert.ok(until(model, at(model, 2), 'dead', 10_000) < 1_000);
});

test('swim: loss alone kills nobody, and costs a bounded number of messages', () => {
  // Goal: no false deaths. Method: six members, a minute at 0, 5 and 20 % of loss.
  for (const [loss, perSecondMax] of [
    [0, 3],
    [0.05, 6],
    [0.2, 20],
  ] as const) {
    const model = settled(`loss ${loss}`, 6, loss);
    const before = model.members.map(({ sent }) => sent);
    let deaths = 0;
    for (let round = 1; round <= 12; round += 1) {
      model.run(10_000 + round * 5_000);
      deaths += model.members.filter((one) => wordsOn(model, one).includes('dead')).length;
    }
    assert.equal(deaths, 0);
    const rates = model.members.map(({ sent }, index) => (sent - (before[index] ?? 0)) / 60);
    assert.ok(Math.max(...rates) < perSecondMax, `${loss}: ${Math.max(...rates)}`);
  }
});

test('swim: who stands still for a while is doubted, and back when it goes on', () => {
  // Goal: pauses of 3 and of 30 s. Method: one member is stopped; it must not take the others for
  // dead when it wakes, though no answer came in its time.
  const short = settled('pause', 6);
  short.stop(at(short, 0));
  short.run(short.nowMs() + 3_000);
  short.go(at(short, 0));
  short.run(short.nowMs() + 100);
  short.run(short.nowMs() + 5_000);
  assert.deepEqual(wordsOn(short, at(short, 0)), ['alive']);
  const long = settled('long pause', 6);
  long.stop(at(long, 0));
  assert.ok(until(long, at(long, 0), 'dead', 30_000) < 12_000);
  long.run(long.nowMs() + 20_000);
  long.go(at(long, 0));
  for (const other of long.members.slice(1)) {
    assert.notEqual(stateOf(at(long, 0), other), 'dead');
    assert.equal(long.connect(at(long, 0), other), true);
  }
  assert.ok(until(long, at(long, 0), 'alive', 10_000) < 3_000);
});

test('swim: a path that is cut between two makes them degraded to each other, not dead', () => {
  // Goal: what the mesh thinks and what one sees are two things. Method: two of six lose their
  // path, one way or both; the others reach both.
  for (const ways of [1, 2]) {
    const model = settled(`path ${ways}`, 6);
    const [a, b] = [at(model, 0), at(model, 1)];
    model.block(a, b, true);
    if (ways === 2) model.block(b, a, true);
    model.run(model.nowMs() + 60_000);
    assert.deepEqual([stateOf(a, b), a.swim.sighting(b.id)?.own], ['degraded', 'unreached']);
    assert.equal(stateOf(at(model, 2), b), 'alive');
    model.block(a, b, false);
    model.block(b, a, false);
    model.run(model.nowMs() + 40_000);
    assert.equal(stateOf(a, b), 'alive');
  }
});

test('swim: a liar causes probes and nothing else', () => {
  // Goal: rule 20. Method: one member says ten times a second that another is dead, in its own
  // name and as hearsay; nobody even doubts that one, and it is not asked much more than before.
  const model = settled('liar', 8);
  const [liar, victim] = [at(model, 0), at(model, 1)];
  const before = model.members.map(({ sent }) => sent);
  const startMs = model.nowMs();
  for (let round = 0; round < 600; round += 1) {
    for (const other of model.members.slice(2)) {
      for (const kind of ['dead', 'suspect', 'hearsay'] as const) {
        const rumours = [{ kind, about: abbreviate(victim.id), incarnation: LIFE + round }];
        const message: SwimMessage = { act: 'news', rumours };
        model.inject(liar, other, message);
      }
    }
    model.run(startMs + (round + 1) * 100);
    assert.deepEqual(wordsOn(model, victim), ['alive']);
  }
  const rates = model.members.map(({ sent }, index) => (sent - (before[index] ?? 0)) / 60);
  assert.ok(Math.max(...rates) < 6, `${Math.max(...rates)} messages per second`);
});

test('swim: two halves that were apart for long are whole again, whoever hears of it first', () => {
  // Goal: healing does not wait for a restart. Method: all across are cut for ten minutes, then
  // the cut ends; redials find their way.
  const model = settled('halves', 10);
  const [east, west] = [model.members.slice(0, 5), model.members.slice(5)];
  const cut = (isCut: boolean): void => {
    for (const a of east)
      for (const b of west)
        for (const [from, to] of [
          [a, b],
          [b, a],
        ] as const)
          model.block(from, to, isCut);
  };
  cut(true);
  model.run(model.nowMs() + 600_000);
  for (const one of east) assert.equal(stateOf(at(model, 9), one), 'dead');
  cut(false);
  const startMs = model.nowMs();
  model.run(startMs + 60_000, () =>
    model.members.every((one) => wordsOn(model, one).join() === 'alive'),
  );
  assert.ok(model.nowMs() - startMs < 35_000, `${model.nowMs() - startMs}`);
});

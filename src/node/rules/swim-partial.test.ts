import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  memberAt as at,
  type Model,
  type ModelMember,
  openModel,
} from '../../../sim/swim-model.ts';
import { DEGREE } from './neighbours.ts';
import { abbreviate } from './swim-message.ts';
import { LIFE } from './swim-sighting.ts';

const WEATHER = { loss: 0, wayMs: 5, jitterMs: 5 };

/** A mesh of so many, each connected with its neighbours only. */
const settled = (seed: string, count: number, loss = 0): Model => {
  const model = openModel(seed, count, DEGREE, { ...WEATHER, loss });
  model.run(20_000);
  return model;
};

/** What all others hold of a member, each word once. */
const wordsOn = (model: Model, about: ModelMember): string =>
  [
    ...new Set(
      model.members
        .filter((one) => one !== about && one.state === 'alive')
        .map((one) => one.swim.sighting(about.id)?.mesh),
    ),
  ].join();

/** Until all others hold that of a member, ms. */
function until(model: Model, about: ModelMember, word: string): number {
  const startMs = model.nowMs();
  model.run(startMs + 60_000, () => wordsOn(model, about) === word);
  return model.nowMs() - startMs;
}

test('swim, partial mesh: each knows of all that they live, and dials nobody for it', () => {
  // Goal: who was never connected is no stranger. Method: 60 members, eight connections each.
  const model = settled('known', 60);
  for (const one of model.members) assert.equal(wordsOn(model, one), 'alive');
  const untried = model.members
    .slice(1)
    .filter(({ id }) => at(model, 0).swim.sighting(id)?.own === 'untried');
  assert.ok(untried.length >= 60 - 2 * DEGREE, `${untried.length} were never tried`);
});

test('swim, partial mesh: a death is known by all within 15 s, and only the dead are dead', () => {
  // Goal: neighbours find out, and all look for themselves. Method: one of 60 loses its power, then
  // a process of another ends.
  const model = settled('death', 60);
  const victim = at(model, 7);
  model.powerCut(victim);
  const tookMs = until(model, victim, 'dead');
  assert.ok(tookMs > 3_000 && tookMs < 15_000, `${tookMs}`);
  const crashed = at(model, 20);
  model.crash(crashed);
  const crashMs = until(model, crashed, 'dead');
  assert.ok(crashMs < 2_000, `${crashMs}`);
  for (const one of model.members) {
    if (one.state === 'alive') assert.equal(wordsOn(model, one), 'alive');
  }
});

test('swim, partial mesh: a liar makes nobody doubt one that lives, neighbour or not', () => {
  // Goal: hearsay only makes others look. Method: one says to all of 30 that another is dead.
  const model = settled('liar', 30);
  const [liar, victim] = [at(model, 0), at(model, 1)];
  for (let round = 0; round < 60; round += 1) {
    for (const other of model.members.slice(2)) {
      const rumours = [
        { kind: 'dead', about: abbreviate(victim.id), incarnation: 2 * LIFE },
      ] as const;
      model.inject(liar, other, { act: 'news', rumours });
    }
    model.run(model.nowMs() + 1_000);
    assert.equal(wordsOn(model, victim), 'alive');
  }
});

test('swim, partial mesh: loss kills nobody', () => {
  // Goal: no false deaths where few are asked. Method: 40 members, two minutes at 10 % of loss.
  const model = settled('loss', 40, 0.1);
  for (let round = 0; round < 24; round += 1) {
    model.run(model.nowMs() + 5_000);
    for (const one of model.members) assert.ok(!wordsOn(model, one).includes('dead'));
  }
});

test('swim, partial mesh: who asks too often is not told', () => {
  // Goal: nobody makes a member send much. Method: a hundred pulls in a moment.
  const model = settled('pull', 30);
  const [asker, asked] = [at(model, 0), at(model, 1)];
  model.connect(asker, asked);
  const before = asked.sent;
  for (let round = 0; round < 100; round += 1) {
    const names = model.members.map(({ id }) => abbreviate(id));
    model.inject(asker, asked, { act: 'pull', names, rumours: [] });
  }
  assert.ok(asked.sent - before <= 16, `${asked.sent - before} messages`);
});

test('swim, partial mesh: who was slow and is far is tried again soon', () => {
  // Goal: nobody shows as degraded for long because it was slow once. Method: two that are no
  // neighbours are connected; one stands still while two others say that it is dead, until the
  // observer finds it late itself; they part.
  const model = settled('slow', 60);
  const observer = at(model, 0);
  const isStranger = ({ id }: ModelMember): boolean =>
    id !== observer.id && observer.swim.sighting(id)?.own === 'untried';
  const slow = model.members.find(isStranger);
  assert.ok(slow);
  const ownWord = (): string | undefined => observer.swim.sighting(slow.id)?.own;
  model.connect(observer, slow);
  const isLate = (): boolean => ownWord() !== 'reached';
  for (let round = 0; round < 60 && !isLate(); round += 1) {
    model.stop(slow);
    const rumours = [{ kind: 'dead', about: abbreviate(slow.id), incarnation: 2 * LIFE }] as const;
    const others = model.members.filter((one) => one !== observer && one !== slow);
    for (const other of others.slice(0, 2)) {
      model.inject(other, observer, { act: 'news', rumours });
    }
    model.run(model.nowMs() + 800);
    model.go(slow);
    model.run(model.nowMs() + 200);
  }
  assert.ok(isLate());
  model.part(observer, slow);
  const startMs = model.nowMs();
  model.run(startMs + 60_000, () => !isLate());
  assert.ok(model.nowMs() - startMs <= 10_000, `${model.nowMs() - startMs} ms`);
  assert.equal(observer.swim.sighting(slow.id)?.mesh, 'alive');
});

test('swim, partial mesh: who was asked once by all is not asked by all for ever', () => {
  // Goal: a member that the whole mesh once looked for costs what another costs. Method: one of 60
  // is connected with all; what it says in 30 s, and that its death is known all the same.
  const model = settled('looked-for', 60);
  const [famous, plain] = [at(model, 3), at(model, 4)];
  for (const other of model.members) if (other !== famous) model.connect(famous, other);
  model.run(model.nowMs() + 5_000);
  const before = [famous.probes, plain.probes];
  model.run(model.nowMs() + 30_000);
  const most = famous.probes - (before[0] ?? 0);
  const usual = plain.probes - (before[1] ?? 0);
  assert.ok(usual > 30 && most <= 3 * 30, `${most} messages, another ${usual}`);
  model.powerCut(famous);
  assert.ok(until(model, famous, 'dead') < 15_000);
});

test('swim, partial mesh: who is connected and no neighbour is looked after where few are', () => {
  // Goal: nobody dies unseen in a mesh most of which never came. Method: of 40 all are off but two
  // that are connected and no neighbours of each other; one of them loses its power.
  const model = settled('few', 40);
  const first = at(model, 0);
  const far = model.members.find(
    (one) => one !== first && first.swim.sighting(one.id)?.own === 'untried',
  );
  assert.ok(far !== undefined);
  for (const one of model.members) if (one !== first && one !== far) model.powerCut(one);
  model.connect(first, far);
  model.run(model.nowMs() + 60_000);
  assert.equal(first.swim.sighting(far.id)?.mesh, 'alive');
  const startMs = model.nowMs();
  model.powerCut(far);
  model.run(startMs + 60_000, () => first.swim.sighting(far.id)?.mesh === 'dead');
  assert.ok(model.nowMs() - startMs < 40_000, `${model.nowMs() - startMs}`);
});

test('swim, partial mesh: whom all have dialled hears each word from its neighbours only', () => {
  // Goal: traffic bounded for whom a mesh has looked for. Method: of 60 one is connected with all;
  // each second another one is doubted, and says that it lives. What the one sends and gets.
  const model = settled('popular', 60);
  const popular = at(model, 0);
  for (const other of model.members.slice(1)) model.connect(popular, other);
  model.run(model.nowMs() + 5_000);
  const before = model.members.map(({ bytes }) => bytes);
  for (let n = 1; n <= 20; n += 1) {
    const about = abbreviate(at(model, 2 * n).id);
    const doubt = { kind: 'hearsay', about, incarnation: 0 } as const;
    model.inject(at(model, 50), at(model, 2 * n + 1), { act: 'news', rumours: [doubt] });
    model.run(model.nowMs() + 1_000);
  }
  const bytes = model.members.map((member, index) => member.bytes - (before[index] ?? 0));
  const mean = bytes.reduce((sum, one) => sum + one, 0) / bytes.length;
  assert.ok((bytes[0] ?? 0) < 2 * mean, `${bytes[0]} bytes where ${Math.round(mean)} are usual`);
});

test('swim, partial mesh: a link that ends while its member is doubted delays no look', () => {
  // Goal: who is connected with all, as a core, is not dead later than others. Method: one of
  // 20 that all have dialled loses its power; soon after all their connections end; twice, the
  // twin's connections last. Who looks for it goes on looking.
  const deathMs = (endsMs: number | null): number => {
    const model = settled('ends', 20);
    const victim = at(model, 3);
    const others = model.members.filter((one) => one !== victim);
    for (const other of others) model.connect(victim, other);
    model.run(model.nowMs() + 5_000);
    const startMs = model.nowMs();
    model.powerCut(victim);
    if (endsMs !== null) {
      model.run(startMs + endsMs);
      for (const other of others) model.part(other, victim);
    }
    until(model, victim, 'dead');
    return model.nowMs() - startMs;
  };
  for (const endsMs of [3_000, 4_000, 5_000]) assert.equal(deathMs(endsMs), deathMs(null));
});

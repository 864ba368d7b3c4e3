/**
 * Edge: bench of liveness — how soon a death is known by all: among real daemons, and among
 * modelled members, whose messages are counted as well.
 */
import type { Bench } from '../bench.ts';
import type { Figure, Limit } from '../figure.ts';
import { measureDeaths } from './mesh.ts';
import { falseDeaths, type ModelRun, runModel } from './model.ts';

/** Rounds when nothing else is said: of the real mesh, and of the model. */
const ROUNDS = 5;
const MODEL_ROUNDS = 11;
/** The thousand takes half a minute each. */
const LARGE_ROUNDS = 2;
const MEMBERS = 20;

/** The limits, from the issue that set them. */
const DEATH_S = { median: 9, worst: 15 };
const KILL_S = 2;
const LARGE_DEATH_S = 25;
const MESSAGES = 3;
const LARGE_KB = 15;

const figure = (
  name: string,
  unit: string,
  values: readonly number[],
  limits: readonly Limit[],
): Figure => ({
  name,
  unit,
  series: [{ name: 'model', samples: values.map((value) => ({ value })) }],
  limits,
});

const atMost = (of: 'median' | 'worst', most: number, series = 'model'): Limit => ({
  of,
  series,
  atMost: most,
});

/** The three figures of a modelled mesh of so many. */
function modelFigures(members: number, runs: readonly ModelRun[]): readonly Figure[] {
  const deathLimits: Readonly<Record<number, readonly Limit[]>> = {
    20: [atMost('median', DEATH_S.median), atMost('worst', DEATH_S.worst)],
    1000: [atMost('worst', LARGE_DEATH_S)],
  };
  const deaths = runs.map(({ deathS }) => deathS);
  const messages = runs.map((run) => run.messages);
  const kilobytes = runs.map((run) => run.kilobytes);
  return [
    figure(`model: power cut known by all ${members}`, 's', deaths, deathLimits[members] ?? []),
    figure(`model: messages of the busiest of ${members}`, '/s', messages, [
      atMost('worst', MESSAGES),
    ]),
    figure(`model: traffic of the busiest of ${members}`, 'kB/s', kilobytes, [
      atMost('worst', LARGE_KB),
    ]),
  ];
}

/** The bench. */
export const benchLiveness: Bench = async ({ rounds, tell }) => {
  const figures = [MEMBERS, 100, 1_000].flatMap((members) => {
    const count = members > 100 ? LARGE_ROUNDS : (rounds ?? MODEL_ROUNDS);
    const runs = Array.from({ length: count }, (_, round) => {
      tell(`model of ${members}, round ${round + 1} of ${count}`);
      return runModel(members, 0, round + 1);
    });
    return modelFigures(members, runs);
  });
  tell(`model of ${MEMBERS}, an hour at 5 % of loss`);
  const deaths = falseDeaths(MEMBERS, 0.05, 1);
  const hour = figure(
    'model: deaths in an hour without one, 5 % loss',
    '',
    [deaths],
    [atMost('worst', 0)],
  );
  const real = await measureDeaths(MEMBERS, rounds ?? ROUNDS, tell);
  const daemons = (name: string, samples: typeof real.kills, limits: readonly Limit[]): Figure => ({
    name,
    unit: 's',
    series: [{ name: 'daemons', samples }],
    limits,
  });
  return [
    daemons(`power cut known by all ${MEMBERS}`, real.powerCuts, [
      atMost('median', DEATH_S.median, 'daemons'),
      atMost('worst', DEATH_S.worst, 'daemons'),
    ]),
    daemons(`killed daemon known by all ${MEMBERS}`, real.kills, [
      atMost('worst', KILL_S, 'daemons'),
    ]),
    ...figures,
    hour,
  ];
};

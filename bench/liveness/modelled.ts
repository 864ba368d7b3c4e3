/**
 * Edge: bench of modelled liveness — the real failure detectors of 20, 100 and 1,000 members on a
 * modelled network: how soon a death is known, what they say to one another, and whom they wrong.
 */
import type { Bench } from '../bench.ts';
import type { Figure, Limit } from '../figure.ts';
import { FAR, falseDeaths, type ModelledMesh, type ModelRun, NEAR, runModel } from './model.ts';

/** The limits, from the issue that set them. */
const DEATH_S = { median: 9, worst: 15 };
const LARGE_DEATH_S = 25;
const PROBES = { lossless: 3, lossy: 15 };
const LARGE_KB = 15;

/** A modelled mesh. `rounds`: when nothing else is said. */
interface Mesh extends ModelledMesh {
  readonly rounds: number;
}

/** The thousand take half a minute each round. */
const MESHES: readonly Mesh[] = [
  { members: 20, loss: 0, distance: NEAR, rounds: 11 },
  { members: 20, loss: 0.05, distance: NEAR, rounds: 11 },
  { members: 20, loss: 0.2, distance: NEAR, rounds: 11 },
  { members: 20, loss: 0, distance: FAR, rounds: 11 },
  { members: 20, loss: 0.05, distance: FAR, rounds: 11 },
  { members: 100, loss: 0, distance: NEAR, rounds: 3 },
  { members: 100, loss: 0.2, distance: NEAR, rounds: 3 },
  { members: 1_000, loss: 0, distance: NEAR, rounds: 1 },
  { members: 1_000, loss: 0.2, distance: NEAR, rounds: 1 },
];
const HOURS: readonly ModelledMesh[] = [
  { members: 20, loss: 0.05, distance: NEAR },
  { members: 20, loss: 0.05, distance: FAR },
];

const nameOf = ({ members, loss, distance }: ModelledMesh): string =>
  `${members}${distance.name}${loss === 0 ? '' : `, ${100 * loss} % loss`}`;

/** The bench. */
export const benchModelled: Bench = async ({ rounds, tell }) => {
  const figures = MESHES.flatMap((mesh) => {
    const count = Math.min(mesh.rounds, rounds ?? mesh.rounds);
    const runs = Array.from({ length: count }, (_, round) => {
      tell(`model of ${nameOf(mesh)}, round ${round + 1} of ${count}`);
      return runModel(mesh, round + 1);
    });
    return figuresOf(mesh, runs);
  });
  const hours = HOURS.map((mesh) => {
    tell(`model of ${nameOf(mesh)}, an hour`);
    const name = `deaths seen in an hour without one, ${nameOf(mesh)}`;
    return figure(name, '', [falseDeaths(mesh, 1)], [worst(0)]);
  });
  return [...figures, ...hours];
};

const SERIES = 'model';
const worst = (atMost: number): Limit => ({ of: 'worst', series: SERIES, atMost });

const figure = (
  name: string,
  unit: string,
  values: readonly number[],
  limits: readonly Limit[],
): Figure => ({
  name,
  unit,
  series: [{ name: SERIES, samples: values.map((value) => ({ value })) }],
  limits,
});

/** What is measured of one modelled mesh. */
function figuresOf(mesh: Mesh, runs: readonly ModelRun[]): readonly Figure[] {
  const of = (key: keyof ModelRun): readonly number[] => runs.map((run) => run[key]);
  const name = nameOf(mesh);
  const probesMost = mesh.loss === 0 ? PROBES.lossless : PROBES.lossy;
  const bytesLimits = mesh.members === 1_000 ? [worst(LARGE_KB)] : [];
  return [
    figure(`power cut known by all of ${name}`, 's', of('deathS'), deathLimits(mesh)),
    figure(`probes of a member of ${name}`, 'messages/s', of('meanProbes'), [worst(probesMost)]),
    figure(`probes of the busiest of ${name}`, 'messages/s', of('probes'), [worst(probesMost)]),
    figure(`with gossip, of the busiest of ${name}`, 'messages/s', of('messages'), []),
    figure(`traffic of the busiest of ${name}`, 'kB/s', of('kilobytes'), bytesLimits),
  ];
}

const deathLimits = ({ members, loss }: Mesh): readonly Limit[] => {
  if (loss > 0) return [];
  if (members === 1_000) return [worst(LARGE_DEATH_S)];
  const median: Limit = { of: 'median', series: SERIES, atMost: DEATH_S.median };
  return members === 20 ? [median, worst(DEATH_S.worst)] : [];
};

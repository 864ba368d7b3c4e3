/**
 * Edge: bench of idleness — what a daemon costs while nothing happens: memory, CPU, traffic, and
 * the processes it starts, in a mesh of 3 and in one of 20.
 */
import type { Bench } from './bench.ts';
import type { Figure } from './figure.ts';
import { measureMesh, type Use } from './idle-mesh.ts';

/** Windows when nothing else is said, and how long one is. */
const WINDOWS = 2;
const WINDOW_MS = 60_000;

/** The limits, from the issue that set them. */
const MESHES: readonly (Use & { readonly members: number })[] = [
  { members: 3, mb: 60, cpuPercent: 1, kbPerSecond: 3, spawned: 0 },
  { members: 20, mb: 70, cpuPercent: 2, kbPerSecond: 5, spawned: 0 },
];

const FIGURES: readonly { readonly of: keyof Use; readonly name: string; readonly unit: string }[] =
  [
    { of: 'mb', name: 'private memory', unit: 'MB' },
    { of: 'cpuPercent', name: 'CPU', unit: '% of a core' },
    { of: 'kbPerSecond', name: 'swarm traffic', unit: 'kB/s' },
    { of: 'spawned', name: 'processes started', unit: 'a minute' },
  ];

/** The bench. */
export const benchIdle: Bench = async ({ rounds, tell }) => {
  const figures: Figure[] = [];
  for (const limits of MESHES) {
    const windows = { count: rounds ?? WINDOWS, lengthMs: WINDOW_MS };
    const uses = await measureMesh(limits.members, windows, tell);
    for (const { of, name, unit } of FIGURES) {
      figures.push({
        name: `${name}, mesh of ${limits.members}`,
        unit,
        series: [{ name: 'daemon', samples: uses.map((use) => ({ value: use[of] })) }],
        limits: [{ of: 'worst', series: 'daemon', atMost: limits[of] }],
      });
    }
  }
  return figures;
};

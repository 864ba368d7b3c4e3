/**
 * Edge: bench of simulated healing — whole daemons in the simulator, two sites of which could not
 * reach each other for ten minutes or a week, and wrote meanwhile.
 */
import { healAfter } from '../../sim/healing.ts';
import type { Bench } from '../bench.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ROUNDS = 3;

/** The meshes, and when they have to be whole again, from the issue that set it. Unit: s. */
const MESHES = [
  { members: 2, atMost: 20 },
  { members: 20, atMost: 35 },
] as const;
const SPANS = [
  { name: '10 min', apartMs: 10 * MINUTE_MS },
  { name: '7 days', apartMs: 7 * DAY_MS },
] as const;

/** The bench: each round is another seed, and so another weather. */
export const benchHealed: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const figures = [];
  for (const { members, atMost } of MESHES) {
    for (const { name, apartMs } of SPANS) {
      const samples = [];
      for (let seed = 1; seed <= count; seed += 1) {
        tell(`simulated mesh of ${members} apart for ${name}, round ${seed} of ${count}`);
        samples.push({ value: (await healAfter({ members, apartMs, seed })) / 1_000 });
      }
      figures.push({
        name: `${members} members whole again after ${name} apart, simulated`,
        unit: 's',
        series: [{ name: 'cnsmo', samples }],
        limits: [{ of: 'worst', series: 'cnsmo', atMost } as const],
      });
    }
  }
  return figures;
};

/**
 * Edge: bench of the state — the gate beside a bare signature check, a large mesh taken from
 * nothing, and how fast the simulator is.
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Figure, Sample, Series } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import type { CatchUp } from './catch-up.ts';
import { BARE, gateContenders } from './gate.ts';
import { simSpeed } from './sim-speed.ts';

/** Rounds of each figure when nothing else is said. */
const ROUNDS = 11;

/** The limits, from the issue that set them. */
const GATE_RATIO_MAX = 1.5;
const CATCH_UP_S_MAX = 10;
const WIRE_MB_MAX = 5;
const HEAP_MB_MAX = 40;
const SIM_SPEED_MIN = 1000;

/** The mesh of the issue: this many authors with this many keys each. */
const AUTHORS = 1000;
const KEYS = 20;

const catchUp = (): CatchUp => {
  const script = resolve(import.meta.dirname, 'catch-up.ts');
  const argv = ['--expose-gc', script, String(AUTHORS), String(KEYS)];
  return JSON.parse(execFileSync(process.execPath, argv, { encoding: 'utf8' })) as CatchUp;
};

const MESH = `${AUTHORS} × ${KEYS} keys`;

const catchUpFigures = (costs: readonly CatchUp[]): readonly Figure[] => {
  const series = (sample: (cost: CatchUp) => Sample): Series[] => [
    { name: 'cnsmo', samples: costs.map(sample) },
  ];
  const limits = (atMost: number) => [{ of: 'worst', series: 'cnsmo', atMost } as const];
  const time = series(({ seconds, cpuMs }) => ({ value: seconds, cpuMs }));
  const wire = series(({ wireMb }) => ({ value: wireMb }));
  const heap = series(({ heapMb }) => ({ value: heapMb }));
  return [
    { name: `${MESH} from empty`, unit: 's', series: time, limits: limits(CATCH_UP_S_MAX) },
    { name: `${MESH}, on the wire`, unit: 'MB', series: wire, limits: limits(WIRE_MB_MAX) },
    { name: `${MESH}, heap`, unit: 'MB', series: heap, limits: limits(HEAP_MB_MAX) },
  ];
};

/** The bench. */
export const benchState: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const gate = await takeRounds(gateContenders(), count, (round) =>
    tell(`gate, round ${round} of ${count}`),
  );
  const costs = Array.from({ length: count }, (_, round) => {
    tell(`${MESH}, round ${round + 1} of ${count}`);
    return catchUp();
  });
  const speeds = Array.from({ length: count }, (_, round) => {
    tell(`simulator, round ${round + 1} of ${count}`);
    return simSpeed(round + 1);
  });
  return [
    {
      name: 'one frame',
      unit: 'µs',
      series: gate,
      limits: [{ of: 'ratio', to: BARE, atMost: GATE_RATIO_MAX }],
    },
    ...catchUpFigures(costs),
    {
      name: 'simulator, 5 members',
      unit: 'simulated s/s',
      series: [{ name: 'cnsmo', samples: speeds }],
      limits: [{ of: 'median', series: 'cnsmo', atLeast: SIM_SPEED_MIN }],
    },
  ];
};

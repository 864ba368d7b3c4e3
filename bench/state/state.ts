/**
 * Edge: benches of the state — the gate beside a bare signature check, a large mesh taken from
 * nothing, restarts, how soon a change is known, and how fast the simulator is.
 */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Bench } from '../bench.ts';
import type { Figure, Sample, Series } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import { measureSpreading } from '../spreading.ts';
import type { CatchUp } from './catch-up.ts';
import type { Churn } from './churn.ts';
import { BARE, gateContenders } from './gate.ts';
import { RESTART_KINDS, type Restart } from './restarts.ts';
import { simSpeed } from './sim-speed.ts';
import { STALL_KINDS, type Stall, type StallKind } from './stalls.table.ts';

/** Rounds of each figure when nothing else is said. */
const ROUNDS = 11;

/** The limits, from the issue that set them. */
const GATE_RATIO_MAX = 1.5;
const CATCH_UP_S_MAX = 10;
const WIRE_MB_MAX = 5;
const HEAP_MB_MAX = 40;
const SIM_SPEED_MIN = 1000;
const STALL_MS_MAX = 50;
const RESTART_S_MAX = 2;
const CHURN_HEAP_MB_MAX = 20;
const CHURN_DISK_MB_MAX = 1;
const SPREAD_MEDIAN_MS_MAX = 250;
const SPREAD_P99_MS_MAX = 1000;

/** The mesh in which changes are made, and how many of them for each round. */
const DAEMONS = 20;
const CHANGES = 20;

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

/** The longest stalls of each kind: those of all rounds. */
const stallsOf = (
  count: number,
  tell: (line: string) => void,
): ReadonlyMap<StallKind, readonly Stall[]> =>
  new Map(
    STALL_KINDS.map((kind) => {
      const script = resolve(import.meta.dirname, 'stall.ts');
      const stalls = Array.from({ length: count }, (_, round) => {
        tell(`stall by ${kind}, round ${round + 1} of ${count}`);
        const said = execFileSync(process.execPath, [script, kind], { encoding: 'utf8' });
        return JSON.parse(said) as Stall;
      });
      return [kind, stalls] as const;
    }),
  );

/** The limit holds for CPU time, which does not depend on who else uses the machine. */
const stallFigures = (stalls: ReadonlyMap<StallKind, readonly Stall[]>): readonly Figure[] =>
  [...stalls].map(([kind, each]) => ({
    name: `longest turn of the event loop, ${kind}`,
    unit: 'ms',
    series: [
      { name: 'CPU time', samples: each.map(({ cpuMs }) => ({ value: cpuMs })) },
      { name: 'delay of a timer', samples: each.map(({ delayMs }) => ({ value: delayMs })) },
    ],
    limits: [{ of: 'worst', series: 'CPU time', atMost: STALL_MS_MAX }],
  }));

/** From the disk to the view, for each kind of much that may be said. */
const restartFigures = (count: number, tell: (line: string) => void): readonly Figure[] =>
  RESTART_KINDS.map((kind) => {
    const script = resolve(import.meta.dirname, 'restart.ts');
    tell(`restart with ${kind}, ${count} rounds`);
    const argv = [script, kind, String(count)];
    const said = execFileSync(process.execPath, argv, { encoding: 'utf8' });
    const restarts = JSON.parse(said) as readonly Restart[];
    const samples = restarts.map(({ seconds, cpuMs }) => ({ value: seconds, cpuMs }));
    return {
      name: `restart, ${kind}`,
      unit: 's',
      series: [{ name: 'cnsmo', samples }],
      limits: [{ of: 'worst', series: 'cnsmo', atMost: RESTART_S_MAX }],
    };
  });

const CHURN = '1,000 keys overwritten 1,000 times';

/** Once: it is a minute of work, and the same each time. */
const churnFigures = (tell: (line: string) => void): readonly Figure[] => {
  tell(CHURN);
  const argv = ['--expose-gc', resolve(import.meta.dirname, 'churn.ts')];
  const said = execFileSync(process.execPath, argv, { encoding: 'utf8' });
  const { heapMb, diskMb } = JSON.parse(said) as Churn;
  const figure = (what: string, value: number, atMost: number): Figure => ({
    name: `${CHURN}, ${what}`,
    unit: 'MB',
    series: [{ name: 'cnsmo', samples: [{ value }] }],
    limits: [{ of: 'worst', series: 'cnsmo', atMost }],
  });
  return [figure('heap', heapMb, CHURN_HEAP_MB_MAX), figure('journal', diskMb, CHURN_DISK_MB_MAX)];
};

/** What it costs to take frames. */
export const benchTaking: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const gate = await takeRounds(gateContenders(), count, (round) =>
    tell(`gate, round ${round} of ${count}`),
  );
  const costs = Array.from({ length: count }, (_, round) => {
    tell(`${MESH}, round ${round + 1} of ${count}`);
    return catchUp();
  });
  return [
    {
      name: 'one frame',
      unit: 'µs of CPU',
      series: gate,
      limits: [{ of: 'ratio', to: BARE, atMost: GATE_RATIO_MAX }],
    },
    ...catchUpFigures(costs),
  ];
};

/** For how long the event loop is held up. */
export const benchTurns: Bench = async ({ rounds, tell }) =>
  stallFigures(stallsOf(rounds ?? ROUNDS, tell));

/** What it costs to keep the state: a restart, and much that was said again and again. */
export const benchKeeping: Bench = async ({ rounds, tell }) => [
  ...restartFigures(rounds ?? ROUNDS, tell),
  ...churnFigures(tell),
];

/** How soon all know of a change. */
export const benchSpreading: Bench = async ({ rounds, tell }) => [
  {
    name: `a change known to all of ${DAEMONS} daemons`,
    unit: 'ms',
    series: [
      {
        name: 'cnsmo',
        samples: await measureSpreading(DAEMONS, (rounds ?? ROUNDS) * CHANGES, tell),
      },
    ],
    limits: [
      { of: 'median', series: 'cnsmo', atMost: SPREAD_MEDIAN_MS_MAX },
      { of: 'p99', series: 'cnsmo', atMost: SPREAD_P99_MS_MAX },
    ],
  },
];

/** How fast the simulator is. */
export const benchSimulator: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const speeds = Array.from({ length: count }, (_, round) => {
    tell(`simulator, round ${round + 1} of ${count}`);
    return simSpeed(round);
  });
  return [
    {
      name: 'simulator, 5 members',
      unit: 'simulated s/s',
      series: [{ name: 'cnsmo', samples: speeds }],
      limits: [{ of: 'median', series: 'cnsmo', atLeast: SIM_SPEED_MIN }],
    },
  ];
};

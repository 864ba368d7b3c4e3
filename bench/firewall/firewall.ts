/**
 * Edge: bench of the firewall — what ten thousand rules cost a new connection, beside ten and a
 * list that one writes by hand; how long they take into the kernel; and how long it takes from what
 * an operator asks for to what the kernels do.
 */
import type { Bench } from '../bench.ts';
import type { Figure, Sample } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import { measureOnAll, measureOnOne } from './enforcing.ts';
import { listByHand, oneMore, ourTable } from './rules.ts';
import { openStage, type Stage } from './stage.ts';

/** Rounds of each figure when nothing else is said. */
const ROUNDS = 9;

/** The limits, from the issue that set them. */
const FLAT_RATIO_MIN = 0.95;
const LIST_RATIO_MIN = 2;
const LOAD_MS_MAX = 300;
const CHANGE_MS_MAX = 50;
const ON_ONE_MS_MAX = 150;
const ON_ALL_MEDIAN_MS_MAX = 500;
const ON_ALL_P99_MS_MAX = 1_500;
const REVERT_MS_MAX = 2_000;

const DAEMONS = 20;
/** Storms of connections for each round. */
const STORMS = 5;
/** Changes for each round: on one member, and on all; trials, of which each takes seconds. */
const ON_ONE = 2;
const ON_ALL = 6;
const TRIALS_MAX = 5;

const OURS = 'cnsmo';
const [MANY, FEW, LIST] = ['10,000 exact and 100 overlapping', '10 exact', 'a list of 5,000'];

/** The bench. */
export const benchFirewall: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const inKernel = await measureKernel(count, tell);
  const onOne = await measureOnOne(count * ON_ONE, Math.min(count, TRIALS_MAX), tell);
  const onAll = await measureOnAll(DAEMONS, count * ON_ALL, tell);
  const ours = (samples: readonly Sample[]) => [{ name: OURS, samples }];
  return [
    ...inKernel,
    {
      name: 'allow to enforced, one other member',
      unit: 'ms',
      series: ours(onOne.enforced),
      limits: [{ of: 'median', series: OURS, atMost: ON_ONE_MS_MAX }],
    },
    {
      name: `allow to enforced, all of ${DAEMONS}`,
      unit: 'ms',
      series: ours(onAll),
      limits: [
        { of: 'median', series: OURS, atMost: ON_ALL_MEDIAN_MS_MAX },
        { of: 'p99', series: OURS, atMost: ON_ALL_P99_MS_MAX },
      ],
    },
    {
      name: 'end of a trial, after its deadline',
      unit: 'ms',
      series: ours(onOne.reverted),
      limits: [{ of: 'worst', series: OURS, atMost: REVERT_MS_MAX }],
    },
  ];
};

/** What the rules cost in one kernel, and on their way into it. */
async function measureKernel(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const stages = await Promise.all([openStage(), openStage(), openStage()]);
  const [stage] = stages;
  try {
    const many = ourTable(10_000, 100);
    const tables = { [MANY]: many, [FEW]: ourTable(10, 0), [LIST]: listByHand(5_000) };
    const contenders: Record<string, () => Promise<Sample>> = {};
    for (const [index, [name, text]] of Object.entries(tables).entries()) {
      const place = stages[index] ?? stage;
      await place.load(text);
      contenders[name] = async () => {
        const { perCpuSecond, cpuMs } = await place.storm();
        return { value: perCpuSecond, cpuMs };
      };
    }
    const storms = await takeRounds(contenders, count * STORMS, (round) =>
      tell(`new connections, round ${round} of ${count * STORMS}`),
    );
    const loads = await takeRounds({ [OURS]: () => stage.load(many) }, count);
    const changes = await changesIn(stage, count);
    return [
      {
        name: 'new connections that no rule matches',
        unit: 'per CPU second',
        series: storms,
        limits: [
          { of: 'ratio', to: FEW, atLeast: FLAT_RATIO_MIN },
          { of: 'ratio', to: LIST, atLeast: LIST_RATIO_MIN },
        ],
      },
      {
        name: `${MANY}, into the kernel`,
        unit: 'ms',
        series: loads,
        limits: [{ of: 'median', series: OURS, atMost: LOAD_MS_MAX }],
      },
      {
        name: 'one rule more in them',
        unit: 'ms',
        series: changes,
        limits: [{ of: 'median', series: OURS, atMost: CHANGE_MS_MAX }],
      },
    ];
  } finally {
    await Promise.all(stages.map((each) => each.end()));
  }
}

const changesIn = (stage: Stage, count: number) => {
  let n = 20_000;
  return takeRounds({ [OURS]: () => stage.load(oneMore(n++)) }, count);
};

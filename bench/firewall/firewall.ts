/**
 * Edge: bench of the firewall — what ten thousand rules cost a new connection, beside ten and a
 * list that one writes by hand; and how long they take into the kernel.
 */
import type { Bench } from '../bench.ts';
import type { Sample } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import { listByHand, oneMore, ourTable } from './rules.ts';
import { openStage, type Stage } from './stage.ts';

/** Rounds of each figure when nothing else is said. */
const ROUNDS = 9;

/** The limits, from the issue that set them. */
const FLAT_RATIO_MIN = 0.95;
const LIST_RATIO_MIN = 2;
const LOAD_MS_MAX = 300;
const CHANGE_MS_MAX = 50;

const [MANY, FEW, LIST] = ['10,000 exact and 100 overlapping', '10 exact', 'a list of 5,000'];

/** The bench. */
export const benchFirewall: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  const stage = await openStage();
  try {
    const many = ourTable(10_000, 100);
    const stormWith = (text: string) => async (): Promise<Sample> => {
      await stage.load(text);
      return stage.storm();
    };
    const storms = await takeRounds(
      {
        [MANY]: stormWith(many),
        [FEW]: stormWith(ourTable(10, 0)),
        [LIST]: stormWith(listByHand(5_000)),
      },
      count,
      (round) => tell(`new connections, round ${round} of ${count}`),
    );
    const loads = await takeRounds({ cnsmo: () => stage.load(many) }, count);
    const changes = await changesIn(stage, count);
    return [
      {
        name: 'new connections that no rule matches',
        unit: '1/s',
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
        limits: [{ of: 'median', series: 'cnsmo', atMost: LOAD_MS_MAX }],
      },
      {
        name: 'one rule more in them',
        unit: 'ms',
        series: changes,
        limits: [{ of: 'median', series: 'cnsmo', atMost: CHANGE_MS_MAX }],
      },
    ];
  } finally {
    await stage.end();
  }
};

const changesIn = (stage: Stage, count: number) => {
  let n = 20_000;
  return takeRounds({ cnsmo: () => stage.load(oneMore(n++)) }, count);
};

/** Edge: many — a thousand balancers in one kernel: into it, one change, and what they cost. */
import type { Figure, Sample } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import { coreMeter } from './core.ts';
import { SERVED } from './programs.ts';
import { BACKENDS, openStage } from './stage.ts';
import { changeText, middleOf, tableText, virtualOf } from './tables.ts';

const BALANCERS = 1_000;
/** The limits, from the issue that set them. */
const LOAD_MS_MAX = 1_000;
const CHANGE_MS_MAX = 50;
const DISPATCH_RATIO_MIN = 0.95;

const OURS = 'cnsmo';
const [MANY, ONE] = [`${BALANCERS} balancers`, 'one'];
/** Storms of connections for each round: few percent are to be seen. */
const STORMS = 3;

/** The figures of many balancers. */
export async function measureMany(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const wish = { port: SERVED.opened, count: BALANCERS };
  const less = { ...wish, drained: [3] };
  const many = tableText(wish);
  const turns = [changeText(wish, less), changeText(less, wish)];
  const one = tableText({ port: SERVED.opened });
  const stage = await openStage();
  try {
    const loads = await takeRounds({ [OURS]: () => loadNew(many) }, count, (round) =>
      tell(`${MANY} into the kernel: round ${round} of ${count}`),
    );
    await stage.load(many);
    let turn = 0;
    const change = () => {
      turn += 1;
      return stage.load(turns[(turn + 1) % 2] ?? '');
    };
    const changes = await takeRounds({ [OURS]: change }, 2 * count);
    const storms = await takeRounds(
      { [MANY]: () => storm(many, BALANCERS), [ONE]: () => storm(one, 1) },
      STORMS * count,
      (round) => tell(`new connections, ${MANY}: round ${round} of ${STORMS * count}`),
    );
    return [
      {
        ...{ name: `${MANY} of ${BACKENDS} backends, into the kernel`, unit: 'ms' },
        series: loads,
        limits: [{ of: 'median', series: OURS, atMost: LOAD_MS_MAX }],
      },
      {
        ...{ name: 'a backend less or more in one of them', unit: 'ms', series: changes },
        limits: [{ of: 'median', series: OURS, atMost: CHANGE_MS_MAX }],
      },
      {
        ...{ name: 'new connections to one of them', unit: 'connections/s', series: storms },
        limits: [{ of: 'ratio', to: ONE, atLeast: DISPATCH_RATIO_MIN }],
      },
    ];
  } finally {
    await stage.end();
  }
}

/** Into a kernel that has nothing yet. */
async function loadNew(table: string): Promise<Sample> {
  const stage = await openStage();
  try {
    return await stage.load(table);
  } finally {
    await stage.end();
  }
}

/** To the balancer in the middle. */
async function storm(table: string, count: number): Promise<Sample> {
  const stage = await openStage();
  try {
    await stage.load(table);
    const usedMs = coreMeter();
    const to = `${virtualOf(middleOf(count))} 80`;
    return { value: Number(await stage.ask('member', `opened ${to}`)), cpuMs: usedMs().busyMs };
  } finally {
    await stage.end();
  }
}

/**
 * Edge: bench of liveness — how soon a death is known by all of twenty real daemons, and the next
 * core; beside the agents of Serf, which take their turn in each round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureTools } from '../../scripts/packages.ts';
import type { Bench } from '../bench.ts';
import type { Figure, Limit, Sample } from '../figure.ts';
import { namesOf, openMesh } from '../mesh.ts';
import { type DaemonMortals, mortalsOf } from './daemons.ts';
import type { Mortals } from './mortals.ts';
import { openSerf } from './serf.ts';

/** Rounds when nothing else is said: two and a half minutes each. */
const ROUNDS = 5;
const MEMBERS = 20;
/** How long the mesh is whole before one of ours goes. Twenty starts leave daemons behind. */
const CALM_MS = 20_000;

/** The limits, from the issue that set them. Unit: s. */
const DEATH_S = { median: 9, worst: 15 };
const CORE_S = { median: 12, worst: 20 };
const KILL_S = 2;

const OURS = 'cnsmo';

const limits = (of: 'median' | 'worst', atMost: number): Limit => ({ of, series: OURS, atMost });

/** What the rounds gave. */
interface Taken {
  readonly cuts: Sample[];
  readonly coreCuts: Sample[];
  readonly cores: Sample[];
  readonly kills: Sample[];
  readonly serfCuts: Sample[];
  readonly serfKills: Sample[];
}

/** The bench. */
export const benchLiveness: Bench = async ({ rounds, tell }) => {
  await ensureTools(['serf']);
  const count = rounds ?? ROUNDS;
  const names = namesOf(MEMBERS);
  tell(`${MEMBERS} agents of Serf start`);
  const serf = await openSerf(names);
  try {
    tell(`mesh of ${MEMBERS}: everybody joins`);
    const world = await openMesh(names);
    try {
      const daemons = mortalsOf(world);
      const none = { cuts: [], coreCuts: [], cores: [], kills: [], serfCuts: [], serfKills: [] };
      const taken: Taken = none;
      for (let round = 0; round < count; round += 1) {
        tell(`mesh of ${MEMBERS}: deaths, round ${round + 1} of ${count}`);
        await takeRound(daemons, serf, taken, (nth) => names[(3 * round + nth) % MEMBERS] ?? '');
      }
      return figuresOf(taken, `Serf ${serf.version}`);
    } finally {
      await world.end();
    }
  } finally {
    await serf.end();
  }
};

async function takeRound(
  daemons: DaemonMortals,
  serf: Mortals,
  taken: Taken,
  victim: (nth: number) => string,
): Promise<void> {
  await sleep(CALM_MS);
  const { name, death, core } = await daemons.cutCore();
  taken.coreCuts.push(death);
  taken.cores.push(core);
  await daemons.revive(name);
  taken.serfCuts.push(await ended(serf, victim(1), 'cutPower'));
  await sleep(CALM_MS);
  taken.cuts.push(await ended(daemons, victim(1), 'cutPower'));
  await sleep(CALM_MS);
  taken.kills.push(await ended(daemons, victim(2), 'kill'));
  taken.serfKills.push(await ended(serf, victim(2), 'kill'));
}

/** Ends a member and revives it. */
async function ended(mortals: Mortals, name: string, way: 'cutPower' | 'kill'): Promise<Sample> {
  const sample = await mortals[way](name);
  await mortals.revive(name);
  return sample;
}

function figuresOf(taken: Taken, serf: string): readonly Figure[] {
  const { cuts, coreCuts, cores, kills, serfCuts, serfKills } = taken;
  const deathLimits = [limits('median', DEATH_S.median), limits('worst', DEATH_S.worst)];
  const ours = (samples: readonly Sample[]) => ({ name: OURS, samples });
  return [
    {
      name: `power cut known by all of ${MEMBERS}`,
      unit: 's',
      series: [ours(cuts), { name: serf, samples: serfCuts }],
      limits: deathLimits,
    },
    {
      name: 'power cut of the core known by all',
      unit: 's',
      series: [ours(coreCuts)],
      limits: deathLimits,
    },
    {
      name: 'the next core known by all',
      unit: 's',
      series: [ours(cores)],
      limits: [limits('median', CORE_S.median), limits('worst', CORE_S.worst)],
    },
    {
      name: 'killed process known by all',
      unit: 's',
      series: [ours(kills), { name: serf, samples: serfKills }],
      limits: [limits('worst', KILL_S)],
    },
  ];
}

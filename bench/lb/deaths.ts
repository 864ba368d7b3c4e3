/**
 * Edge: deaths — a backend's server is killed, hangs, or its VM loses its power, while a member,
 * the frontend and somebody outside ask for pages: when the last request was begun that failed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Figure, Sample } from '../figure.ts';
import { nowMs } from '../firewall/prober.ts';
import { cpuMeter } from '../listener.ts';
import { type Balanced, openBalanced, type Place } from './balanced.ts';
import type { Asker } from './web.ts';

/** Rounds when nothing else is said: a minute each. */
const ROUNDS = 5;
const DRAIN_MS = 5_000;
/** Between two requests of one asker. Unit: ms. */
const PAUSE_MS = 20;
/** From the moment when all answer to the next death. Unit: ms. */
const CALM_MS = 5_000;

/** How one may end, how long one looks, ms, and the limits, s, from the issue that set them. */
const DEATHS = {
  killed: { what: 'server killed', lookMs: 7_000, memberS: 2, outsideS: 2 },
  hung: { what: 'server hangs', lookMs: 12_000, memberS: 5, outsideS: 5 },
  cut: { what: 'power cut', lookMs: 22_000, memberS: 15, outsideS: 5 },
} as const;
type Death = keyof typeof DEATHS;

/** Failures that are told one by one. */
const LATEST = 5;

const PLACES: Readonly<Record<Place, string>> = {
  member: 'from a member',
  frontend: 'from the frontend itself',
  outside: 'through the frontend',
};
const ALL = Object.keys(PLACES) as readonly Place[];

/** The bench. */
export const benchDeaths: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? ROUNDS;
  tell('everybody joins');
  const balanced = await openBalanced(DRAIN_MS);
  const taken = new Map<string, Sample[]>();
  try {
    const askers = {
      member: await balanced.ask('member', 1, PAUSE_MS),
      frontend: await balanced.ask('frontend', 1, PAUSE_MS),
      outside: await balanced.ask('outside', 1, PAUSE_MS),
    };
    for (let round = 0; round < count; round += 1) {
      for (const [nth, death] of (Object.keys(DEATHS) as Death[]).entries()) {
        tell(`${DEATHS[death].what}, round ${round + 1} of ${count}`);
        const victim = balanced.backends[(round + nth) % balanced.backends.length] ?? '';
        await sleep(CALM_MS);
        const samples = await dies(balanced, askers, victim, death);
        for (const place of ALL) {
          const key = `${death} ${place}`;
          taken.set(key, [...(taken.get(key) ?? []), samples[place]]);
        }
      }
    }
    for (const asker of Object.values(askers)) asker.end();
  } finally {
    await balanced.end();
  }
  return (Object.keys(DEATHS) as Death[]).flatMap((death) =>
    ALL.map((place) => figureOf(death, place, taken.get(`${death} ${place}`) ?? [])),
  );
};

const OURS = 'cnsmo';

const figureOf = (death: Death, place: Place, samples: readonly Sample[]): Figure => {
  const { what, memberS, outsideS } = DEATHS[death];
  return {
    ...{ name: `${what}: last failed request ${PLACES[place]}`, unit: 's' },
    series: [{ name: OURS, samples }],
    limits: [{ of: 'worst', series: OURS, atMost: place === 'outside' ? outsideS : memberS }],
  };
};

type Askers = Readonly<Record<Place, Asker>>;

/** One death, and back: when the last request was begun that failed, s, by each asker. */
async function dies(
  balanced: Balanced,
  askers: Askers,
  victim: string,
  death: Death,
): Promise<Readonly<Record<Place, Sample>>> {
  const { world, backends, first, second } = balanced;
  const others = backends.filter((name) => name !== victim).map((name) => world.vm(name));
  const usedMs = cpuMeter([first, second, ...others]);
  const cpuMs = usedMs();
  const fromMs = nowMs();
  await end(balanced, victim, death);
  await sleep(DEATHS[death].lookMs);
  const used = usedMs() - cpuMs;
  const sample = (place: Place): Sample => {
    const since = askers[place].heard.filter(({ atMs }) => atMs >= fromMs);
    if (!since.some(({ from }) => from !== null)) throw new Error('nobody answers any more');
    const failed = since
      .filter(({ from }) => from === null)
      .map(({ atMs, why }) => ({ atS: (atMs - fromMs) / 1_000, why }));
    tellLast(`${DEATHS[death].what}, ${PLACES[place]}`, failed);
    return { value: Math.max(0, ...failed.map(({ atS }) => atS)), cpuMs: used };
  };
  const samples = {
    member: sample('member'),
    frontend: sample('frontend'),
    outside: sample('outside'),
  };
  await revive(balanced, victim, death);
  for (const asker of Object.values(askers)) await balanced.answers(asker, victim);
  return samples;
}

/** Of what kind the failures were, and when: the last alone says little. */
function tellLast(what: string, failed: readonly { readonly atS: number; why: string }[]): void {
  const kinds = [...Map.groupBy(failed, ({ why }) => why)].map(
    ([why, of]) => `${of.length} × ${why} until ${of.at(-1)?.atS.toFixed(1)} s`,
  );
  const late = failed.slice(-LATEST).map(({ atS, why }) => `${why} ${atS.toFixed(1)}`);
  console.log(`${what}: ${[...kinds, ...late].join(', ') || 'nothing failed'}`);
}

async function end({ world, server }: Balanced, victim: string, death: Death): Promise<void> {
  if (death === 'killed') await server(victim).kill();
  else if (death === 'hung') server(victim).stop();
  else await world.powerCut(victim);
}

async function revive(balanced: Balanced, victim: string, death: Death): Promise<void> {
  if (death === 'hung') balanced.server(victim).resume();
  if (death === 'cut') {
    await balanced.server(victim).kill();
    await balanced.world.boot(victim);
  }
  if (death !== 'hung') await balanced.serve(victim);
}

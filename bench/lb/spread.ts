/** Edge: spread — which backends get how many of ten thousand connections, by whom they reach. */
import type { Figure, Limit, Sample } from '../figure.ts';
import { SERVED } from './programs.ts';
import { BACKENDS, CLIENTS, openStage } from './stage.ts';
import { tableText, virtualOf, type Wish } from './tables.ts';

const CONNECTIONS = 10_000;
/** The limits, from the issue that set them. Unit: %. */
const ROUNDROBIN_OFF_MAX = 3;
const WEIGHTS_OFF_MAX = 5;
const STICKY_MIN = 100;

const WEIGHTS = [10, 5, 3, 2, 2, 1, 1, 1, 1, 1];
const EVEN = Array.from({ length: BACKENDS }, () => 1);
const OURS = 'cnsmo';

/** How many connections of each client each backend had: client and backend → connections. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The figures of the spread. */
export async function measureSpread(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const taken = { even: [] as Sample[], weighted: [] as Sample[], sticky: [] as Sample[] };
  for (let round = 1; round <= count; round += 1) {
    tell(`spread of ${CONNECTIONS} connections: round ${round} of ${count}`);
    taken.even.push({ value: farthest(await connections({}), EVEN) });
    taken.weighted.push({ value: farthest(await connections({ weights: WEIGHTS }), WEIGHTS) });
    taken.sticky.push({ value: faithful(await connections({ stickyMs: 600_000 })) });
  }
  const figure = (name: string, samples: readonly Sample[], limit: Partial<Limit>): Figure => ({
    ...{ name, unit: '%', series: [{ name: OURS, samples }] },
    limits: [{ of: 'worst', series: OURS, ...limit } as Limit],
  });
  const [most, least] = [Math.max(...WEIGHTS), Math.min(...WEIGHTS)];
  return [
    figure('roundrobin: the backend farthest from its share', taken.even, {
      atMost: ROUNDROBIN_OFF_MAX,
    }),
    figure(`weights ${most} to ${least}: the backend farthest from its share`, taken.weighted, {
      atMost: WEIGHTS_OFF_MAX,
    }),
    figure(`sticky: connections of ${CLIENTS.length} clients that stayed`, taken.sticky, {
      atLeast: STICKY_MIN,
    }),
  ];
}

async function connections(wish: Partial<Wish>): Promise<Counts> {
  const stage = await openStage();
  try {
    await stage.load(tableText({ port: SERVED.who, ...wish }));
    const line = ['who', virtualOf(0), 80, CONNECTIONS, ...CLIENTS].join(' ');
    const said = await stage.ask('member', line);
    const counts = new Map<string, Map<string, number>>();
    for (const part of said.split(',')) {
      const [client = '', backend = '', times = ''] = part.split(' ');
      const own = counts.get(client) ?? new Map<string, number>();
      counts.set(client, own.set(backend, Number(times)));
    }
    const total = [...counts.values()].flatMap((own) => [...own.values()]);
    const answered = total.reduce((sum, each) => sum + each, 0);
    if (answered !== CONNECTIONS) throw new Error(`${answered} of ${CONNECTIONS} were answered`);
    return counts;
  } finally {
    await stage.end();
  }
}

/** How far the backend that is farthest from its share is, % of that. */
function farthest(counts: Counts, weights: readonly number[]): number {
  const sum = weights.reduce((all, each) => all + each, 0);
  const off = weights.map((weight, n) => {
    const share = (CONNECTIONS * weight) / sum;
    const own = [...counts.values()].map((each) => each.get(`10.10.0.${n + 2}`) ?? 0);
    return Math.abs(own.reduce((all, each) => all + each, 0) - share) / share;
  });
  return 100 * Math.max(...off);
}

/** Connections that went where most of their client's went, %. */
function faithful(counts: Counts): number {
  const stayed = [...counts.values()].map((own) => Math.max(...own.values()));
  return (100 * stayed.reduce((all, each) => all + each, 0)) / CONNECTIONS;
}

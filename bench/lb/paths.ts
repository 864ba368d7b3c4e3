/**
 * Edge: paths — what a balanced connection costs beside a direct one: at a virtual address, from
 * the member that balances, and at a frontend, beside programs that do the same in user space.
 *
 * Everything runs on one core, the proxies as well: a rate is what the whole path costs.
 */
import type { Figure, Limit, Sample } from '../figure.ts';
import { takeRounds } from '../rounds.ts';
import { coreMeter } from './core.ts';
import { SERVED } from './programs.ts';
import { findProxies, PROXIED } from './proxies.ts';
import { OUTSIDE, openStage, type Place, type Stage } from './stage.ts';
import { tableText, virtualOf } from './tables.ts';

/** The limits, from the issue that set them. */
const MEMBER_RATIO_MIN = { kept: 0.95, opened: 0.75 };
const FRONTEND_RATIO_MIN = { kept: 1.3, opened: 1.5 };

const UNITS = { kept: 'requests/s', opened: 'connections/s' } as const;
type Kind = keyof typeof UNITS;

/** A backend, asked for itself. */
const BACKEND = '10.10.0.2';
const [DIRECT, BARE] = ['direct', 'direct, no table'];
/** The least that rewrites a destination: what of the cost is the kernel's own. */
const [BY_HAND, BESIDE_HAND] = ['one rule by hand', 'direct, beside that rule'];

/** One way to a backend: what it needs on a stage, and where one asks. */
interface Way {
  readonly prepare: (stage: Stage, kind: Kind) => Promise<unknown>;
  readonly at: (kind: Kind) => string;
}

const balanced =
  (isFrontend: boolean): Way['prepare'] =>
  (stage, kind) =>
    stage.load(tableText({ port: SERVED[kind], isFrontend }));

const byHand: Way['prepare'] = (stage, kind) =>
  stage.load(
    `table ip by_hand {
      chain output {
        type nat hook output priority -100
        ip daddr ${virtualOf(0)} tcp dport 80 dnat to ${BACKEND}:${SERVED[kind]}
      }
    }`,
  );

/** A virtual address, from the member itself. */
export async function measureMember(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const ways: Readonly<Record<string, Way>> = {
    'virtual address': { prepare: balanced(false), at: () => `${virtualOf(0)} 80` },
    [DIRECT]: { prepare: balanced(false), at: (kind) => `${BACKEND} ${SERVED[kind]}` },
    [BY_HAND]: { prepare: byHand, at: () => `${virtualOf(0)} 80` },
    [BESIDE_HAND]: { prepare: byHand, at: (kind) => `${BACKEND} ${SERVED[kind]}` },
    [BARE]: { prepare: async () => undefined, at: (kind) => `${BACKEND} ${SERVED[kind]}` },
  };
  const limits = (kind: Kind): readonly Limit[] => [
    { of: 'ratio', to: DIRECT, atLeast: MEMBER_RATIO_MIN[kind] },
  ];
  return await measure({ from: 'member', ways, limits }, count, tell);
}

/** A port of the member's address outside, from there. */
export async function measureFrontend(
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const proxies = await findProxies();
  const ways: Readonly<Record<string, Way>> = {
    'nft of cnsmo': { prepare: balanced(true), at: () => `${OUTSIDE} 80` },
    ...Object.fromEntries(
      proxies.map(({ name, start }): [string, Way] => [
        name,
        { prepare: (stage, kind) => start(stage, SERVED[kind]), at: () => `${OUTSIDE} ${PROXIED}` },
      ]),
    ),
    'routed, no table': {
      ...{ prepare: async () => undefined, at: (kind: Kind) => `${BACKEND} ${SERVED[kind]}` },
    },
  };
  const to = proxies[0]?.name ?? '';
  const limits = (kind: Kind): readonly Limit[] => [
    { of: 'ratio', to, atLeast: FRONTEND_RATIO_MIN[kind] },
  ];
  return await measure({ from: 'outside', ways, limits }, count, tell);
}

interface Race {
  readonly from: Place;
  readonly ways: Readonly<Record<string, Way>>;
  readonly limits: (kind: Kind) => readonly Limit[];
}

async function measure(
  { from, ways, limits }: Race,
  count: number,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const kind of ['kept', 'opened'] as const) {
    const shares = new Map<string, Sample[]>();
    const contenders = Object.fromEntries(
      Object.entries(ways).map(([name, way]) => [
        name,
        async () => {
          const { sample, share } = await askOnce(from, way, kind);
          shares.set(name, [...(shares.get(name) ?? []), { value: share }]);
          return sample;
        },
      ]),
    );
    const what = `${NAMES[kind]}, ${from === 'member' ? 'from a member' : 'through a frontend'}`;
    const series = await takeRounds(contenders, count, (round) =>
      tell(`${what}: round ${round} of ${count}`),
    );
    const inPrograms = [...shares].map(([name, samples]) => ({ name, samples }));
    figures.push(
      { name: what, unit: UNITS[kind], series, limits: limits(kind) },
      { name: 'of it outside the kernel', unit: '% of time', series: inPrograms, limits: [] },
    );
  }
  return figures;
}

const NAMES = { kept: 'requests on kept connections', opened: 'new connections' } as const;

/** One measurement, on a stage of its own; and how much of its time was in programs, %. */
async function askOnce(
  from: Place,
  { prepare, at }: Way,
  kind: Kind,
): Promise<{ readonly sample: Sample; readonly share: number }> {
  const stage = await openStage();
  try {
    await prepare(stage, kind);
    const usedMs = coreMeter();
    const value = Number(await stage.ask(from, `${kind} ${at(kind)}`));
    const { userMs, busyMs } = usedMs();
    return { sample: { value, cpuMs: busyMs }, share: (100 * userMs) / busyMs };
  } finally {
    await stage.end();
  }
}

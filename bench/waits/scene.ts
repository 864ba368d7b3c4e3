/**
 * Edge: scene — what is done to daemons of the built binary while clocks in them and somebody
 * outside watch how long they hold others up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome } from '../../netns-tests/command.ts';
import type { Vm } from '../../netns-tests/vm.ts';
import type { Figure, Sample } from '../figure.ts';
import { watchInside } from './inside.ts';
import type { Inside } from './insider.ts';
import { probe } from './prober.ts';

/** The limit of the issue. Unit: ms. */
const STALL_MS_MAX = 50;
/** What follows from what was done. Unit: ms. */
const AFTERMATH_MS = 3_000;

/** What was seen of one daemon. `answerMs`: the longest wait from outside; null: nobody asked. */
export interface Seen extends Inside {
  readonly answerMs: number | null;
}

/** What is to be watched: daemons that run, and such as the act starts. */
export interface Watched {
  readonly running: readonly Vm[];
  readonly starting?: readonly Vm[];
}

/** Watches daemons while something is done, and a while after. Nothing watches once it settles. */
export async function during(
  watched: Watched,
  act: () => Promise<unknown>,
): Promise<readonly Seen[]> {
  const over = new AbortController();
  try {
    return await watchWhile(watched, act, over.signal);
  } finally {
    over.abort();
  }
}

async function watchWhile(
  { running, starting = [] }: Watched,
  act: () => Promise<unknown>,
  over: AbortSignal,
): Promise<readonly Seen[]> {
  const before = await Promise.all(
    running.map(async (vm) => ({ end: await watchInside(vm, over), answered: probe(vm, over) })),
  );
  const acting = act();
  acting.catch(() => undefined); // Told below.
  const fresh = await Promise.all(starting.map((vm) => watchInside(vm, over)));
  await acting;
  await sleep(AFTERMATH_MS);
  return Promise.all([
    ...before.map(async ({ end, answered }) => {
      const { longestMs } = await answered();
      return { ...(await end()), answerMs: longestMs };
    }),
    ...fresh.map(async (end) => ({ ...(await end()), answerMs: null })),
  ]);
}

/** All that was seen of acts, by their names. */
export type Report = ReadonlyMap<string, readonly Seen[]>;

/** What several rounds of the same acts saw. */
export const together = (reports: readonly Report[]): Report => {
  const names = new Set(reports.flatMap((report) => [...report.keys()]));
  return new Map(
    [...names].map((name) => [name, reports.flatMap((report) => report.get(name) ?? [])]),
  );
};

/**
 * A figure for each act. The limit is on the processor's time: with several VMs, their `nft` and
 * whoever asks on one machine, what passes by the wall is the machine's.
 */
export const figuresOf = (report: Report): readonly Figure[] =>
  [...report].flatMap(([name, seen]) => [
    {
      name: `longest turn, ${name}`,
      unit: 'ms',
      series: [
        { name: CPU, samples: seen.map(({ cpuMs }) => ({ value: cpuMs })) },
        { name: 'wall', samples: seen.map(({ wallMs }) => ({ value: wallMs })) },
        { name: 'collecting garbage', samples: seen.map((one) => ({ value: one.collectionMs })) },
        ...answersOf(seen),
      ],
      limits: [{ of: 'worst', series: CPU, atMost: STALL_MS_MAX } as const],
    },
    {
      name: `most memory, ${name}`,
      unit: 'MB',
      series: [{ name: 'RSS', samples: seen.map((one) => ({ value: one.rssBytesMax / 1e6 })) }],
      limits: [],
    },
  ]);

const CPU = 'CPU of the main thread';

const answersOf = (seen: readonly Seen[]) => {
  const samples: Sample[] = seen.flatMap(({ answerMs }) =>
    answerMs === null ? [] : [{ value: answerMs }],
  );
  return samples.length === 0 ? [] : [{ name: 'answer to who asks', samples }];
};

/** Throws unless a command succeeded; gives what it printed. */
export function succeeded({ status, stdout, stderr }: Outcome): string {
  if (status !== 0) throw new Error(`ended with ${status}: ${stderr}`);
  return stdout;
}

/**
 * Edge: roll — all backends are restarted, one after the other, as an operator does it: drained,
 * restarted, undrained; while a member and the frontend ask for pages as fast as they can.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Figure, Sample } from '../figure.ts';
import { cpuMeter } from '../listener.ts';
import { type Balanced, openBalanced } from './balanced.ts';
import type { Asker } from './web.ts';

const DRAIN_MS = 3_000;
/** Requests of a run; the backends are restarted as often as that takes. */
const REQUESTS = 100_000;
/** How many each of both who ask has under way at once. */
const LANES = 4;
const PLACES = ['member', 'frontend'] as const;
/** Each backend at least once. */
const LEAST_RESTARTS = 3;
const OURS = 'cnsmo';

/** The bench; a round is a run of so many requests. */
export const benchRoll: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? 1;
  tell('everybody joins');
  const balanced = await openBalanced(DRAIN_MS);
  const taken = { failed: [] as Sample[], restarts: [] as Sample[], requests: [] as Sample[] };
  try {
    for (let round = 1; round <= count; round += 1) {
      const run = await roll(balanced, (line) => tell(`round ${round} of ${count}: ${line}`));
      for (const name of ['failed', 'restarts', 'requests'] as const) taken[name].push(run[name]);
    }
  } finally {
    await balanced.end();
  }
  const figure = (name: string, samples: readonly Sample[], limits: Figure['limits']): Figure => ({
    ...{ name, unit: 'times', series: [{ name: OURS, samples }], limits },
  });
  return [
    figure('rolling restart: requests that failed', taken.failed, [
      { of: 'worst', series: OURS, atMost: 0 },
    ]),
    figure('of so many', taken.requests, [{ of: 'worst', series: OURS, atLeast: REQUESTS }]),
    figure('restarts in them', taken.restarts, [
      { of: 'worst', series: OURS, atLeast: LEAST_RESTARTS },
    ]),
  ];
};

async function roll(
  balanced: Balanced,
  tell: (line: string) => void,
): Promise<Readonly<Record<'failed' | 'restarts' | 'requests', Sample>>> {
  const { backends, world, first, second } = balanced;
  const usedMs = cpuMeter([first, second, ...backends.map((name) => world.vm(name))]);
  const startMs = usedMs();
  const askers: Asker[] = [];
  const count = (): number => askers.reduce((sum, { heard }) => sum + heard.length, 0);
  let restarts = 0;
  try {
    for (const place of PLACES) askers.push(await balanced.ask(place, LANES, 0));
    while (count() < REQUESTS || restarts < backends.length) {
      await restart(balanced, askers, backends[restarts % backends.length] ?? '');
      restarts += 1;
      tell(`${restarts} restarts, ${count()} requests`);
    }
  } finally {
    for (const asker of askers) asker.end();
  }
  const failed = askers.flatMap(({ heard }) => heard.filter(({ from }) => from === null));
  const whys = Map.groupBy(failed, ({ why }) => why);
  for (const [why, of] of whys) console.log(`failed: ${of.length} × ${why}`);
  return {
    failed: { value: failed.length, cpuMs: usedMs() - startMs },
    restarts: { value: restarts },
    requests: { value: count() },
  };
}

async function restart(balanced: Balanced, askers: readonly Asker[], name: string): Promise<void> {
  await balanced.verb('drain', { members: [name] });
  await sleep(DRAIN_MS);
  await balanced.server(name).kill();
  await balanced.serve(name);
  await balanced.verb('undrain', { members: [name] });
  for (const asker of askers) await balanced.answers(asker, name);
}

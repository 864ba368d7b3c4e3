/**
 * Edge: roll — all backends are restarted, one after the other, as an operator does it: drained,
 * restarted, undrained; while a member asks for pages as fast as it can.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import type { Figure, Sample } from '../figure.ts';
import { cpuMeter } from '../listener.ts';
import { type Balanced, openBalanced } from './balanced.ts';
import type { Asker } from './web.ts';

const MEMBERS = 4;
const DRAIN_MS = 3_000;
/** Requests of a run; the backends are restarted as often as that takes. */
const REQUESTS = 100_000;
/** How many are under way at once. */
const LANES = 8;
const OURS = 'cnsmo';

/** The bench; a round is a run of so many requests. */
export const benchRoll: Bench = async ({ rounds, tell }) => {
  const count = rounds ?? 1;
  tell(`mesh of ${MEMBERS}: everybody joins`);
  const balanced = await openBalanced(MEMBERS, DRAIN_MS);
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
      { of: 'worst', series: OURS, atLeast: MEMBERS - 1 },
    ]),
  ];
};

async function roll(
  balanced: Balanced,
  tell: (line: string) => void,
): Promise<Readonly<Record<'failed' | 'restarts' | 'requests', Sample>>> {
  const { backends, world, first } = balanced;
  const usedMs = cpuMeter([first, ...backends.map((name) => world.vm(name))]);
  const startMs = usedMs();
  const asker = await balanced.ask('member', LANES, 0);
  let restarts = 0;
  try {
    while (asker.heard.length < REQUESTS || restarts < backends.length) {
      const name = backends[restarts % backends.length] ?? '';
      await restart(balanced, asker, name);
      restarts += 1;
      tell(`${restarts} restarts, ${asker.heard.length} requests`);
    }
  } finally {
    asker.end();
  }
  const failed = asker.heard.filter(({ from }) => from === null);
  const whys = Map.groupBy(failed, ({ why }) => why);
  for (const [why, of] of whys) console.log(`failed: ${of.length} × ${why}`);
  return {
    failed: { value: failed.length, cpuMs: usedMs() - startMs },
    restarts: { value: restarts },
    requests: { value: asker.heard.length },
  };
}

async function restart(balanced: Balanced, asker: Asker, name: string): Promise<void> {
  await balanced.verb('drain', { members: [name] });
  await sleep(DRAIN_MS);
  await balanced.server(name).kill();
  await balanced.serve(name);
  await balanced.verb('undrain', { members: [name] });
  await balanced.answers(asker, name);
}

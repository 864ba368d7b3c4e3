/**
 * Edge: bench of evictions — how soon a member that an operator evicts is out on all of twenty real
 * daemons; it comes back as somebody new under its name before the next round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expel } from '../../netns-tests/expulsion.ts';
import type { Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { namesOf, openMesh } from '../mesh.ts';

const ROUNDS = 5;
const MEMBERS = 20;
/** How long the mesh is left alone before each. Unit: ms. */
const CALM_MS = 5_000;
/** The limits, from the issue that set them. Unit: s. */
const REFUSED_S = 3;
const PEER_GONE_S = 5;

const OURS = 'cnsmo';

/** The bench. */
export const benchEvicted: Bench = async ({ rounds, tell }) => {
  const names = namesOf(MEMBERS);
  tell(`mesh of ${MEMBERS}: everybody joins`);
  const world = await openMesh(names);
  const [refused, closed, gone]: [number[], number[], number[]] = [[], [], []];
  try {
    const count = rounds ?? ROUNDS;
    const [operator = '', ...others] = names;
    for (let round = 0; round < count; round += 1) {
      tell(`mesh of ${MEMBERS}: evictions, round ${round + 1} of ${count}`);
      await sleep(CALM_MS);
      const victim = others[(3 * round) % others.length] ?? '';
      const { refusedMs, closedMs, peerGoneMs } = await expel(world, operator, victim);
      refused.push(refusedMs / 1_000);
      closed.push(closedMs / 1_000);
      gone.push(peerGoneMs / 1_000);
      await world.leave(victim);
      await world.join(victim, await world.invite(operator));
    }
  } finally {
    await world.end();
  }
  return [
    figure('evicted member refused by all others', refused, REFUSED_S),
    figure('its connections closed', closed, REFUSED_S),
    figure('its WireGuard peer gone from all others', gone, PEER_GONE_S),
  ];
};

const figure = (name: string, values: readonly number[], atMost: number): Figure => ({
  name: `${name} of ${MEMBERS}`,
  unit: 's',
  series: [{ name: OURS, samples: values.map((value) => ({ value })) }],
  limits: [{ of: 'worst', series: OURS, atMost }],
});

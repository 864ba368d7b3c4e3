/**
 * Edge: benches of the balancer, in its kernel — what a balanced connection costs, how connections
 * are spread, and what a thousand balancers cost.
 */
import { ensureTools } from '../../scripts/packages.ts';
import type { Bench } from '../bench.ts';
import { measureBulk } from './bulk.ts';
import { measureMany } from './many.ts';
import { measureFrontend, measureMember } from './paths.ts';
import { measureSpread } from './spread.ts';

/** Rounds when nothing else is said. */
const ROUNDS = 9;

/** From a member that balances for itself. */
export const benchMember: Bench = async ({ rounds, tell }) => {
  await ensureTools(['iperf3', 'ss']);
  const count = rounds ?? ROUNDS;
  return [...(await measureMember(count, tell)), ...(await measureBulk(count, tell))];
};

/** Through a member's other address, beside HAProxy, and nginx where it is. */
export const benchFrontend: Bench = async ({ rounds, tell }) => {
  await ensureTools(['haproxy', 'ss']);
  return await measureFrontend(rounds ?? ROUNDS, tell);
};

/** Ten thousand connections, by whom they reach. */
export const benchSpread: Bench = async ({ rounds, tell }) =>
  await measureSpread(rounds ?? ROUNDS, tell);

/** A thousand balancers. */
export const benchMany: Bench = async ({ rounds, tell }) =>
  await measureMany(rounds ?? ROUNDS, tell);

/**
 * Rule: lb — the service that spreads connections over members, in the kernel of whoever opens
 * them: there is no balancer host to lose.
 *
 * `schemas.table.ts` says what operators can want, `balancers.ts` reads it, `addresses.ts` gives
 * each balancer its virtual addresses, `health.ts` tells which backends serve, `dispatch.ts` says
 * what all of it comes to on this VM, `compile.ts` makes a table of nft of it, `diff.ts` the
 * transaction. What nft cannot do a HAProxy of our own does (`haproxy-*.ts`), to which that table
 * leads.
 */
import { monitorOf, NFT_SIGN } from '../nft/host.ts';
import { plainTextOf } from '../nft/text.ts';
import type { Service, Signs } from '../service.ts';
import { virtualAddresses } from './addresses.ts';
import { compile } from './compile.ts';
import { diff } from './diff.ts';
import { digest } from './digest.ts';
import { CHILD_SIGN, HAPROXY_SIGN } from './haproxy-read.ts';
import { loop } from './loop.ts';
import { openings } from './openings.ts';
import { PLACE, replaceTable } from './own-table.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import type { LbDesired, LbObserved } from './state.ts';
import { lbVerbs } from './verbs/verbs.ts';

/** What is there by now, or no more. */
const signs = (desired: LbDesired, observed: LbObserved): Signs => {
  if (desired === null) return [];
  const { kind, proxy } = observed;
  const isProxied = desired.proxy.balancers.length > 0;
  return [
    // With the tool there is something to do.
    ...(kind === 'no-tool' ? [{ sign: NFT_SIGN, expected: 'missing' }] : []),
    ...(proxy.kind === 'no-tool' ? [{ sign: HAPROXY_SIGN, expected: 'missing' }] : []),
    ...(proxy.kind === 'running' && isProxied ? [{ sign: CHILD_SIGN, expected: 'running' }] : []),
  ];
};

/** The load balancer. */
export const lb: Service<LbDesired, LbObserved> = {
  name: 'lb',
  monitors: () => [monitorOf(PLACE)],
  probes,
  digest,
  read,
  plan,
  diff,
  signs,
  boot: (desired) =>
    desired === null
      ? null
      : plainTextOf(
          replaceTable(compile(desired.own, desired.dispatches, desired.ended), new Map()),
        ),
  openings,
  addresses: virtualAddresses,
  loop,
  summary,
  verbs: lbVerbs,
};

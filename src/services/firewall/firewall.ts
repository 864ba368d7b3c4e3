/**
 * Rule: firewall — the service that lets through what operators allow, in this VM's kernel.
 *
 * `schemas.table.ts` says what operators can want, `policy.ts` reads it, `lane.ts` says what of it
 * counts here, `judge.ts` judges one connection by it, `compile.ts` makes a table of nft of it,
 * `diff.ts` the transaction.
 */
import { monitorOf, NFT_SIGN } from '../nft/host.ts';
import type { Service } from '../service.ts';
import { boot } from './boot.ts';
import { callPorts } from './callers.ts';
import { diff } from './diff.ts';
import { digest } from './digest.ts';
import { PLACE } from './own-table.ts';
import { plan } from './plan.ts';
import { probes } from './probes.ts';
import { read } from './read.ts';
import { summary } from './report.ts';
import type { FirewallDesired, FirewallObserved } from './state.ts';
import { firewallVerbs } from './verbs/verbs.ts';

/** The firewall. */
export const firewall: Service<FirewallDesired, FirewallObserved> = {
  name: 'firewall',
  monitors: () => [monitorOf(PLACE)],
  probes,
  digest,
  read,
  plan,
  diff,
  signs: (desired, observed) =>
    // With the tool there is something to do.
    desired !== null && observed.kind === 'no-tool' && observed.why === undefined
      ? [{ sign: NFT_SIGN, expected: 'missing' }]
      : [],
  boot,
  openings: () => [],
  callPorts,
  summary,
  verbs: firewallVerbs,
};

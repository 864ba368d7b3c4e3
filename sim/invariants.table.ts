/**
 * Rule: invariants — everything that must be true of a run, by name, in the order of asking.
 *
 * The numbers, and who looks:
 * - I1: whoever acts as core is who its own view elects (`invariant-core.ts`).
 * - I2: in a component that has been stable for 20 s exactly one acts (`invariant-stable.ts`; at the
 *   end `invariant-core.ts`).
 * - I3: each component with an eligible member has a core within 30 s (the same two).
 * - I4: at no time does a host hold what follows from no signed data that it has; at the end it is
 *   what its view says (`invariant-hosts.ts`, `invariant-firewall.ts`).
 * - I5: no two members that reach each other keep one address for 30 s (`invariant-stable.ts`).
 * - I6: the place in a chain that was accepted never goes back, across crashes
 *   (`invariant-floors.ts`), nor does the highest term of a time that has come
 *   (`invariant-core.ts`).
 * - I7: without any core no data plane changes: no look here, but the scenario `coreless`
 *   (`scenarios/core.ts`).
 * - I8: no role and no eviction without an operator's signature (`invariant-signatures.ts`).
 * - I9: members that reach each other hold equal views (`invariant-views.ts`), within 30 s
 *   (`lateness.ts`).
 * - I10: nothing that an evicted member ever said is in a view (`invariant-void.ts`).
 * - I12: queues, memory and disk stay under their caps (`invariant-bounds.ts`).
 *
 * I11 was of messages that are delivered exactly once, which the product does not have.
 */
import type { OpenLook } from './invariant.ts';
import { lookAtBackends } from './invariant-backends.ts';
import { lookAtBalancers } from './invariant-balancers.ts';
import { lookAtBounds } from './invariant-bounds.ts';
import { lookAtChains } from './invariant-chains.ts';
import { lookAtActing, lookAtHolder, lookAtTerms } from './invariant-core.ts';
import { lookAtDeleted } from './invariant-deleted.ts';
import { lookAtFirewalls } from './invariant-firewall.ts';
import { lookAtFloors } from './invariant-floors.ts';
import { lookAtHosts } from './invariant-hosts.ts';
import { lookAtJournals } from './invariant-journals.ts';
import { lookAtKinds } from './invariant-kinds.ts';
import { lookAtMesh } from './invariant-mesh.ts';
import { lookAtPromises } from './invariant-promises.ts';
import { lookAtSignatures } from './invariant-signatures.ts';
import { lookAtStable } from './invariant-stable.ts';
import { lookAtStamps } from './invariant-stamps.ts';
import { lookAtTrials } from './invariant-trials.ts';
import { lookAtViews } from './invariant-views.ts';
import { lookAtVoid } from './invariant-void.ts';

/** Name → what it says, and what looks whether it is true. */
export const INVARIANTS: Readonly<Record<string, { about: string; open: OpenLook }>> = {
  'I1 acting': {
    about: 'who acts as core is who its own view elects',
    open: lookAtActing,
  },
  'I2 I3 holder': {
    about: 'a calm mesh has one core, and all know it',
    open: lookAtHolder,
  },
  'I2 I3 I5 stable': {
    about: 'whoever reach each other for a while have one core, and addresses of their own',
    open: lookAtStable,
  },
  'I4 host': {
    about:
      'no host lets in who is not in signed data that it has; a calm one is what the view says',
    open: lookAtHosts,
  },
  'I4 firewall': {
    about: 'no kernel filters by what nobody signed; a calm one filters by what its view says',
    open: lookAtFirewalls,
  },
  trials: {
    about: 'no kernel goes by a trial of the firewall longer than its time, or for a second time',
    open: lookAtTrials,
  },
  balancers: {
    about: 'a calm kernel balances as its view says, over who serves; nobody has its addresses',
    open: lookAtBalancers,
  },
  backends: {
    about: 'no kernel goes without who serves, nor sends to who drains or is dead, for long',
    open: lookAtBackends,
  },
  'I6 floors': {
    about: 'what is accepted of an author never becomes less, whatever crashes',
    open: lookAtFloors,
  },
  'I6 terms': {
    about: 'the highest term of the core role is never forgotten, whatever crashes',
    open: lookAtTerms,
  },
  chains: {
    about: 'what is held of an author is one chain, signed by it, in the form that Yjs may see',
    open: lookAtChains,
  },
  journals: {
    about: 'on a disk that no fault has changed is no journal that does not check',
    open: lookAtJournals,
  },
  stamps: {
    about: 'nothing is held whose stamp was ahead of the clock of who took it',
    open: lookAtStamps,
  },
  'I8 signed': {
    about: 'no role and no eviction without the signature of an operator',
    open: lookAtSignatures,
  },
  'I9 equal': {
    about: 'members that reach each other hold equal views, by digest',
    open: lookAtViews,
  },
  'I10 void': {
    about: 'nothing that an evicted member ever said is in a view',
    open: lookAtVoid,
  },
  'I12 bounds': {
    about: 'queues, memory and disk stay under their caps',
    open: lookAtBounds,
  },
  kinds: {
    about: 'what a later release says is kept, passed on and carried',
    open: lookAtKinds,
  },
  deleted: {
    about: 'what was deleted by who had seen it never returns',
    open: lookAtDeleted,
  },
  promises: {
    about: 'what was acknowledged is never lost',
    open: lookAtPromises,
  },
  mesh: {
    about: 'all that run are ready, reach each other, and have addresses of their own',
    open: lookAtMesh,
  },
};

/** Edge: tests — all tests of the real world, in order: first what people do, then what they fear. */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { FIVE, forksMesh, restoresMember } from './checks/backup.ts';
import { dailyChaos } from './checks/chaos.ts';
import { cloned, forked, journalLost, restored } from './checks/clones.ts';
import { crowdOf, fiveAtOnce } from './checks/crowd.ts';
import { cutJoin } from './checks/cut-join.ts';
import { killAndStart, stopAndStart } from './checks/daemon.ts';
import { diskTroubleHere } from './checks/disk.ts';
import { firewallDenyall, firewallRules, firewallTrials } from './checks/firewall.ts';
import { firewallGuards } from './checks/firewall-guards.ts';
import { firewallGuests } from './checks/firewall-guests.ts';
import { firewallKinds } from './checks/firewall-kinds.ts';
import { firewallLacks } from './checks/firewall-lacks.ts';
import { firewallHolds, firewallWithdrawn } from './checks/firewall-trouble.ts';
import { history } from './checks/history.ts';
import { interleaving } from './checks/interleavings.ts';
import { lb } from './checks/lb.ts';
import { lbDemonstration } from './checks/lb-demonstration.ts';
import { lbVerbs } from './checks/lb-verbs.ts';
import { leavesAfterCrashes, leavesNothing } from './checks/leaving.ts';
import { lies } from './checks/lies.ts';
import { clamped, mtuFollows } from './checks/path.ts';
import { founderCrash, founderPowerCut } from './checks/power.ts';
import { foreignToken, refusedInput, refusedTokens } from './checks/refusals.ts';
import { calm, collisions, fight, repairs } from './checks/repairs.ts';
import { consent, operators } from './checks/roles.ts';
import { rough } from './checks/rough.ts';
import { secrets } from './checks/secrets.ts';
import {
  BOTH_FAMILIES,
  founderBehindNat,
  natInside,
  ONLY_IPV6,
  otherUnderlay,
} from './checks/sites.ts';
import { TWENTY, twentyAtOnce } from './checks/steady-crowd.ts';
import { evicted, strangers } from './checks/strangers.ts';
import { terminal } from './checks/terminal.ts';
import { looseModes, portInUse, unfitHosts } from './checks/unfit-hosts.ts';
import { wire } from './checks/wire.ts';
import { wrongClock } from './checks/wrong-clock.ts';
import type { RealTest } from './real-test.ts';

/** Seeds of `npm run soak -- interleavings` that are run every day. */
const SEEDS = [0, 1, 2, 3, 4];

/**
 * As long as chaos rages every day, and its seed: another each day, the same all day, so that what
 * failed in the morning can be looked for. `npm run chaos` does it for as long as one likes.
 */
const CHAOS_MINUTES = 2;
const CHAOS_SEED = Math.floor(Date.now() / 86_400_000);

/** All of them. The scenarios are those of the simulator. */
export const TESTS: readonly RealTest[] = [
  // The longest first, so that none is left alone in the end.
  dailyChaos(CHAOS_MINUTES, CHAOS_SEED),
  ...Object.entries(SCENARIOS).map(([name, run]) => ({ name, deadlineMs: 240_000, run })),
  { name: 'rough', deadlineMs: 420_000, run: rough },
  { name: 'lies', run: lies },
  { name: 'wrong-clock', deadlineMs: 240_000, run: wrongClock },
  { name: 'founder-power-cut', isAlone: true, run: founderPowerCut },
  { name: 'founder-crash', run: founderCrash },
  { name: 'stop-and-start', run: stopAndStart },
  { name: 'kill-and-start', run: killAndStart },
  { name: 'repairs', deadlineMs: 240_000, run: repairs },
  { name: 'calm', isAlone: true, run: calm },
  { name: 'fight', isAlone: true, deadlineMs: 240_000, run: fight },
  { name: 'collisions', run: collisions },
  { name: 'mtu-follows', run: mtuFollows },
  { name: 'clamped', run: clamped },
  { name: 'operators', run: operators },
  { name: 'history', run: history },
  { name: 'consent', run: consent },
  { name: 'firewall-rules', run: firewallRules },
  { name: 'firewall-denyall', run: firewallDenyall },
  { name: 'firewall-trials', run: firewallTrials },
  { name: 'firewall-withdrawn', run: firewallWithdrawn },
  { name: 'firewall-holds', run: firewallHolds },
  { name: 'firewall-lacks', run: firewallLacks },
  { name: 'firewall-guards', run: firewallGuards },
  { name: 'lb', run: lb },
  { name: 'lb-demonstration', deadlineMs: 360_000, run: lbDemonstration },
  { name: 'lb-verbs', run: lbVerbs },
  { name: 'firewall-kinds', world: { layout: BOTH_FAMILIES }, run: firewallKinds },
  { name: 'firewall-guests', world: { layout: BOTH_FAMILIES }, run: firewallGuests },
  { name: 'leaves-nothing', run: leavesNothing },
  { name: 'disk-full', run: diskTroubleHere('full') },
  { name: 'disk-read-only', run: diskTroubleHere('read-only') },
  { name: 'leaves-after-crashes', run: leavesAfterCrashes },
  { name: 'founder-behind-nat', run: founderBehindNat },
  { name: 'nat-inside', run: natInside },
  { name: 'underlay-of-ipv6', world: { layout: ONLY_IPV6 }, run: otherUnderlay },
  { name: 'underlay-of-both', world: { layout: BOTH_FAMILIES }, run: otherUnderlay },
  { name: 'wire', run: wire },
  { name: 'secrets', run: secrets },
  { name: 'terminal', run: terminal },
  { name: 'cut-join', run: cutJoin },
  { name: 'refused-input', run: refusedInput },
  { name: 'refused-tokens', run: refusedTokens },
  { name: 'foreign-token', run: foreignToken },
  { name: 'unfit-hosts', run: unfitHosts },
  { name: 'port-in-use', run: portInUse },
  { name: 'loose-modes', run: looseModes },
  { name: 'restores-member', world: FIVE, deadlineMs: 300_000, run: restoresMember },
  { name: 'forks-mesh', world: FIVE, run: forksMesh },
  { name: 'strangers', deadlineMs: 360_000, run: strangers },
  { name: 'evicted', run: evicted },
  { name: 'join-at-once', isAlone: true, world: crowdOf(6), run: fiveAtOnce },
  {
    name: 'twenty-at-once',
    isAlone: true,
    world: TWENTY,
    deadlineMs: 300_000,
    run: twentyAtOnce(30_000),
  },
  ...SEEDS.map(interleaving),
  { name: 'cloned', deadlineMs: 240_000, run: cloned },
  { name: 'forked', deadlineMs: 240_000, run: forked },
  { name: 'restored', run: restored },
  { name: 'journal-lost', deadlineMs: 360_000, run: journalLost },
];

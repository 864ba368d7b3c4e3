/**
 * Edge: rare tests — what does not fit into every day and has its like there, or in the simulator:
 * `npm run soak -- rare`, or by name as any other.
 */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { FIVE, forksMesh, restoresMember } from './checks/backup.ts';
import { forked, journalLost, restored } from './checks/clones.ts';
import { crowdOf, fiveAtOnce } from './checks/crowd.ts';
import { cutJoin } from './checks/cut-join.ts';
import { stopAndStart } from './checks/daemon.ts';
import { diskTroubleHere } from './checks/disk.ts';
import { firewallDenyall } from './checks/firewall.ts';
import { firewallGuards } from './checks/firewall-guards.ts';
import { firewallGuests } from './checks/firewall-guests.ts';
import { firewallKinds } from './checks/firewall-kinds.ts';
import { firewallLacks } from './checks/firewall-lacks.ts';
import { firewallHolds, firewallWithdrawn } from './checks/firewall-trouble.ts';
import { history } from './checks/history.ts';
import { lies } from './checks/lies.ts';
import { clamped, mtuFollows } from './checks/path.ts';
import { founderCrash } from './checks/power.ts';
import { refusedTokens } from './checks/refusals.ts';
import { collisions, fight, repairs } from './checks/repairs.ts';
import { BOTH_FAMILIES, natInside, ONLY_IPV6, otherUnderlay } from './checks/sites.ts';
import { TWENTY, twentyAtOnce } from './checks/steady-crowd.ts';
import { looseModes, portInUse, unfitHosts } from './checks/unfit-hosts.ts';
import { wrongClock } from './checks/wrong-clock.ts';
import { type RealTest, scenarioTest } from './real-test.ts';

/** Scenarios that the simulator runs every day, and this world seldom. */
export const RARE_SCENARIOS: readonly string[] = [
  'partition-of-two',
  'all-off-on-of-two',
  'moved',
  'moved-in-turn',
  'all-moved',
  'over-use',
  'naming',
  'logs-of-others',
  'coreless',
  'core-of-two',
  'core-partitioned',
  'evict-of-two',
  'evict-partitioned',
  'evict-partitioned-of-two',
];

/** All of them. */
export const RARE: readonly RealTest[] = [
  ...Object.entries(SCENARIOS)
    .filter(([name]) => RARE_SCENARIOS.includes(name))
    .map(scenarioTest),
  { name: 'founder-crash', run: founderCrash },
  { name: 'stop-and-start', run: stopAndStart },
  { name: 'mtu-follows', run: mtuFollows },
  { name: 'history', run: history },
  { name: 'firewall-withdrawn', run: firewallWithdrawn },
  { name: 'firewall-holds', run: firewallHolds },
  { name: 'firewall-lacks', run: firewallLacks },
  { name: 'firewall-guards', run: firewallGuards },
  { name: 'firewall-kinds', world: { layout: BOTH_FAMILIES }, run: firewallKinds },
  { name: 'disk-read-only', run: diskTroubleHere('read-only') },
  { name: 'nat-inside', run: natInside },
  { name: 'underlay-of-ipv6', world: { layout: ONLY_IPV6 }, run: otherUnderlay },
  { name: 'forks-mesh', world: FIVE, run: forksMesh },
  { name: 'join-at-once', isAlone: true, world: crowdOf(6), run: fiveAtOnce },
  { name: 'forked', deadlineMs: 240_000, run: forked },
  { name: 'restored', run: restored },
  { name: 'lies', run: lies },
  { name: 'fight', isAlone: true, deadlineMs: 240_000, run: fight },
  { name: 'firewall-guests', world: { layout: BOTH_FAMILIES }, run: firewallGuests },
  { name: 'clamped', run: clamped },
  { name: 'collisions', run: collisions },
  { name: 'restores-member', world: FIVE, deadlineMs: 300_000, run: restoresMember },
  { name: 'cut-join', run: cutJoin },
  { name: 'loose-modes', run: looseModes },
  { name: 'port-in-use', run: portInUse },
  { name: 'unfit-hosts', run: unfitHosts },
  { name: 'underlay-of-both', world: { layout: BOTH_FAMILIES }, run: otherUnderlay },
  { name: 'wrong-clock', deadlineMs: 240_000, run: wrongClock },
  { name: 'repairs', deadlineMs: 240_000, run: repairs },
  { name: 'firewall-denyall', run: firewallDenyall },
  {
    name: 'twenty-at-once',
    isAlone: true,
    world: TWENTY,
    deadlineMs: 300_000,
    run: twentyAtOnce(30_000),
  },
  { name: 'journal-lost', deadlineMs: 360_000, run: journalLost },
  { name: 'disk-full', run: diskTroubleHere('full') },
  { name: 'refused-tokens', run: refusedTokens },
];

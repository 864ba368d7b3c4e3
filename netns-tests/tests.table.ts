/**
 * Edge: tests — the tests of the real world that run every day, in order: first what people do, then
 * what they fear. What has its like here, and would not fit, is in `rare.table.ts`.
 */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { FIVE, restoresMember } from './checks/backup.ts';
import { dailyChaos } from './checks/chaos.ts';
import { cloned, journalLost } from './checks/clones.ts';
import { cutJoin } from './checks/cut-join.ts';
import { killAndStart } from './checks/daemon.ts';
import { diskTroubleHere } from './checks/disk.ts';
import { firewallDenyall, firewallRules, firewallTrials } from './checks/firewall.ts';
import { interleaving } from './checks/interleavings.ts';
import { lb } from './checks/lb.ts';
import { lbDemonstration } from './checks/lb-demonstration.ts';
import { lbVerbs } from './checks/lb-verbs.ts';
import { leavesAfterCrashes, leavesNothing } from './checks/leaving.ts';
import { founderPowerCut } from './checks/power.ts';
import { foreignToken, refusedInput, refusedTokens } from './checks/refusals.ts';
import { calm, repairs } from './checks/repairs.ts';
import { consent, operators } from './checks/roles.ts';
import { rough } from './checks/rough.ts';
import { secrets } from './checks/secrets.ts';
import { BOTH_FAMILIES, founderBehindNat, otherUnderlay } from './checks/sites.ts';
import { TWENTY, twentyAtOnce } from './checks/steady-crowd.ts';
import { evicted, strangers } from './checks/strangers.ts';
import { terminal } from './checks/terminal.ts';
import { looseModes, portInUse, unfitHosts } from './checks/unfit-hosts.ts';
import { wire } from './checks/wire.ts';
import { wrongClock } from './checks/wrong-clock.ts';
import { RARE_SCENARIOS } from './rare.table.ts';
import { type RealTest, scenarioTest } from './real-test.ts';

/** Seeds of `npm run soak -- interleavings` that are run every day. */
const SEEDS = [0, 1];

/**
 * As long as chaos rages every day, and its seed: another each day, the same all day, so that what
 * failed in the morning can be looked for. `npm run chaos` does it for as long as one likes.
 */
const CHAOS_MINUTES = 1;
const CHAOS_SEED = Math.floor(Date.now() / 86_400_000);

/** Those of every day. The scenarios are those of the simulator. */
export const DAILY: readonly RealTest[] = [
  // The longest first, so that none is left alone in the end.
  dailyChaos(CHAOS_MINUTES, CHAOS_SEED),
  ...Object.entries(SCENARIOS)
    .filter(([name]) => !RARE_SCENARIOS.includes(name))
    .map(scenarioTest),
  { name: 'rough', deadlineMs: 420_000, run: rough },
  { name: 'wrong-clock', deadlineMs: 240_000, run: wrongClock },
  { name: 'founder-power-cut', isAlone: true, run: founderPowerCut },
  { name: 'kill-and-start', run: killAndStart },
  { name: 'repairs', deadlineMs: 240_000, run: repairs },
  { name: 'calm', isAlone: true, run: calm },
  { name: 'operators', run: operators },
  { name: 'consent', run: consent },
  { name: 'firewall-rules', run: firewallRules },
  { name: 'firewall-denyall', run: firewallDenyall },
  { name: 'firewall-trials', run: firewallTrials },
  { name: 'lb', run: lb },
  { name: 'lb-demonstration', deadlineMs: 360_000, run: lbDemonstration },
  { name: 'lb-verbs', run: lbVerbs },
  { name: 'leaves-nothing', run: leavesNothing },
  { name: 'disk-full', run: diskTroubleHere('full') },
  { name: 'leaves-after-crashes', run: leavesAfterCrashes },
  { name: 'founder-behind-nat', run: founderBehindNat },
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
  { name: 'strangers', deadlineMs: 360_000, run: strangers },
  { name: 'evicted', run: evicted },
  {
    name: 'twenty-at-once',
    isAlone: true,
    world: TWENTY,
    deadlineMs: 300_000,
    run: twentyAtOnce(30_000),
  },
  ...SEEDS.map(interleaving),
  { name: 'cloned', deadlineMs: 240_000, run: cloned },
  { name: 'journal-lost', deadlineMs: 360_000, run: journalLost },
];

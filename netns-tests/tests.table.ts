/**
 * Edge: tests — the tests of the real world that run every day, in order: first what people do, then
 * what they fear. What has its like here, and would not fit, is in `rare.table.ts`.
 */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { dailyChaos } from './checks/chaos.ts';
import { cloned } from './checks/clones.ts';
import { killAndStart } from './checks/daemon.ts';
import { firewallRules, firewallTrials } from './checks/firewall.ts';
import { interleaving } from './checks/interleavings.ts';
import { lb } from './checks/lb.ts';
import { lbDemonstration } from './checks/lb-demonstration.ts';
import { lbVerbs } from './checks/lb-verbs.ts';
import { leavesAfterCrashes, leavesNothing } from './checks/leaving.ts';
import { founderPowerCut } from './checks/power.ts';
import { foreignToken, refusedInput } from './checks/refusals.ts';
import { calm } from './checks/repairs.ts';
import { consent, operators } from './checks/roles.ts';
import { rough } from './checks/rough.ts';
import { secrets } from './checks/secrets.ts';
import { founderBehindNat } from './checks/sites.ts';
import { evicted, strangers } from './checks/strangers.ts';
import { terminal } from './checks/terminal.ts';
import { wire } from './checks/wire.ts';
import { RARE_SCENARIOS } from './rare.table.ts';
import { type RealTest, scenarioTest } from './real-test.ts';

/** Seeds of `npm run soak -- interleavings` that are run every day. */
const SEEDS = [0];

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
  { name: 'refused-input', run: refusedInput },
  ...Object.entries(SCENARIOS)
    .filter(([name]) => !RARE_SCENARIOS.includes(name))
    .map(scenarioTest),
  { name: 'rough', deadlineMs: 420_000, run: rough },
  { name: 'founder-power-cut', isAlone: true, run: founderPowerCut },
  { name: 'kill-and-start', run: killAndStart },
  { name: 'calm', isAlone: true, run: calm },
  { name: 'operators', run: operators },
  { name: 'consent', run: consent },
  { name: 'firewall-rules', run: firewallRules },
  { name: 'firewall-trials', run: firewallTrials },
  { name: 'lb', deadlineMs: 360_000, run: lb },
  { name: 'lb-demonstration', deadlineMs: 360_000, run: lbDemonstration },
  { name: 'lb-verbs', run: lbVerbs },
  { name: 'leaves-nothing', run: leavesNothing },
  { name: 'leaves-after-crashes', run: leavesAfterCrashes },
  { name: 'founder-behind-nat', run: founderBehindNat },
  { name: 'wire', run: wire },
  { name: 'secrets', run: secrets },
  { name: 'terminal', run: terminal },
  { name: 'foreign-token', run: foreignToken },
  { name: 'strangers', deadlineMs: 360_000, run: strangers },
  { name: 'evicted', run: evicted },
  ...SEEDS.map(interleaving),
  { name: 'cloned', deadlineMs: 360_000, run: cloned },
];

/** Edge: tests — all tests of the real world, in order: first what people do, then what they fear. */
import { SCENARIOS } from '../scenarios/all.table.ts';
import { CROWD, joinAtOnce } from './checks/crowd.ts';
import { cutJoin } from './checks/cut-join.ts';
import { killAndStart, stopAndStart } from './checks/daemon.ts';
import { leavesAfterCrashes, leavesNothing } from './checks/leaving.ts';
import { founderCrash, founderPowerCut } from './checks/power.ts';
import { foreignToken, refusedInput, refusedTokens } from './checks/refusals.ts';
import { consent, operators } from './checks/roles.ts';
import { secrets } from './checks/secrets.ts';
import {
  BOTH_FAMILIES,
  founderBehindNat,
  natInside,
  ONLY_IPV6,
  otherUnderlay,
} from './checks/sites.ts';
import { evicted, strangers } from './checks/strangers.ts';
import { terminal } from './checks/terminal.ts';
import { looseModes, portInUse, unfitHosts } from './checks/unfit-hosts.ts';
import { wire } from './checks/wire.ts';
import type { RealTest } from './real-test.ts';

/** All of them. The scenarios are those of the simulator. */
export const TESTS: readonly RealTest[] = [
  ...Object.entries(SCENARIOS).map(([name, run]) => ({ name, run })),
  { name: 'founder-power-cut', run: founderPowerCut },
  { name: 'founder-crash', run: founderCrash },
  { name: 'stop-and-start', run: stopAndStart },
  { name: 'kill-and-start', run: killAndStart },
  { name: 'operators', run: operators },
  { name: 'consent', run: consent },
  { name: 'leaves-nothing', run: leavesNothing },
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
  { name: 'strangers', run: strangers },
  { name: 'evicted', run: evicted },
  { name: 'join-at-once', world: CROWD, run: joinAtOnce },
];

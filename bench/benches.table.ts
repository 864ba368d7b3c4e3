/** The benches by name, in the order in which `npm run bench` runs them. */
import type { Bench } from './bench.ts';
import { benchBinary } from './binary.ts';
import { benchFirewall } from './firewall/firewall.ts';
import { benchIdle } from './idle.ts';
import { benchJoin } from './join.ts';
import { benchDeaths } from './lb/deaths.ts';
import { benchFrontend, benchMany, benchMember, benchSpread } from './lb/lb.ts';
import { benchRoll } from './lb/roll.ts';
import { benchEvicted } from './liveness/evicted.ts';
import { benchHealed } from './liveness/healed.ts';
import { benchHealing } from './liveness/healing.ts';
import { benchLiveness } from './liveness/liveness.ts';
import { benchModelled } from './liveness/modelled.ts';
import {
  benchKeeping,
  benchSimulator,
  benchSpreading,
  benchTaking,
  benchTurns,
} from './state/state.ts';
import { benchVpn } from './vpn.ts';
import {
  benchCatchingUp,
  benchFlooding,
  benchImporting,
  benchImportingTwice,
  benchJoining,
} from './waits/waits.ts';

/** A name is also that of a section in docs/BENCHMARKS.md. */
export const BENCHES: Readonly<Record<string, Bench>> = {
  binary: benchBinary,
  idle: benchIdle,
  join: benchJoin,
  'liveness-deaths': benchLiveness,
  'liveness-evicted': benchEvicted,
  'liveness-healing': benchHealing,
  'liveness-healed': benchHealed,
  'liveness-model': benchModelled,
  vpn: benchVpn,
  'state-taking': benchTaking,
  'state-turns': benchTurns,
  'state-keeping': benchKeeping,
  'state-spreading': benchSpreading,
  'state-simulator': benchSimulator,
  'state-waits-import': benchImporting,
  'state-waits-two': benchImportingTwice,
  'state-waits-crowd': benchCatchingUp,
  'state-waits-flood': benchFlooding,
  'state-waits-joins': benchJoining,
  firewall: benchFirewall,
  'lb-member': benchMember,
  'lb-frontend': benchFrontend,
  'lb-spread': benchSpread,
  'lb-many': benchMany,
  'lb-deaths': benchDeaths,
  'lb-roll': benchRoll,
};

/**
 * Edge: system world — Debian with systemd in qemu, and a second member: join, ping, kill -9,
 * upgrade, what the kernel logs, a boot without its daemon, reboot, power cut with a clock that
 * stood still, wrong clocks, leave.
 */
import { readFileSync } from 'node:fs';
import * as commandLine from '../../netns-tests/command-line.ts';
import { secondsSince } from '../../scripts/steps.ts';
import { boots, powerCut } from './boots.ts';
import { wrongClocks } from './clocks.ts';
import { leaves } from './departure.ts';
import { loadsEarly } from './early.ts';
import { joinUnit, lifeOfDaemon } from './life.ts';
import { logs } from './logs.ts';
import { type Check, expect } from './story.ts';
import { tracesOf } from './unit.ts';
import { openSystemWorld, type SystemWorld } from './world.ts';

/** What came of the checks. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** What a person would look at first. */
const LOOK = [
  'journalctl -b -u cnsmo -n 40 -o short-monotonic --no-pager',
  'systemctl status cnsmo --no-pager -n 0',
  'cnsmo status --timeout 10s',
  'wg; ip -o address; date',
].join('; ');

async function tell(check: Check, world: SystemWorld, isLong: boolean): Promise<void> {
  const { vm1, vm2 } = world;
  await check('Debian boots with systemd, and nothing of it has failed', async () => {
    await vm2.boot();
    expect((await vm2.must('systemctl is-system-running --wait')).trim() === 'running', 'not');
  });
  const bare = await tracesOf(vm2);
  await check('vm1 founds a mesh', () => commandLine.init(vm1));
  const address = await joinUnit(check, world, 'kernel');
  await lifeOfDaemon(check, world, { address, isLong });
  await logs(check, world, address);
  await loadsEarly(check, world);
  await boots(check, world, address);
  if (isLong) await powerCut(check, world, address);
  await wrongClocks(check, world, address);
  await leaves(check, world, bare);
}

/** Runs it to its first failure. `isLong`: with all that takes long and is rarely of use. */
export async function runSystemWorld(binary: string, isLong: boolean): Promise<Count> {
  const count = { passed: 0, failed: 0 };
  const check: Check = async (name, act) => {
    const startMs = performance.now();
    try {
      await act();
      count.passed += 1;
      console.log(`  ok  ${name} (${secondsSince(startMs)})`);
    } catch (error) {
      count.failed += 1;
      console.log(`  FAILED  ${name} (${secondsSince(startMs)})`);
      throw error;
    }
  };
  const startMs = performance.now();
  const world = await openSystemWorld(binary);
  console.log('Debian with systemd by software emulation:');
  try {
    await tell(check, world, isLong);
  } catch (error) {
    count.failed = Math.max(1, count.failed);
    console.log(error instanceof Error ? error.message : error);
    await lookAround(world);
  } finally {
    await world.end();
  }
  console.log(`the machine with systemd ran for ${secondsSince(startMs)}`);
  return count;
}

async function lookAround({ vm1, vm2 }: SystemWorld): Promise<void> {
  const seen = [
    await vm2.run(LOOK).then(({ stdout, stderr }) => `${stdout}${stderr}`, String),
    await commandLine.cnsmo(vm1, ['status']).then(({ stdout }) => `vm1: ${stdout}`, String),
    readFileSync('build/kernel/system-console.log', 'utf8').split('\n').slice(-15).join('\n'),
  ];
  for (const line of seen.join('\n').split('\n')) console.log(`  | ${line}`);
}

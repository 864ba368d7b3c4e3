/**
 * Edge: rough — links and hosts that are bad and not gone: loss, one way only, flapping, pauses, a
 * host that is slow. Nobody is taken for dead who is not, and the core role stays where it is, or
 * is known to all when it moves.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { agreed } from '../../scenarios/core.ts';
import { apart, found, SETTLE_MS, stateOf, together } from '../../scenarios/mesh.ts';
import { expect } from '../../scenarios/world.ts';
import { flapping, lossy, oneWay } from '../impairment.ts';
import { coreMovesIn, deathsIn, type Told, toldDuring } from '../told.ts';
import type { RealWorld } from '../world.ts';

const ALL = ['vm1', 'vm2', 'vm3', 'vm4'];
/** How long links are lossy, and how long they flap. Unit: ms. */
const ROUGH_MS = 20_000;
/** On and off for so long each. Unit: ms. */
const FLAP_MS = 1_000;
/** A pause that is nobody's death, and one that is. Unit: ms. */
const SHORT_MS = 2_000;
const LONG_MS = 25_000;
/** A slow host: it stands still for so long, and runs for so long. Unit: ms. */
const SLOW_MS = 900;
const BRISK_MS = 150;

/**
 * Goal: what is bad and not gone kills nobody. Method: one trouble after the other between vm1, vm2
 * in the east and vm3, vm4 in the west; every death that anybody tells meanwhile counts.
 */
export async function rough(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await agreed(world, ALL);
  await loses(world);
  await flaps(world);
  await stands(world);
  await isSlow(world);
  await passesOneWay(world);
}

function expectCalm(what: string, told: readonly Told[]): void {
  const deaths = deathsIn(told);
  expect(`${what}: nobody is dead, but ${deaths.join(', ')}`, deaths.length === 0);
  const moves = coreMovesIn(told);
  // Its turn may end.
  expect(`${what}: the core stays, and does not move ${moves} times`, moves <= 1);
}

/** Two of ten packets are lost; what is said meanwhile arrives. */
async function loses(world: RealWorld): Promise<void> {
  const told = await toldDuring(world, ALL, async () => {
    const mend = await lossy(world.network, 20);
    await world.timeline.act('20 % are lost', () => sleep(ROUGH_MS));
    await world.label('vm1', 'vm1', ['said=lossy']);
    const isHeard = async (): Promise<boolean> =>
      (await world.members('vm4')).some(({ labels }) => labels.said === 'lossy');
    await world.eventually('the west hears of it', isHeard, SETTLE_MS);
    await mend();
  });
  expectCalm('20 % of loss', told);
}

/** From vm1 nothing reaches vm3: for each other they are degraded, as the others reach both. */
async function passesOneWay(world: RealWorld): Promise<void> {
  const mend = await oneWay(world.network, world.vm('vm1').place, world.vm('vm3').place);
  const told = await toldDuring(world, ALL, async () => {
    for (const [on, of] of [
      ['vm1', 'vm3'],
      ['vm3', 'vm1'],
    ] as const) {
      const isCut = async (): Promise<boolean> => (await stateOf(world, on, of)) === 'degraded';
      await world.eventually(`${on} sees ${of} degraded`, isCut, SETTLE_MS);
    }
    await apart(world, ['vm1'], ['vm3']);
    const isAlive = async (): Promise<boolean> => (await stateOf(world, 'vm2', 'vm3')) === 'alive';
    await world.eventually('others see it alive', isAlive, SETTLE_MS);
    await agreed(world, ALL);
  });
  expectCalm('one way only', told);
  await takesCutOff(world);
  for (const name of ['vm2', 'vm4']) await world.drain(name, false);
  await mend();
  await together(world, ALL);
}

/** Whichever of vm1 and vm3 takes the role cannot say so to the other: that one knows it too. */
async function takesCutOff(world: RealWorld): Promise<void> {
  const reached = ['vm2', 'vm4'];
  const term = async (): Promise<string> => {
    const { core } = await world.status('vm2');
    return `${core?.epoch}.${core?.term}`;
  };
  const before = await term();
  for (const name of reached) await world.drain(name, true);
  // A turn may end at any moment: then one of them has taken it as well.
  const isTaken = async (): Promise<boolean> => {
    const holder = await agreed(world, ALL, reached);
    if ((await term()) !== before) return true;
    await world.stepDown(holder);
    return false;
  };
  await world.eventually('one that is cut off takes the role, and all know', isTaken, SETTLE_MS);
}

/** On and off every second: the hosts change nothing. */
async function flaps(world: RealWorld): Promise<void> {
  const told = await toldDuring(world, ALL, async () => {
    const mend = await flapping(world.network, FLAP_MS);
    await world.timeline.act('links flap', () => sleep(ROUGH_MS));
    await mend();
  });
  expectCalm('flapping', told);
  const drift = told.filter(({ kind }) => kind === 'drift').map(({ text }) => text);
  expect(`no host is changed by flapping, but ${drift}`, drift.length === 0);
  await together(world, ALL);
}

/** SIGSTOP: a short one is nobody's death; after a long one it is back, and doubted nobody. */
async function stands(world: RealWorld): Promise<void> {
  expectCalm('a short pause', await toldDuring(world, ALL, () => pause(world, 'vm2', SHORT_MS)));
  await standsLong(world, LONG_MS);
}

async function standsLong(world: RealWorld, durationMs: number): Promise<void> {
  const told = await toldDuring(world, ALL, async () => {
    await pause(world, 'vm4', durationMs);
    await together(world, ALL);
  });
  const deaths = deathsIn(told);
  expect(
    `a pause of ${durationMs} ms is the death of vm4 and of nobody else: ${deaths}`,
    deaths.length > 0 && deaths.every((line) => line.endsWith('saw vm4 dead')),
  );
}

/**
 * Goal: pauses of a second to a minute harm nobody else. Method: vm2 stands still for 1 and 2 s,
 * which is no death; vm4 for 15, 25 and 60 s, which is one, and is back each time.
 */
export async function pauses(world: RealWorld): Promise<void> {
  await found(world, ALL);
  await agreed(world, ALL);
  for (const ms of PAUSES_MS.short) {
    expectCalm(`${ms} ms`, await toldDuring(world, ALL, () => pause(world, 'vm2', ms)));
  }
  for (const ms of PAUSES_MS.long) await standsLong(world, ms);
}
const PAUSES_MS = { short: [1_000, SHORT_MS], long: [15_000, LONG_MS, 60_000] } as const;

const pause = (world: RealWorld, name: string, durationMs: number): Promise<void> =>
  world.timeline.act(`${name} stands still for ${durationMs} ms`, async () => {
    const pid = world.vm(name).daemonPid();
    process.kill(pid, 'SIGSTOP');
    await sleep(durationMs);
    process.kill(pid, 'SIGCONT');
  });

/** It answers, and late: degraded, not dead; and alive when it is quick again. */
async function isSlow(world: RealWorld): Promise<void> {
  const others = ['vm1', 'vm2', 'vm3'];
  const told = await toldDuring(world, others, async () => {
    const pid = world.vm('vm4').daemonPid();
    let isOver = false;
    const limping = (async () => {
      while (!isOver) {
        process.kill(pid, 'SIGSTOP');
        await sleep(SLOW_MS);
        process.kill(pid, 'SIGCONT');
        await sleep(BRISK_MS);
      }
    })();
    const isSeen = async (): Promise<boolean> => {
      for (const name of others) {
        if ((await stateOf(world, name, 'vm4')) === 'degraded') return true;
      }
      return false;
    };
    await world.eventually('a slow member is degraded', isSeen, SETTLE_MS).finally(() => {
      isOver = true;
    });
    await limping;
  });
  const deaths = deathsIn(told);
  expect(`a slow member is dead to nobody, but ${deaths}`, deaths.length === 0);
  await together(world, ALL);
}

/**
 * Edge: loss hour — twenty daemons, of whose packets a share is lost for an hour: nobody is taken
 * for dead who is not, the core role goes round, and who dies is seen to die.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { agreed } from '../../scenarios/core.ts';
import { expect } from '../../scenarios/world.ts';
import { obey } from '../command-line.ts';
import { lossyEverywhere } from '../impairment.ts';
import { askEvents } from '../outside-api.ts';
import { cpuMsOf, waitedMsOf } from '../processes.ts';
import { deathsIn, type Told, toldDuring } from '../told.ts';
import { turnsIn } from '../turns.ts';
import type { RealWorld } from '../world.ts';
import { allTogether, joinAtOnce, namesOf } from './crowd.ts';

const CROWD = 20;
/** Of all packets. Unit: percent. */
const LOSS = 5;
/** A turn of the core role: in an hour each of twenty has three. Unit: ms. */
const TURN_MS = 60_000;
/** Time between two looks at what the daemons get of the CPUs. */
const LOOK_MS = 10_000;
/** Who waits for a CPU for longer than this in one such time is told. Unit: ms. */
const STARVED_MS = 2_000;
/** Longest wait until all have seen a death, under loss. Unit: ms. */
const DEATH_MS = 30_000;

/**
 * Goal: in an hour at 5 % of loss, nobody is taken for dead, each has the core role exactly in its
 * turn, and a real death is seen by all. Method: twenty daemons, all events of all; then one daemon
 * is killed, and one VM loses its power, under the same loss.
 */
export const lossHour =
  (durationMs: number) =>
  async (world: RealWorld): Promise<void> => {
    const names = namesOf(CROWD);
    await joinAtOnce(world, names);
    await allTogether(world, names);
    await obey(world.vm('vm1'), ['core', '--epoch', `${TURN_MS / 1_000}s`]);
    await agreed(world, names);
    const loss = await lossyEverywhere(world.network, LOSS);
    await sleep(TURN_MS); // The ring of the new turns is everybody's.
    const told = await toldDuring(world, names, () => passes(world, names, durationMs));
    const { all, lost } = await loss.counts();
    world.timeline.note(`${lost} of ${all} packets were lost`);
    expect(`${LOSS} % were lost: ${lost} of ${all}`, Math.abs(lost / all - LOSS / 100) < 0.005);
    tell(world, told);
    const deaths = deathsIn(told);
    expect(`nobody is dead, but ${deaths.join(', ')}`, deaths.length === 0);
    const { holders, faults } = turnsIn(told, CROWD);
    world.timeline.note(`${holders.length} turns: ${holders.join(' ')}`);
    expect(`each has its turn, but ${faults.join('; ')}`, faults.length === 0);
    const due = Math.floor(durationMs / TURN_MS);
    expect(`${due} turns, not ${holders.length}`, Math.abs(holders.length - due) <= 1);
    const survivors = names.filter((name) => name !== 'vm7' && name !== 'vm12');
    await isSeen(world, survivors, 'vm7', async () => void world.vm('vm7').killDaemon());
    await isSeen(world, survivors, 'vm12', () => world.powerCut('vm12'));
    await loss.mend();
  };

/** The time passes; who had to wait long for a CPU stands in the timeline. */
async function passes(
  world: RealWorld,
  names: readonly string[],
  durationMs: number,
): Promise<void> {
  const pids = names.map((name) => world.vm(name).daemonPid());
  const waits = (): number[] => pids.map(waitedMsOf);
  const used = (): number => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  const [startMs, usedMs] = [performance.now(), used()];
  for (let before = waits(); performance.now() < startMs + durationMs; ) {
    await sleep(LOOK_MS);
    const after = waits();
    const starved = names.flatMap((name, index) => {
      const waitedMs = (after[index] ?? 0) - (before[index] ?? 0);
      return waitedMs > STARVED_MS ? [`${name} ${Math.round(waitedMs)} ms`] : [];
    });
    if (starved.length > 0) world.timeline.note(`waited for a CPU: ${starved.join(', ')}`);
    before = after;
  }
  const share = (used() - usedMs) / (performance.now() - startMs) / names.length;
  world.timeline.note(`CPU of a daemon: ${(100 * share).toFixed(2)} % of a core on average`);
}

/** What was told, counted; whatever is neither doubt nor turn, line by line. */
function tell(world: RealWorld, told: readonly Told[]): void {
  const counted = Map.groupBy(told, ({ kind, text, cause }) =>
    kind === 'core' ? `core, ${cause}` : `${kind} ${text}`,
  );
  for (const [what, events] of counted) {
    const pairs = new Set(events.map(({ on, member }) => `${on} of ${member}`)).size;
    world.timeline.note(`${events.length} times told: ${what} (${pairs} pairs)`);
    if (events.length > CROWD) continue;
    for (const { time, on, member, cause } of events) {
      world.timeline.note(`  ${time} on ${on}: ${member}, ${cause}`);
    }
  }
}

/** The twin: a death that is one is seen by all who are left. */
async function isSeen(
  world: RealWorld,
  others: readonly string[],
  victim: string,
  end: () => Promise<void>,
): Promise<void> {
  const cursors = new Map<string, string>();
  for (const name of others) cursors.set(name, (await askEvents(world.vm(name), null)).cursor);
  await world.timeline.act(`${victim} ends`, end);
  const isDead = async (): Promise<boolean> => {
    for (const [name, cursor] of cursors) {
      const { events } = await askEvents(world.vm(name), cursor);
      const dead = events.filter(({ kind, text }) => kind === 'state' && text === 'is dead');
      if (!dead.some(({ member }) => member === victim)) throw new Error(`not on ${name}`);
    }
    return true;
  };
  await world.eventually(`all others saw the death of ${victim}`, isDead, DEATH_MS);
}

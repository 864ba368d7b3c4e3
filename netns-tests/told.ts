/**
 * Edge: told — what daemons tell of each other while something happens: every transition, also one
 * that is over before anybody could look.
 */
import { askEvents, type EventRow } from './outside-api.ts';
import type { RealWorld } from './world.ts';

/** An event, and who saw it. */
export interface Told extends EventRow {
  readonly on: string;
}

/** Everything that these VMs told while `work` ran. */
export async function toldDuring(
  world: RealWorld,
  names: readonly string[],
  work: () => Promise<void>,
): Promise<readonly Told[]> {
  const cursors = new Map<string, string>();
  for (const name of names) cursors.set(name, (await askEvents(world.vm(name), null)).cursor);
  await work();
  const told: Told[] = [];
  for (const [name, cursor] of cursors) {
    const { events } = await askEvents(world.vm(name), cursor);
    told.push(...events.map((event) => ({ ...event, on: name })));
  }
  return told;
}

/** Deaths that were told, in words. */
export const deathsIn = (told: readonly Told[]): readonly string[] =>
  told
    .filter(({ kind, text }) => kind === 'state' && text === 'is dead')
    .map(({ on, member }) => `${on} saw ${member} dead`);

/** How often each VM saw the core role move: the most of any. */
export const coreMovesIn = (told: readonly Told[]): number =>
  Math.max(
    0,
    ...[...Map.groupBy(told, ({ on }) => on).values()].map(
      (events) => events.filter(({ kind }) => kind === 'core').length,
    ),
  );

/**
 * Edge: long — what takes too long for every day: `npm run sim -- --scenario NAME --minutes 0`.
 */
import type { World } from '../scenarios/world.ts';
import { apartFor } from './apart.ts';
import type { Room } from './room.ts';

const DAY_MS = 86_400_000;

/** One of them, and how long it lasts, virtual ms. */
export interface Long {
  readonly durationMs: number;
  readonly run: (world: World, room: Room) => Promise<void>;
}

const apartForDays = (days: number): Long => ({
  durationMs: days * DAY_MS,
  run: apartFor(days * DAY_MS),
});

/** Name → what happens. */
export const LONG: Readonly<Record<string, Long>> = {
  'day-apart': apartForDays(1),
  'week-apart': apartForDays(7),
};

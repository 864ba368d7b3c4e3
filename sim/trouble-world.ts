/**
 * Edge: trouble world — the vocabulary of scenarios about disks that fail and clocks that are
 * wrong, in virtual time.
 */
import type { ClockWorld } from '../scenarios/clock.ts';
import type { DiskWorld } from '../scenarios/disk-trouble.ts';
import type { Room } from './room.ts';
import { machineOf, openWorld } from './world.ts';

/** The world of a room, with what can be done to its disks and clocks. */
export const openTroubleWorld = (room: Room, name: string): DiskWorld & ClockWorld => ({
  ...openWorld(room, name),
  setDisk: async (vm, state) => {
    machineOf(room, vm).platter.trouble = state === 'good' ? null : state;
  },
  setClock: async (vm, offMs) => {
    machineOf(room, vm).skewMs = offMs;
  },
});

/**
 * Edge: trouble world — the vocabulary of scenarios about disks that fail, in virtual time.
 */
import type { DiskWorld } from '../scenarios/disk-trouble.ts';
import type { Room } from './room.ts';
import { machineOf, openWorld } from './world.ts';

/** The world of a room, with what can be done to its disks. */
export const openTroubleWorld = (room: Room, name: string): DiskWorld => ({
  ...openWorld(room, name),
  setDisk: async (vm, state) => {
    machineOf(room, vm).platter.trouble = state === 'good' ? null : state;
  },
});

/**
 * Rule: all — every scenario by name, in the order in which a world runs them.
 */
import { allOffOn, allOffOnOfTwo } from './all-off-on.ts';
import { coreless, coreMoves, coreOfTwo, corePartitioned } from './core.ts';
import { evict, evictOfTwo, evictPartitioned, evictPartitionedOfTwo } from './evict.ts';
import { founderGone } from './founder-gone.ts';
import { join, leave } from './join.ts';
import { logsOfOthers } from './logs-of-others.ts';
import { daemonLost, memberLost } from './member-lost.ts';
import { allMoved, moved, movedInTurn } from './moved.ts';
import { naming } from './naming.ts';
import { overUse } from './over-use.ts';
import { partition, partitionOfTwo } from './partition.ts';
import type { Scenario } from './world.ts';

/** Name → scenario. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  join,
  leave,
  'member-lost': memberLost,
  'daemon-lost': daemonLost,
  partition,
  'partition-of-two': partitionOfTwo,
  'all-off-on': allOffOn,
  'all-off-on-of-two': allOffOnOfTwo,
  moved,
  'moved-in-turn': movedInTurn,
  'all-moved': allMoved,
  'founder-gone': founderGone,
  'over-use': overUse,
  naming,
  core: coreMoves,
  'core-partitioned': corePartitioned,
  'core-of-two': coreOfTwo,
  coreless,
  'logs-of-others': logsOfOthers,
  evict,
  'evict-partitioned': evictPartitioned,
  'evict-of-two': evictOfTwo,
  'evict-partitioned-of-two': evictPartitionedOfTwo,
};

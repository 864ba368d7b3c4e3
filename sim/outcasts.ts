/**
 * Edge: outcasts — who is out of the mesh when the storm is over, and whether it should be.
 *
 * 1. A VM is taken away only when its own status says so: who is out and is not told waits for
 *    ever, and fails the run.
 * 2. And only when the storm had it evicted, or all who ever let it in and nobody knew of it, or
 *    when it left: whom the mesh forgot fails the run, whatever it says itself.
 */
import type { StatusReport } from '../scenarios/world.ts';
import type { MemberId } from '../src/crdt/ids.ts';
import { trustPath } from '../src/crdt/paths.ts';
import { throwAway } from './acts-disk.ts';
import { readEvidence, type Said } from './evidence.ts';
import { call, type Machine } from './machine.ts';
import type { Storm } from './storm.ts';

/**
 * Has those leave that are out. `isStorm`: whether all evictions so far were the storm's; what a
 * scenario did before is not known here.
 */
export async function clearOutcasts(storm: Storm, isStorm: boolean): Promise<void> {
  const { room, promised } = storm;
  for (const machine of room.machines.values()) {
    const { node } = machine;
    if (node === null || !(await isOut(storm, machine, node.self))) continue;
    if (isStorm && !promised.leavers.has(node.self) && !isVoid(storm, node.self, new Set())) {
      throw new Error(`${machine.name} is cut off, and nobody evicted it or who let it in`);
    }
    promised.leavers.add(node.self);
    await storm.world.leave(machine.name).catch(() => throwAway(storm, machine, node.self));
  }
}

const OUT_WORDS = /evicted/;

async function isOut({ room }: Storm, machine: Machine, id: MemberId): Promise<boolean> {
  const operators = [...room.machines.values()].flatMap(({ node }) => {
    const members = node?.replica.view().members ?? [];
    return members.some((one) => one.id === node?.self && one.role === 'operator') ? [members] : [];
  });
  const isGone = operators.some((members) => members.every((one) => one.id !== id || one.hasLeft));
  if (!isGone) return false;
  const status = await call(room, machine, { path: '/v1/status' }).catch(() => null);
  return (status as StatusReport | null)?.alarms.some((line) => OUT_WORDS.test(line)) === true;
}

/** Whether the storm had it evicted, or all who let it in unseen. `asked`: who is looked at. */
function isVoid(storm: Storm, id: MemberId, asked: Set<MemberId>): boolean {
  if (storm.promised.evicted.has(id)) return true;
  if (asked.has(id) || storm.promised.kept.has(id)) return false;
  asked.add(id);
  const sponsors = sponsorsOf(storm, id);
  return sponsors.size > 0 && [...sponsors].every((sponsor) => isVoid(storm, sponsor, asked));
}

/** Who let a member in, or adopted it, by all that any VM ever held. */
function sponsorsOf({ room }: Storm, id: MemberId): ReadonlySet<MemberId> {
  const paths = new Set<string>([trustPath('admission', id), trustPath('adopt', id)]);
  const isOf = ({ path, value }: Said): boolean => value !== null && paths.has(path);
  const frames = [...room.machines.values()].flatMap(({ archive }) => archive);
  const evidence = frames.flatMap((bytes) => readEvidence(room.crypto, bytes) ?? []);
  return new Set(evidence.filter(({ said }) => said.some(isOf)).map(({ author }) => author));
}

/**
 * Edge: eviction — an operator of the storm throws a member out.
 */
import type { MemberId } from '../src/crdt/ids.ts';
import { Fault } from '../src/fault.ts';
import { call, type Machine } from './machine.ts';
import { isExpected, type Storm, selfOf } from './storm.ts';

/** Whom. */
export interface Victim {
  readonly machine: Machine;
  readonly id: string;
}

/** Any VM that runs, has the role, and may decide. */
export async function anyOperator({ room, doomed, tampered }: Storm): Promise<Machine | null> {
  for (const machine of room.machines.values()) {
    const { daemon, name } = machine;
    if (daemon === null || daemon.isPaused() || doomed.has(name) || tampered.has(name)) continue;
    const self = await selfOf(room, machine);
    if (self?.role === 'operator') return machine;
  }
  return null;
}

/** It does, or loses its power meanwhile. Fails the run when a node cannot be thrown out. */
export async function evictBy(
  { room, promised, doomed }: Storm,
  operator: Machine,
  { machine, id, isCascade }: Victim & { readonly isCascade: boolean },
): Promise<void> {
  doomed.add(machine.name);
  promised.leavers.add(id);
  promised.evicted.add(id as MemberId);
  room.trace.note(room.scheduler.nowMs(), operator.name, `evicts ${machine.name}`);
  if (isCascade) promised.kept.clear();
  for (const known of isCascade ? [] : (operator.node?.replica.view().members ?? [])) {
    if (known.id !== id && !known.hasLeft) promised.kept.add(known.id);
  }
  const body = { member: id, reason: 'the storm', sure: true, cascade: isCascade };
  const request = { method: 'POST', path: '/v1/evictions', body } as const;
  await call(room, operator, request).catch((error: unknown) => {
    const isVain = error instanceof Fault && error.message.includes('no effect');
    if (isVain || !isExpected(error)) throw new Error(`${operator.name} evicts in vain: ${error}`);
  });
}

/**
 * Edge: whole — lets all VMs that are in no mesh join before the storm, for those who measure what
 * a mesh of so many members costs.
 */
import { holdsMember, type Storm } from './storm.ts';

/** All that can join do, one after the other, by tokens of an operator. */
export async function gather({ room, world, promised }: Storm): Promise<void> {
  const operator = [...room.machines.values()].find(({ node }) =>
    node?.replica.view().operators.some(({ member }) => member === node.self),
  );
  if (operator === undefined) return;
  for (const machine of room.machines.values()) {
    if (holdsMember(machine) || machine.lives.size > 0 || !machine.kernel.station.isOn) continue;
    await world.join(machine.name, await world.invite(operator.name));
    promised.members.set((await world.status(machine.name)).self.id, machine.name);
  }
}

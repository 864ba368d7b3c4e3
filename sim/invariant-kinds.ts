/**
 * Rule: kinds — what a later release says is kept, passed on and carried into new generations, also
 * by VMs that know nothing of it, and by its author when that is set back.
 */
import type { Look, Scene } from './invariant.ts';
import { machinesOf } from './invariant.ts';
import { LATER_PATH } from './releases.table.ts';

/** Looks at what a later release said. */
export const lookAtKinds = (scene: Scene): Look => {
  const { room, promised } = scene.storm;
  return {
    always: () => {
      for (const { node, edition } of machinesOf(scene)) {
        if (node === null || edition !== room.editions.next) continue;
        const isSaid = node.replica.valueOf(node.self, LATER_PATH) !== null;
        if (isSaid) promised.ahead.add(node.self);
      }
      return [];
    },
    whole: (members) =>
      members.flatMap(({ name, node }) =>
        [...promised.ahead]
          .filter((id) => !promised.leavers.has(id) && !promised.evicted.has(id))
          .filter((id) => node?.replica.valueOf(id, LATER_PATH) === null)
          .map((id) => `${name} lost what ${id} said at ${LATER_PATH}`),
      ),
  };
};

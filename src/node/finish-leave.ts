/**
 * Loop: finish leave — ends a leave that was cut: by a crash, a power cut or a host that would not
 * be undone.
 *
 * 1. Where the state is whole the member says once more that it leaves: who did not hear of it
 *    would see a dead member for ever.
 * 2. Where it is not, what is left is undone and deleted, and nobody is told.
 */
import { Fault } from '../fault.ts';
import type { Ports } from '../ports.ts';
import { eraseState } from './leave.ts';
import { type RunningNode, startNode } from './node.ts';
import type { Build } from './parts.ts';
import type { Told } from './rules/answers.ts';

/** Finishes it. Who was told; null when nobody could be. Fault 'unfinished' as of a leave. */
export async function finishLeave(ports: Ports, build: Build): Promise<Told | null> {
  const node = await startedNode(ports, build);
  if (node === null) {
    await eraseState(ports);
    return null;
  }
  const [told] = await Promise.all([node.leave(), node.done]); // What fails, both say.
  return told;
}

async function startedNode(ports: Ports, build: Build): Promise<RunningNode | null> {
  try {
    return await startNode(ports, build);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    ports.log.info('leave-tells-nobody', { why: error.message });
    return null;
  }
}

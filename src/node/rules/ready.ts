/**
 * Rule: ready — whether this VM does its whole part in the mesh.
 *
 * In step with every member that it is connected with, but for those that kept it waiting for too
 * long (`in-step.ts`); every enabled agent ready. Alone: after 10 s, with the state from disk.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { AgentReport } from '../../services/service.ts';
import type { LinkState } from './answers.ts';

/** How long a member that answers nobody waits for others. Unit: ms. A dial takes 6 s at most. */
const ALONE_MS = 10_000;

export interface ReadySigns {
  readonly self: MemberId;
  readonly uptimeMs: number;
  readonly link: (member: MemberId) => LinkState;
  readonly isConnected: (member: MemberId) => boolean;
  readonly isInStep: (member: MemberId) => boolean;
  readonly isOverdue: (member: MemberId) => boolean;
  readonly reports: readonly AgentReport[];
}

/** Whether this VM is ready. */
export function isReady(view: View, signs: ReadySigns): boolean {
  if (!view.members.some(({ id }) => id === signs.self)) return false;
  const others = view.members.filter(({ id, hasLeft }) => id !== signs.self && !hasLeft);
  const alive = others.filter(({ id }) => signs.link(id) === 'alive');
  const undecided = others.filter(({ id }) => signs.link(id) === 'suspect');
  const isSettled =
    others.length === 0 ||
    (alive.length > 0 && undecided.length === 0) ||
    signs.uptimeMs >= ALONE_MS;
  const isAwaited = (id: MemberId): boolean =>
    signs.isConnected(id) && !signs.isInStep(id) && !signs.isOverdue(id);
  const areInStep = !alive.some(({ id }) => isAwaited(id));
  return isSettled && areInStep && signs.reports.every(({ state }) => state === 'ready');
}

/**
 * Loop: removal — takes the role back from an operator, and shows what becomes of its word.
 */
import { adoptedOf, hangingOn } from '../crdt/adoption.ts';
import type { MemberId } from '../crdt/ids.ts';
import { trustPath } from '../crdt/paths.ts';
import { Fault } from '../fault.ts';
import { mustBeOperator, type OperatorContext, type OperatorPorts, spread } from './operators.ts';
import { type ListedHanging, listHanging } from './rules/audit-answer.ts';
import { findAnybody } from './rules/find.ts';

/** What an operator's removal does, or would do; nothing hangs on who is none. */
export interface Removal {
  readonly id: MemberId;
  readonly name: string;
  readonly statements: readonly ListedHanging[];
}

/** What becomes of each statement of an operator if it loses the role. Changes nothing. */
export function showRemoval(
  { clock }: Pick<OperatorPorts, 'clock'>,
  { replica }: Pick<OperatorContext, 'replica'>,
  text: string,
): Removal {
  const { id, name } = findAnybody(replica.view(), text);
  return { id, name, statements: listHanging(hangingOn(replica, id, clock.wallMs())) };
}

/** Takes the role back from another member; what it said and stays is said again, in one frame. */
export async function removeOperator(
  { clock }: Pick<OperatorPorts, 'clock'>,
  context: OperatorContext,
  text: string,
): Promise<Removal> {
  const { replica, self } = context;
  const view = replica.view();
  mustBeOperator(view, self, 'take the role back');
  const { id, name, role } = findAnybody(view, text);
  if (role !== 'operator') return { id, name, statements: [] };
  if (id === self) throw cannotRemove(name);
  const hanging = hangingOn(replica, id, clock.wallMs());
  const adopted = adoptedOf(hanging).map(({ path, value }) => ({ path, value }));
  await replica.write([...adopted, { path: trustPath('role', id), value: null }]);
  await spread(context);
  return { id, name, statements: listHanging(hanging) };
}

const cannotRemove = (name: string): Fault =>
  new Fault('refused', {
    field: 'member',
    value: name,
    why: 'an operator cannot remove itself: what it signed would be void',
    remedy: 'run it on another operator, which adopts what should stay',
  });

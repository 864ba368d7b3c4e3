/**
 * Loop: evict — throws a member out for good, whether or not it can be reached.
 *
 * 1. The eviction and what is adopted stand in one frame: no moment in between, in which who hangs
 *    on the victim would be out.
 * 2. Nobody is evicted but by an operator's word; a dead member never is by itself.
 */
import { type Evicting, evicting } from '../crdt/evicting.ts';
import type { Member, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import { othersIn, tell } from './leave.ts';
import { mustBeOperator, type OperatorContext } from './operators.ts';
import type { Eviction, Told } from './rules/answers.ts';
import { describeEviction } from './rules/eviction.ts';
import { findAnybody } from './rules/find.ts';

/** Who is to be evicted, and how. */
export interface EvictWish {
  /** Name, id or the beginning of one. */
  readonly member: string;
  readonly reason: string;
  /** Whom it admitted goes too. */
  readonly isCascade: boolean;
  /** Somebody has read the warnings. */
  readonly isSure: boolean;
}

/** What was done, and how many of the members that stay know of it. */
export type Evicted = Eviction & Told;

/** What would come of it; changes nothing. Faults as `evict`, but none for warnings. */
export function foreseeEviction(
  { clock }: { readonly clock: Clock },
  context: OperatorContext,
  wish: Pick<EvictWish, 'member' | 'isCascade'>,
): Eviction {
  return weigh(clock, context, { ...wish, reason: '' }).eviction;
}

/**
 * Evicts a member. Fault 'forbidden' for who is no operator; Fault 'refused' when there is no such
 * member, when it would have no effect, and where it needs a yes.
 */
export async function evict(
  { clock }: { readonly clock: Clock },
  context: OperatorContext,
  wish: EvictWish,
): Promise<Evicted> {
  const { said, eviction } = weigh(clock, context, wish);
  const [warning] = eviction.warnings;
  if (warning !== undefined && !wish.isSure) {
    throw refuse(eviction.member, warning, 'run it again with --yes to do it all the same');
  }
  await context.replica.write(said.edits);
  const { self, replica, connected, meet } = context;
  const others = () => othersIn(replica.view(), self);
  const audience = { connected, others, meet };
  return { ...eviction, ...(await tell({ clock }, context.sync, audience, async () => false)) };
}

function weigh(
  clock: Clock,
  { self, replica }: OperatorContext,
  { member: text, reason, isCascade }: Pick<EvictWish, 'member' | 'reason' | 'isCascade'>,
) {
  const view = replica.view();
  mustBeOperator(view, self, 'evict members');
  const member = findAnybody(view, text);
  const wallMs = clock.wallMs();
  const wish = { evictor: self, victim: member.id, reason, isCascade, wallMs };
  const said = evicting(replica, wish);
  mustHaveEffect(member, said, view);
  const eviction = describeEviction(view, said, { member, self, wallMs });
  return { said, eviction };
}

/** A word that would count for nothing is not spoken. */
function mustHaveEffect({ id, name }: Member, { after }: Evicting, { operators }: View): void {
  if (!after.members.some((one) => one.id === id)) return;
  const senior = operators.find(({ member }) => member !== id);
  const by = senior === undefined ? 'another operator' : `operator ${senior.member}`;
  throw refuse(name, 'its eviction by this member would have no effect', `run it on ${by}`);
}

const refuse = (value: string, why: string, remedy: string): Fault =>
  new Fault('refused', { field: 'member', value, why, remedy });

/**
 * Loop: decisions — what is decided by the view is written while the view is still that.
 *
 * 1. Of all who change something here one decides and writes at a time: two changes that are each
 *    fine may not be so together, and of two who change parts of one object none is lost.
 * 2. What is decided in pieces is decided again where the view changed meanwhile by what others
 *    said; after a few turns in one piece. Who asks but changes nothing waits for nobody.
 */
import { finish, type Meter, openMeter, UNMETERED } from '../crdt/meter.ts';
import { isSameData } from '../crdt/same-data.ts';
import type { View } from '../crdt/view.ts';
import type { Clock } from '../ports.ts';
import type { Decision } from '../services/verb.ts';
import { type OperatorContext, spread } from './operators.ts';
import { inPieces } from './pieces.ts';
import type { Sequence } from './sequence.ts';

/** What deciding needs of the node. */
export interface DecidingContext extends OperatorContext {
  readonly ports: { readonly clock: Pick<Clock, 'sleep'> };
  /** One after the other of what changes the view here. */
  readonly inOrder: Sequence;
}

/** How often a decision is made in pieces before it is made in one. */
const TURNS_MAX = 3;

/** What comes of `work` on a view that is still that, as far as intent and members go. */
export async function decideStill<Body>(
  { ports, replica }: Pick<DecidingContext, 'ports' | 'replica'>,
  work: (view: View, meter: Meter) => Generator<void, Decision<Body>>,
): Promise<Decision<Body>> {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const view = replica.view();
    const decision = await inPieces(ports.clock, work(view, openMeter()));
    if (isStill(view, replica.view())) return decision;
  }
  return finish(work(replica.view(), UNMETERED));
}

const isStill = (before: View, now: View): boolean =>
  before.intent === now.intent && isSameData(before.members, now.members);

/** Decides and writes, then tells others. Resolves to the answer. */
export async function carryOut<Body>(
  context: DecidingContext,
  decide: () => Promise<Decision<Body>>,
): Promise<Body> {
  const { edits, body } = await context.inOrder('view', async () => {
    const decision = await decide();
    if (decision.edits.length > 0) await context.replica.write(decision.edits);
    return decision;
  });
  if (edits.length > 0) await spread(context);
  return body;
}

/**
 * Loop: decisions — what is decided by the view is written while the view is still that.
 *
 * 1. Of all who change something here one decides and writes at a time: two changes that are each
 *    fine may not be so together, and of two who change parts of one object none is lost.
 * 2. What is decided in pieces is decided again where the view changed meanwhile by what others
 *    said. Where that never ends, it is enough after a few turns that nobody changed what is about
 *    to be: the rest might as well have been said by somebody who had not heard of it yet, as
 *    always between two members. Who asks but changes nothing waits for nobody.
 */
import type { Edit } from '../crdt/entry.ts';
import { compareHlc } from '../crdt/hlc.ts';
import { type Meter, openMeter } from '../crdt/meter.ts';
import { isIntentPath } from '../crdt/paths.ts';
import { isSameData } from '../crdt/same-data.ts';
import type { Intent, View } from '../crdt/view.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import type { Decision } from '../services/verb.ts';
import { type OperatorContext, spread } from './operators.ts';
import { inPieces } from './pieces.ts';
import type { Sequence } from './sequence.ts';

/** What deciding needs of the node. */
export interface DecidingContext extends OperatorContext {
  readonly ports: { readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'> };
  /** One after the other of what changes the view here. */
  readonly inOrder: Sequence;
}

/** How often a decision is made anew for whatever others say. */
const TURNS_MAX = 3;
/** …and until one fails for which somebody changed the very same each time. */
const TRIES_MAX = 20;

/** What comes of `work` on a view that is still that, as far as intent and members go. */
export async function decideStill<Body>(
  { ports, replica }: Pick<DecidingContext, 'ports' | 'replica'>,
  work: (view: View, meter: Meter) => Generator<void, Decision<Body>>,
): Promise<Decision<Body>> {
  const { clock } = ports;
  for (let turn = 1; turn <= TRIES_MAX; turn += 1) {
    const view = replica.view();
    const decision = await inPieces(clock, work(view, openMeter(clock.monotonicMs)));
    const now = replica.view();
    if (isStill(view, now)) return decision;
    if (turn >= TURNS_MAX && isUntouched(view, now, decision.edits)) return decision;
  }
  const why = 'others change the same again and again';
  throw new Fault('refused', { field: 'view', value: 'now', why, remedy: 'try again' });
}

const isStill = (before: View, now: View): boolean =>
  before.intent === now.intent && isSameData(before.members, now.members);

/** Whether what edits are about is as it was. */
const isUntouched = (before: View, now: View, edits: readonly Edit[]): boolean => {
  const paths = new Set(edits.map(({ path }) => path));
  const isOfMembers = edits.some(({ path }) => !isIntentPath(path));
  if (isOfMembers && !isSameData(before.members, now.members)) return false;
  const [old, fresh] = [claimsOf(before, paths), claimsOf(now, paths)];
  return (
    old.size === fresh.size && old.values().every((each) => isSame(each, fresh.get(each.path)))
  );
};

const claimsOf = ({ intent }: View, paths: ReadonlySet<string>): ReadonlyMap<string, Intent> =>
  new Map(intent.filter(({ path }) => paths.has(path)).map((each) => [each.path, each] as const));

const isSame = (a: Intent, b: Intent | undefined): boolean =>
  b !== undefined && a.author === b.author && compareHlc(a.hlc, b.hlc) === 0;

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

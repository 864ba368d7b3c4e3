/**
 * Rule: readmission — whom another member has let in and takes back.
 *
 * An admission is the word of who let somebody in, who may delete it, or leave it out of its next
 * generation: a hostile one could so put out whom it likes. But an admission proves itself, by the
 * signatures of the joiner and of the invite, whoever says it.
 * 1. Only an admission that was in force here, of a member that is still one and says it no more.
 *    What an eviction voids stays void.
 * 2. Who fell because the one above it fell comes back with that one.
 */
import type { Value } from '../../crdt/entry.ts';
import type { MemberId } from '../../crdt/ids.ts';
import { trustPath } from '../../crdt/paths.ts';
import type { View } from '../../crdt/view.ts';

/** An admission as it was in force. */
export interface KnownAdmission {
  readonly author: MemberId;
  readonly value: Value;
}

/** What of a replica is looked at. */
export interface Held {
  readonly view: View;
  readonly saidBy: (author: MemberId, path: string) => Value;
}

/** Keeps in mind on whose admission each member stands; who was evicted is forgotten. */
export function remember(known: Map<MemberId, KnownAdmission>, { view, saidBy }: Held): void {
  for (const { id, admittedBy } of view.enrolments) {
    if (admittedBy === null) known.delete(id);
    else if (known.get(id)?.author !== admittedBy) {
      known.set(id, { author: admittedBy, value: saidBy(admittedBy, trustPath('admission', id)) });
    }
  }
  for (const id of view.evicted) known.delete(id);
}

/** Whom their admitters let in no more, by invariants 1 and 2. */
export function takenBack(
  known: ReadonlyMap<MemberId, KnownAdmission>,
  { view, saidBy }: Held,
): readonly MemberId[] {
  if (known.size === 0) return [];
  const present = new Set(view.enrolments.map(({ id }) => id));
  const isOut = (id: MemberId): boolean =>
    view.operators.some(({ member }) => saidBy(member, trustPath('evict', id)) !== null);
  return [...known].flatMap(([id, { author }]) => {
    const isWithdrawn =
      !present.has(id) &&
      present.has(author) &&
      !isOut(id) &&
      saidBy(author, trustPath('admission', id)) === null;
    return isWithdrawn ? [id] : [];
  });
}

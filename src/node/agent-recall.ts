/**
 * Loop: agent recall — what a look at the host would come to, were the host as it was last seen in
 * step: for news of the state, most of which asks nothing of most services.
 *
 * 1. In doubt it says nothing, and the host is looked at. That it is as it was seen is for
 *    monitors, signs and the regular read-back to watch, which news does not put off.
 * 2. What is asked for and may be done blindly comes before the look, which then tells whether it
 *    was: what an operator wants is in force one process sooner.
 */
import type { View } from '../crdt/view.ts';
import type { Clock } from '../ports.ts';
import type { Command, Problem, Self, Service, Signs, Summary } from '../services/service.ts';
import { breathe, isLarge } from './agent-look.ts';

/** What a look was found to come to. */
export interface Recalled {
  readonly summary: Summary;
  readonly recheckMs: number | null;
}

/** What was seen in step. */
interface Sight<Observed> {
  readonly state: Observed;
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
  readonly signs: Signs;
  /** Wall clock of this host then, Unix ms. */
  readonly wallMs: number;
}

/** What is remembered of the host. */
export interface Recall<Observed> {
  /** A look is over; null when it did not end in step. */
  note(sight: Sight<Observed> | null): void;
  /** What one would come to now; null when it has to be tried. */
  foresee(view: View, self: Self): Promise<Recalled | null>;
  /** What was foreseen for this view and may be done before the host is looked at. */
  blindly(view: View): readonly Command[];
}

/** Remembers nothing yet. */
export function createRecall<Desired, Observed>(
  clock: Pick<Clock, 'sleep'>,
  service: Service<Desired, Observed>,
): Recall<Observed> {
  let sight: Sight<Observed> | null = null;
  let asked: { readonly view: View; readonly commands: readonly Command[] } | null = null;
  return {
    note: (next) => {
      [sight, asked] = [next, null];
    },
    blindly: (view) => (asked?.view === view ? asked.commands : []),
    foresee: async (view, self) => {
      if (sight === null) return null;
      const { problems, notes, signs, wallMs } = sight;
      const state = service.later?.(sight.state, self.wallMs - wallMs) ?? sight.state;
      const planned = service.plan(view, self, state);
      await breathe(clock, isLarge(view));
      const commands = service.diff(planned.state, state);
      await breathe(clock, isLarge(view));
      if (commands.length > 0) {
        asked = { view, commands: commands.every(isBlind) ? commands : [] };
        return null;
      }
      const wouldTell = [
        planned.problems,
        planned.notes ?? [],
        service.signs(planned.state, state, view, self),
      ];
      if (JSON.stringify(wouldTell) !== JSON.stringify([problems, notes, signs])) return null;
      await breathe(clock, isLarge(view));
      return { summary: service.summary(state, view, self), recheckMs: planned.recheckMs };
    },
  };
}

const isBlind = (command: Command): boolean => command.kind === 'run' && command.isBlind === true;

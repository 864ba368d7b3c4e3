/**
 * Loop: openings — what the services of this VM need open, each by what its own loop shows.
 *
 * 1. A loop that shows something else marks the agents of others only where that opens or closes
 *    something: most of what is shown concerns its own service alone.
 * 2. Where many fail at once a loop shows fifty times a second what it sees of ten thousand: what
 *    that opens is worked out once for each.
 */
import { isSameData } from '../crdt/same-data.ts';
import type { View } from '../crdt/view.ts';
import type { Sights } from '../services/loop.ts';
import type { NodeSelf, Opening, Service } from '../services/service.ts';

type Opener = Pick<Service<never, never>, 'name' | 'openings'>;

/** What they need, by what is shown. */
export interface Openings {
  of(view: View, node: NodeSelf): readonly Opening[];
  /** A loop shows something else than before. */
  noteShown(service: Opener, before: Sights): void;
}

/** What it needs of the node. */
export interface OpeningsContext {
  /** The services that this VM consents to. */
  readonly services: () => readonly Opener[];
  readonly sights: (service: string) => Sights;
  readonly view: () => View;
  readonly self: () => NodeSelf;
  /** Told when something opens or closes by what a loop shows. */
  readonly onChange: () => void;
}

/** The openings of all services; none was shown by a loop yet. */
export const createOpenings = (context: OpeningsContext): Openings => {
  const { services, sights, view, self, onChange } = context;
  const shown = new Map<string, WeakMap<View, Shown>>();
  return {
    of: (seen, node) =>
      services().flatMap((each) => each.openings(seen, { ...node, sights: sights(each.name) })),
    noteShown: ({ name, openings }, before) => {
      const [node, seen, now] = [self(), view(), sights(name)];
      const last = shown.get(name)?.get(seen);
      const by = (what: Sights) => openings(seen, { ...node, sights: what });
      const closed = last?.sights === before ? last.openings : by(before);
      const open = by(now);
      shown.set(name, new WeakMap([[seen, { sights: now, openings: open }]]));
      if (!isSameData(closed, open)) onChange();
    },
  };
};

/** What was shown last, and what it opens in one view, which is not kept for it. */
interface Shown {
  readonly sights: Sights;
  readonly openings: readonly Opening[];
}

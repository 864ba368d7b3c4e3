/**
 * Loop: neighbourhood — with whom this member keeps connections now, as view and liveness have it.
 */
import type { MemberId, PeerKey } from '../crdt/ids.ts';
import type { View } from '../crdt/view.ts';
import type { Crypto } from '../ports.ts';
import { createPlaces, degreeOf, neighboursOf } from './rules/neighbours.ts';

/** What it is made from. */
interface NeighbourhoodContext {
  readonly self: MemberId;
  readonly view: () => View;
  readonly isDead: (member: MemberId) => boolean;
}

/** Who the neighbours are; worked out anew when the view is another one, or somebody died. */
export interface Neighbourhood {
  /** Dead members are nobody's neighbours: others close the gap. */
  readonly has: (peer: PeerKey) => boolean;
  /** All of them; the same set as before, where nothing has changed. */
  readonly all: () => ReadonlySet<PeerKey>;
  /** Those of another member, as far as this one can tell. */
  readonly of: (member: MemberId) => ReadonlySet<PeerKey>;
  /** Whether the state names it as a member that has not left. */
  readonly knows: (peer: PeerKey) => boolean;
  /** Neighbours that a member has in a large mesh. */
  readonly degree: () => number;
  /** Somebody is seen in another way than before. */
  readonly forget: () => void;
}

interface Known {
  readonly view: View;
  readonly neighbours: ReadonlySet<PeerKey>;
  readonly present: ReadonlySet<PeerKey>;
  readonly live: readonly MemberId[];
}

const isSame = (a: ReadonlySet<PeerKey>, b: ReadonlySet<PeerKey>): boolean =>
  a.size === b.size && [...a].every((one) => b.has(one));

/** Works it out when it is asked for. */
export function createNeighbourhood(
  crypto: Crypto,
  { self, view, isDead }: NeighbourhoodContext,
): Neighbourhood {
  const places = createPlaces(crypto);
  let known: Known | null = null;
  let last: ReadonlySet<PeerKey> = new Set();
  const knownNow = (): Known => {
    const now = view();
    if (known?.view === now) return known;
    const present = now.members.filter(({ hasLeft }) => !hasLeft).map(({ id }) => id);
    const live = present.filter((id) => !isDead(id));
    const neighbours = neighboursOf(places, self, live, degreeOf(now));
    last = isSame(neighbours, last) ? last : neighbours;
    known = { view: now, neighbours: last, present: new Set(present), live };
    return known;
  };
  return {
    has: (peer) => knownNow().neighbours.has(peer),
    all: () => knownNow().neighbours,
    of: (member) => neighboursOf(places, member, knownNow().live, degreeOf(view())),
    knows: (peer) => knownNow().present.has(peer),
    degree: () => degreeOf(view()),
    forget: () => {
      known = null;
    },
  };
}

/**
 * Rule: evicting — what an operator says to throw a member out, so that nothing else goes with it.
 *
 * The eviction voids the victim's whole sub-document, so what hangs on it is said anew in the same
 * frame. What is missing is found by supposing the eviction and looking who and what is gone:
 * 1. Who evicts somebody on whom its own membership hangs first stands on its own word.
 * 2. What an operator decided stays (`adoption.ts`). Its invites do not: nobody comes by them.
 * 3. Of the lost members those are adopted that the victim admitted or invited; whoever stands
 *    below them stays by that. Whoever is lost even then is adopted as well. With a cascade nobody
 *    is, and what operators among them decided stays.
 * 4. An adoption keeps key, name, address, labels and place among ties of the enrolment.
 */
import { adoptedOf, hangingOn } from './adoption.ts';
import type { Edit } from './entry.ts';
import type { MemberId } from './ids.ts';
import type { Enrolment } from './membership.ts';
import { trustPath } from './paths.ts';
import type { Store } from './store.ts';
import type { View } from './view.ts';

type Known = Pick<Store, 'view' | 'claims' | 'winner' | 'suppose' | 'spokenOf'>;

/** Who evicts whom, and how. `wallMs`: now, Unix ms. */
export interface Eviction {
  readonly evictor: MemberId;
  readonly victim: MemberId;
  readonly reason: string;
  readonly isCascade: boolean;
  readonly wallMs: number;
}

/** Everything to say, in one frame, and the view after it. */
export interface Evicting {
  readonly edits: readonly Edit[];
  readonly after: View;
}

/** Rounds until nothing is missing any more; each mends what the one before uncovered. */
const ROUNDS_MAX = 8;

/** What to say. Who evicts itself adopts nothing: its word is void with it. */
export function evicting(known: Known, eviction: Eviction): Evicting {
  const { evictor, victim, reason } = eviction;
  const { name } = known.view().members.find(({ id }) => id === victim) ?? {};
  const value = { reason, ...(name === undefined ? {} : { name }) };
  let edits: readonly Edit[] = [{ path: trustPath('evict', victim), value }];
  for (let round = 0; ; round += 1) {
    const after = known.suppose(edits);
    const isOver = evictor === victim || round === ROUNDS_MAX;
    const said = new Set(edits.map(({ path }) => path));
    const more = isOver ? [] : missing(known, eviction, after, said);
    if (more.length === 0) return { edits, after };
    edits = [...edits, ...more];
  }
}

/** The next that has to be said, in the order of the invariants. */
function missing(
  known: Known,
  eviction: Eviction,
  after: View,
  said: ReadonlySet<string>,
): readonly Edit[] {
  for (const find of [standing, decisions, lostMembers, decisionsOfLost]) {
    const found = find(known, eviction, after).filter(({ path }) => !said.has(path));
    if (found.length > 0) return found;
  }
  return [];
}

/** Invariant 1. */
function standing(known: Known, { evictor, victim }: Eviction, after: View): readonly Edit[] {
  const isVoid = !after.members.some(({ id }) => id === victim);
  if (isVoid && after.members.some(({ id }) => id === evictor)) return [];
  return adoptionOf(known.view(), evictor);
}

/** What an operator says so that a member stands on its word; nothing for who is none. */
export const adoptionOf = ({ enrolments }: View, member: MemberId): readonly Edit[] =>
  enrolments.filter(({ id }) => id === member).map(adoption);

/** What is not decided anew as it was said. */
const ONCE = /^trust\/(?:invite|adopt)\//;

/** Invariant 2. */
const decisions = (known: Known, eviction: Eviction): readonly Edit[] =>
  saidAnew(known, eviction, eviction.victim);

/** Invariant 3, its end: operators who go with the victim. */
function decisionsOfLost(known: Known, eviction: Eviction, after: View): readonly Edit[] {
  const stand = new Set(after.operators.map(({ member }) => member));
  return known
    .view()
    .operators.map(({ member }) => member)
    .filter((member) => member !== eviction.victim && !stand.has(member))
    .flatMap((member) => saidAnew(known, eviction, member));
}

function saidAnew(known: Known, eviction: Eviction, departing: MemberId): readonly Edit[] {
  const { evictor, victim, wallMs } = eviction;
  const isOwnAffair = (path: string): boolean =>
    path === trustPath('role', evictor) || path.endsWith(`/${victim}`);
  return adoptedOf(hangingOn(known, departing, wallMs))
    .filter(({ path }) => !ONCE.test(path) && !isOwnAffair(path))
    .map(({ path, value }) => ({ path, value }));
}

/** Invariant 3. */
function lostMembers(known: Known, eviction: Eviction, after: View): readonly Edit[] {
  if (eviction.isCascade) return [];
  const view = known.view();
  const { victim } = eviction;
  const stay = new Set(after.members.map(({ id }) => id));
  const left = new Set(view.members.flatMap(({ id, hasLeft }) => (hasLeft ? [id] : [])));
  const lost = view.enrolments.filter(({ id }) => id !== victim && !stay.has(id) && !left.has(id));
  const spoken = new Set(known.spokenOf(victim));
  const isDirect = ({ id, invite }: Enrolment): boolean =>
    spoken.has(trustPath('admission', id)) ||
    spoken.has(trustPath('adopt', id)) ||
    view.invites.some((one) => one.id === invite && one.author === victim);
  const direct = lost.filter(isDirect);
  return (direct.length > 0 ? direct : lost).map(adoption);
}

/** Invariant 4. */
const adoption = ({ id, admittedBy: _, ...enrolment }: Enrolment): Edit => ({
  path: trustPath('adopt', id),
  value: { ...enrolment },
});

/**
 * Rule: election — which member has the core role, from the view, who is alive, and the time.
 *
 * Members that may have the role stand in a ring in the order of sha256(mesh | member). Time is
 * cut into epochs; each begins one place further on. The first fit member from there has the
 * role.
 * 1. Who sees the same members alive in the same epoch names the same one; nobody votes.
 * 2. Whoever is fit all the time has the role exactly in its turn. Who is not leaves its turn to
 *    the next of the ring, and the turns of others are as they were.
 * 3. Both sides of a partition have one, so no duty may need to happen exactly once.
 * 4. A term is a pair (epoch, n). A higher one wins, and one of an epoch that has not begun is not
 *    believed, of whomever it is: else a wrong clock would have the last word for ever.
 * 5. Who says of itself that it cannot take the role, as its disk takes nothing, or should not, as
 *    its clock is wrong, leaves it to the next for that epoch. Of others nobody can say so, and so
 *    all know the same of it.
 * 6. Where nobody is fit, one that lives has it all the same: nothing may be without a core that
 *    can have one.
 */
import { hex } from '@scure/base';
import { bytesOfId, type MemberId } from '../../crdt/ids.ts';
import type { Member, View } from '../../crdt/view.ts';
import type { Crypto } from '../../ports.ts';
import type { LinkState } from './answers.ts';
import { settingAt } from './setting.ts';

/** How long a turn is, unless operators say otherwise. Unit: ms. FORMATS, "Paths". */
const EPOCH_MS = 600_000;
/** What they may say. A term that moved faster would be all settling. Unit: ms. */
export const EPOCH_MS_MIN = 30_000;
export const EPOCH_MS_MAX = 86_400_000;
/** Where they say it. */
export const EPOCH_PLACE = { service: 'core', kind: 'settings', name: 'epoch' } as const;

/** One holding of the role. `n` counts them within an epoch. */
export interface Term {
  readonly epoch: number;
  readonly n: number;
}

/** Negative when `a` is the older. */
export const compareTerms = (a: Term, b: Term): number => a.epoch - b.epoch || a.n - b.n;

/** The term that follows everything that was taken. */
export const nextTerm = (highest: Term | null, epoch: number): Term =>
  highest === null || highest.epoch < epoch ? { epoch, n: 0 } : { ...highest, n: highest.n + 1 };

/**
 * How far a term may be above the highest that was taken, in steps of `n`. In the longest epoch the
 * role moves 30,000 times at most; without a limit one answer of a hostile member would push the
 * terms of all to where integers end, and whoever takes the next one with it.
 */
const TERM_STEPS_MAX = 100_000;

/**
 * Whether a term may be taken by whoever took `highest`. `latestEpoch`: the latest that may have
 * begun.
 */
export const isTermGood = (term: Term, highest: Term | null, latestEpoch: number): boolean => {
  if (term.epoch > latestEpoch) return false;
  if (highest !== null && compareTerms(term, highest) < 0) return false;
  const from = highest !== null && highest.epoch === term.epoch ? highest.n : 0;
  return term.n <= from + TERM_STEPS_MAX;
};

/** How long an epoch is in this mesh, ms. */
export function epochMsOf(view: View): number {
  const ms = settingAt(view, EPOCH_PLACE, 'ms');
  const isGood = typeof ms === 'number' && ms >= EPOCH_MS_MIN && ms <= EPOCH_MS_MAX;
  return isGood ? ms : EPOCH_MS;
}

/** The epoch of a moment on the hybrid clock. */
export const epochAt = (view: View, hlcMs: number): number => Math.floor(hlcMs / epochMsOf(view));

/** Where a member stands in the ring; the caller remembers, for it never changes. */
export const placeInRing = (crypto: Crypto, mesh: View['mesh']['id'], member: MemberId): string =>
  hex.encode(crypto.sha256(new Uint8Array([...bytesOfId(mesh), ...bytesOfId(member)])));

/** What an election is held in. */
export interface Constituency {
  readonly view: View;
  readonly epoch: number;
  /** Place of a member in the ring. */
  readonly place: (member: MemberId) => string;
  readonly link: (member: MemberId) => LinkState;
  /** The last turn that it left to the next, by its own word; null for none. */
  readonly passed: (member: MemberId) => Pass | null;
}

/** A turn that a member leaves to the next, by its own word. */
export interface Pass {
  readonly epoch: number;
  readonly why: 'unable' | 'wrong clock';
}

/** Why a member that stands in the ring is passed over; null when it is not. */
export type Unfit = 'dead' | 'draining' | 'stepped down' | Pass['why'];

/** Who has the role where nobody is fit, the likeliest to do it well first. */
const LAST_RESORTS: readonly Unfit[] = ['stepped down', 'wrong clock', 'draining', 'unable'];

/**
 * The ring from the place of this epoch on, and why each of it is passed over. Who has not said yet
 * what it runs never ran: it would have the role until it is found dead.
 */
export function candidatesOf(constituency: Constituency) {
  const ring = ringIn(constituency);
  const slot = ring.length === 0 ? 0 : constituency.epoch % ring.length;
  return [...ring.slice(slot), ...ring.slice(0, slot)].map((member) => ({
    member,
    unfit: unfitBecause(member, constituency),
  }));
}

const ringIn = ({ view, place }: Constituency): readonly Member[] => {
  const ring = rings.get(view) ?? ringOf(view, place);
  rings.set(view, ring);
  return ring;
};

/** Views do not change, and elections are held in one again and again. */
const rings = new WeakMap<View, readonly Member[]>();

const ringOf = (view: View, place: Constituency['place']): readonly Member[] =>
  view.members
    .filter(({ mayBeCore, hasLeft, version }) => mayBeCore && !hasLeft && version !== null)
    .map((member) => ({ member, at: place(member.id) }))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ member }) => member);

const unfitBecause = (member: Member, { epoch, link, passed }: Constituency): Unfit | null => {
  if (link(member.id) === 'dead') return 'dead';
  if (member.isDraining) return 'draining';
  if (member.steppedDown === epoch) return 'stepped down';
  const pass = passed(member.id);
  return pass?.epoch === epoch ? pass.why : null;
};

/** Who has the role; null when nobody can. */
export function electCore(constituency: Constituency): Member | null {
  const ring = ringIn(constituency);
  const turn = ring[constituency.epoch % ring.length];
  if (turn !== undefined && unfitBecause(turn, constituency) === null) return turn;
  const candidates = candidatesOf(constituency);
  return candidates[electedAt(candidates)]?.member ?? null;
}

/** Invariant 6. */
const electedAt = (candidates: readonly { readonly unfit: Unfit | null }[]): number => {
  const places = [null, ...LAST_RESORTS].map((why) =>
    candidates.findIndex(({ unfit }) => unfit === why),
  );
  return places.find((place) => place !== -1) ?? -1;
};

/** Why it is this one, in words. */
export function whyCore(constituency: Constituency): string {
  const candidates = candidatesOf(constituency);
  const at = electedAt(candidates);
  if (candidates.length === 0) return 'no member may have the role';
  const elected = candidates[at]?.unfit ?? null;
  if (elected !== null) return `nobody is fit, and it is only ${elected}`;
  const passed = candidates
    .slice(0, at === -1 ? undefined : at)
    .map(({ member, unfit }) => `${member.name} (${unfit})`);
  if (at === -1) return `nobody is fit: ${passed.join(', ')}`;
  return passed.length === 0 ? 'its turn' : `next after ${passed.join(', ')}`;
}

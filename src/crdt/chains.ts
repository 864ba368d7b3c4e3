/**
 * Rule: chains — the chains of all authors, and what follows from all of them together.
 *
 * 1. Chains stand in the order in which their first frame was taken, the founder's first. An author
 *    is taken only once others have certified it, so whoever sends chains in this order sends no
 *    author before those that certify it.
 * 2. What follows from all is computed when asked for, once for each change.
 */
import type { Crypto } from '../ports.ts';
import { type Chain, type Head, openChain } from './chain.ts';
import type { AuthorState, Edit, Value } from './entry.ts';
import { hashKey, hlcOf, pathHashOf, type Statement } from './entry-bytes.ts';
import { compareHlc, HLC_ZERO, type Hlc, maxHlc } from './hlc.ts';
import { NODE_QUOTA, OPERATOR_QUOTA, type Quota } from './holdings.ts';
import type { MemberId } from './ids.ts';
import { type Meter, UNMETERED } from './meter.ts';
import type { View } from './view.ts';

/** Computes the view; `openProjector` makes one. */
export interface Project {
  (authors: readonly AuthorState[]): View;
  /** Works out in advance what the view will need of a statement; gives how long it took, ms. */
  readonly foresee?: (statement: Statement) => number;
  /** Reads in pieces what the view will need of an author. */
  readonly digest?: (state: AuthorState, meter: Meter) => Generator<void, void>;
  /** The same view in pieces. */
  readonly inPieces?: (authors: readonly AuthorState[], meter: Meter) => Generator<void, View>;
}

/** What the view says about who may say something, and how much. */
export interface Roles {
  /** Whose frames are taken: the founder, members, and who was evicted. */
  readonly certified: ReadonlySet<MemberId>;
  readonly operators: ReadonlySet<MemberId>;
  readonly quotaOf: (author: MemberId) => Quota;
}

/** The statement that is in force at a path by (hlc, author). */
export interface Winner {
  readonly author: MemberId;
  /** Null when the path is deleted. */
  readonly value: Value;
  readonly hlc: Hlc;
  readonly statement: Statement;
}

export interface Chains {
  /** The author's chain; a fresh one, not kept, for an author of whom there is none. */
  of(author: MemberId): Chain;
  /** Says that the chain has taken a frame. */
  keep(chain: Chain): void;
  /** In the order of invariant 1. */
  all(): readonly Chain[];
  /** Sorted by author. */
  heads(): readonly Head[];
  view(): View;
  /** The view, if the author said these edits as well, after everything that was said so far. */
  suppose(author: MemberId, edits: readonly Edit[]): View;
  roles(): Roles;
  /** `foresee` of the projection. */
  readonly foresee: (statement: Statement) => number;
  /** Works out in pieces what the view will need of an author that says much. */
  digest(chain: Chain, meter: Meter): Generator<void, void>;
  /** Makes the view in pieces, unless something is taken meanwhile. Unmetered it does nothing. */
  prepareView(meter: Meter): Generator<void, void>;
  /** What is in force at a path; `among`: of what only these authors say. */
  winner(path: string, among?: ReadonlySet<MemberId>): Winner | null;
  /** Highest stamp that was seen of anybody but `except`. */
  latest(except?: MemberId): Hlc;
}

/** Opens an empty set of chains. */
export const openChains = (crypto: Crypto, founder: MemberId, project: Project): Chains => {
  const chains = new Map<MemberId, Chain>();
  let view: View | null = null;
  let roles: Roles | null = null;
  let heads: readonly Head[] | null = null;
  let changes = 0;
  const latest = new Map<MemberId | undefined, Hlc>();
  const all = (): readonly Chain[] => founderFirst(chains, founder);
  const sorted = (): readonly Chain[] =>
    [...chains.values()].sort((a, b) => (a.author < b.author ? -1 : 1));
  const currentView = (): View => {
    view ??= project(sorted().map((chain) => chain.state()));
    return view;
  };
  const chainsOf = (authors: ReadonlySet<MemberId>): readonly Chain[] =>
    [...authors].flatMap((author) => chains.get(author) ?? []);
  return {
    of: (author) => chains.get(author) ?? openChain(crypto, author),
    keep: (chain) => {
      chains.set(chain.author, chain);
      [view, roles, heads, changes] = [null, null, null, changes + 1];
      latest.clear();
    },
    all,
    heads: () => (heads ??= sorted().flatMap((chain) => chain.head() ?? [])),
    view: currentView,
    foresee: project.foresee ?? (() => 0),
    digest: (chain, meter) => digest(project, chain, meter),
    prepareView: function* (meter) {
      if (meter === UNMETERED || view !== null) return;
      const before = changes;
      const made = yield* makeView(project, sorted(), meter);
      if (changes === before) view ??= made;
    },
    suppose: (author, edits) => suppose(project, sorted(), { author, edits }),
    roles: () => {
      roles ??= rolesOf(currentView(), founder);
      return roles;
    },
    winner: (path, among) => {
      const heard = among === undefined ? chains.values() : chainsOf(among);
      return winnerAmong(crypto, [...heard], path);
    },
    latest: (except) => {
      const known = latest.get(except) ?? latestOf(chains.values(), except);
      latest.set(except, known);
      return known;
    },
  };
};

const founderFirst = (
  chains: ReadonlyMap<MemberId, Chain>,
  founder: MemberId,
): readonly Chain[] => {
  const first = chains.get(founder);
  const rest = [...chains.values()].filter((chain) => chain !== first);
  return first === undefined ? rest : [first, ...rest];
};

/** The view, had an author said more, after all that was said. */
const suppose = (
  project: Project,
  chains: readonly Chain[],
  { author, edits }: { readonly author: MemberId; readonly edits: readonly Edit[] },
): View => {
  const [ms] = latestOf(chains);
  const said = edits.map((edit, at) => ({ ...edit, hlc: [ms + 1, at] as Hlc, replaces: null }));
  const states = chains.map((chain) => chain.state());
  const nothing: AuthorState = { author, entries: [], tombstones: [] };
  const own = states.find((state) => state.author === author) ?? nothing;
  return project([
    ...states.filter((state) => state !== own),
    { ...own, entries: [...own.entries, ...said] },
  ]);
};

function* digest(project: Project, chain: Chain, meter: Meter): Generator<void, void> {
  yield* chain.digest(meter);
  const state = chain.state();
  yield;
  if (project.digest !== undefined) yield* project.digest(state, meter);
}

/** What it costs to go to the next of many that say little. Unit: ms. */
const CHAIN_MS = 0.01;

function* digestAll(
  project: Project,
  chains: readonly Chain[],
  meter: Meter,
): Generator<void, void> {
  for (const chain of chains) {
    yield* chain.digest(meter);
    const state = chain.state();
    if (project.digest !== undefined) yield* project.digest(state, meter);
    if (meter.isDue(CHAIN_MS)) yield;
  }
}

function* makeView(
  project: Project,
  chains: readonly Chain[],
  meter: Meter,
): Generator<void, View | null> {
  yield* digestAll(project, chains, meter);
  const states = chains.map((chain) => chain.state());
  return project.inPieces === undefined ? null : yield* project.inPieces(states, meter);
}

const latestOf = (chains: Iterable<Chain>, except?: MemberId): Hlc => {
  let latest = HLC_ZERO;
  for (const chain of chains) {
    if (chain.author !== except) latest = maxHlc(latest, chain.latest());
  }
  return latest;
};

/** The statement in force at a path among some chains, or null when none speaks of it. */
export const winnerAmong = (
  crypto: Crypto,
  chains: readonly Chain[],
  path: string,
): Winner | null => {
  let key: string | null = null;
  let winner: Winner | null = null;
  for (const chain of chains) {
    const { byPath, byHash } = chain.holdings();
    if (byHash.size > 0) key ??= hashKey(pathHashOf(crypto, path)); // Few have any.
    for (const held of [byPath.get(path), byHash.get(key ?? '')]) {
      if (held === undefined) continue;
      const found = candidateOf(chain.author, held.statement);
      if (winner === null || compareWinners(found, winner) > 0) winner = found;
    }
  }
  return winner;
};

const candidateOf = (author: MemberId, statement: Statement): Winner => ({
  author,
  value: statement.kind === 'entry' ? statement.entry.value : null,
  hlc: hlcOf(statement),
  statement,
});

const compareWinners = (a: Winner, b: Winner): number => {
  const byHlc = compareHlc(a.hlc, b.hlc);
  if (byHlc !== 0 || a.author === b.author) return byHlc;
  return a.author > b.author ? 1 : -1;
};

// Evicted authors say nothing any more; who was an operator may hold much, and must stay in step.
const rolesOf = (view: View, founder: MemberId): Roles => {
  const certified = new Set<MemberId>([founder, ...view.evicted]);
  for (const member of view.members) certified.add(member.id);
  const operators = new Set(view.operators.map(({ member }) => member));
  const mayHoldMuch = new Set<MemberId>([founder, ...view.evicted, ...operators]);
  return {
    certified,
    operators,
    quotaOf: (author) => (mayHoldMuch.has(author) ? OPERATOR_QUOTA : NODE_QUOTA),
  };
};

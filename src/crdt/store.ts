/**
 * Rule: store — everything that the mesh knows, as this member holds it.
 *
 * Opened over the genesis, fed with frames, asked for the view. Its parts: `frame` (envelope),
 * `gate` (what Yjs may see), `subdocument` and `chain` (one author), `chains` (all of them),
 * `receiving` and `writing`.
 * 1. The same frames make the same heads, states and view, in whatever order they arrive, also when
 *    an author signs two frames for one place.
 * 2. It knows no clock: whoever asks brings the time, `wallMs`, in ms since the Unix epoch.
 */
import type { Crypto } from '../ports.ts';
import type { Chain, Head, Weight } from './chain.ts';
import { openChains, type Project, type Winner } from './chains.ts';
import { type Claim, claimsOf } from './conflicts.ts';
import type { Edit, Value } from './entry.ts';
import type { Genesis } from './genesis.ts';
import type { Hlc } from './hlc.ts';
import { bytesOfId, type MemberId, type MeshId, memberIdOf } from './ids.ts';
import { framesAfter } from './lack.ts';
import { finish, type Meter, UNMETERED } from './meter.ts';
import { type Desk, type Doubt, type Receipt, receiveFrames, screenFrame } from './receiving.ts';
import { lastingOf } from './saying.ts';
import type { View } from './view.ts';
import { openWriter, type Writer } from './writing.ts';

/** Content of an author that does not read: kept and passed on, as a later version may know it. */
export interface Unreadable {
  readonly author: MemberId;
  readonly why: string;
}

export interface Store extends Writer {
  /** What speaks against a frame from outside before what it says is read; null: nothing. */
  screen(bytes: Uint8Array, wallMs: number): Receipt | null;
  /** Judges a frame from outside, and takes it when it is good. */
  receive(bytes: Uint8Array, wallMs: number): Receipt;
  /** The same for many, in whatever order. Receipts stand in the order of the frames. */
  receiveAll(frames: readonly Uint8Array[], wallMs: number): readonly Receipt[];
  /**
   * The same in pieces of some ms: each step but the last gives what was taken since the one
   * before, and between two anything else may be done with the store.
   */
  receiveInPieces(
    frames: readonly Uint8Array[],
    wallMs: number,
    meter: Meter,
  ): Generator<readonly Uint8Array[], readonly Receipt[]>;
  /**
   * Takes frames back from our own journal: own ones too, whatever their stamps are. When own ones
   * do not all fit, the store distrusts the disk.
   */
  load(frames: readonly Uint8Array[], wallMs: number): readonly Receipt[];
  /** The same in pieces of some ms. */
  loadInPieces(
    frames: readonly Uint8Array[],
    wallMs: number,
    meter: Meter,
  ): Generator<unknown, readonly Receipt[]>;
  /**
   * To be called after `load` when the journal was damaged, so that own frames may be lost: the
   * next own frame starts a new generation, and until then own frames are taken from others.
   */
  distrustDisk(): void;
  /** Says that another VM writes with our key: nothing more is written until `reclaimKey`. */
  distrustKey(): void;
  /**
   * Says that we alone use our key again: own frames are taken from others where they go on from
   * ours, and the next own frame starts a generation, which says what we said besides.
   */
  reclaimKey(): void;
  /** Why own frames do not simply go on, or null. */
  doubt(): Doubt | null;
  /** The last frame of each author, sorted by author. */
  heads(): readonly Head[];
  /**
   * What somebody with these heads lacks, in an order in which it can take it: at most `bytesMax`
   * bytes, but at least one frame when it lacks any. Without heads: everything.
   */
  framesAfter(heads: readonly Head[], bytesMax: number): readonly Uint8Array[];
  /** How much all chains hold together. */
  weight(): Weight;
  /** Computed when something was taken since it was last asked for. */
  view(): View;
  /** Makes the next view in pieces, unless something is taken meanwhile. */
  digestInPieces(meter: Meter): Generator<void, void>;
  /** The view, if this member said these edits as well. */
  suppose(edits: readonly Edit[]): View;
  /** What an author says at a path; null for nothing, also after it was deleted. */
  valueOf(author: MemberId, path: string): Value;
  /** Paths of which an author spoke in its current generation, deleted ones too. */
  spokenOf(author: MemberId): readonly string[];
  /** Paths at which an author says something, sorted. */
  pathsOf(author: MemberId): readonly string[];
  /**
   * What is in force at a path that several authors may write, by (hlc, author) alone; `among`: of
   * what only these authors say.
   */
  winner(path: string, among?: ReadonlySet<MemberId>): Winner | null;
  /** The highest stamp of each author's current generation. */
  latest(): ReadonlyMap<MemberId, Hlc>;
  /** The highest of anybody but this member. */
  latestOfOthers(): Hlc;
  /**
   * What each author says of intent and trust now, deletions of this generation included; `path`:
   * there only.
   */
  claims(path?: string): readonly Claim[];
  unreadable(): readonly Unreadable[];
}

/** Opens an empty store of a mesh. `self`: this member and the seed of its key. */
export const openStore = (
  crypto: Crypto,
  mesh: { readonly genesis: Genesis; readonly meshId: MeshId },
  self: { readonly id: MemberId; readonly seed: Uint8Array },
  project: Project,
): Store => {
  const chains = openChains(crypto, memberIdOf(mesh.genesis.founderKey), project);
  const desk: Desk = {
    crypto,
    mesh: bytesOfId(mesh.meshId),
    self,
    chains,
    doubt: null,
    ownSeen: -1,
    salvage: [],
    isDrafting: false,
  };
  const receiveAll = (frames: readonly Uint8Array[], wallMs: number): readonly Receipt[] =>
    finish(receiveFrames(desk, frames, { wallMs, isLoading: false, meter: UNMETERED }));
  return {
    ...openWriter(desk),
    screen: (bytes, wallMs) => screenFrame(desk, bytes, wallMs),
    receive: (bytes, wallMs) => receiveAll([bytes], wallMs)[0] ?? { verdict: 'known' },
    receiveAll,
    receiveInPieces: (frames, wallMs, meter) =>
      receiveFrames(desk, frames, { wallMs, isLoading: false, meter }),
    load: (frames, wallMs) =>
      finish(receiveFrames(desk, frames, { wallMs, isLoading: true, meter: UNMETERED })),
    loadInPieces: (frames, wallMs, meter) =>
      receiveFrames(desk, frames, { wallMs, isLoading: true, meter }),
    ...doubtsOf(desk),
    heads: chains.heads,
    framesAfter: (heads, bytesMax) => framesAfter(chains.all(), heads, bytesMax),
    weight: () => weightOf(chains),
    view: chains.view,
    digestInPieces: chains.prepareView,
    suppose: (edits) => chains.suppose(self.id, edits),
    spokenOf: (author) => [...chains.of(author).holdings().byPath.keys()],
    valueOf: (author, path) => saidAt(chains, author, path),
    pathsOf: (author) =>
      [...chains.of(author).holdings().byPath.keys()]
        .filter((path) => saidAt(chains, author, path) !== null)
        .toSorted(),
    winner: chains.winner,
    latest: () => new Map(chains.all().map((chain) => [chain.author, chain.latest()])),
    latestOfOthers: () => chains.latest(self.id),
    claims: (path) => claimsOf(crypto, chains.all(), path ?? null),
    unreadable: () => chains.all().flatMap(unreadableOf),
  };
};

const doubtsOf = (
  desk: Desk,
): Pick<Store, 'distrustDisk' | 'distrustKey' | 'reclaimKey' | 'doubt'> => ({
  distrustDisk: () => {
    desk.doubt ??= 'disk';
  },
  distrustKey: () => {
    desk.doubt = 'elsewhere';
  },
  reclaimKey: () => {
    desk.doubt = 'disk';
    desk.salvage = lastingOf(desk.chains.of(desk.self.id));
  },
  doubt: () => desk.doubt,
});

type Chains = ReturnType<typeof openChains>;

const saidAt = (chains: Chains, author: MemberId, path: string): Value => {
  const held = chains.of(author).holdings().byPath.get(path);
  return held?.statement.kind === 'entry' ? held.statement.entry.value : null;
};

const unreadableOf = ({ author, holdings }: Chain): readonly Unreadable[] =>
  holdings().unreadable.map(({ why }) => ({ author, why }));

const weightOf = (chains: Chains) => {
  let [frames, bytes] = [0, 0];
  for (const chain of chains.all()) {
    const weight = chain.weight();
    frames += weight.frames;
    bytes += weight.bytes;
  }
  return { frames, bytes };
};

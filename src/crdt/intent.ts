/**
 * Rule: intent — what the operators of a mesh want, taken out of it: the seed of another mesh.
 *
 * It names members by id, and another mesh has others: what it says of members that are not there
 * waits, as in any mesh, until they are.
 */
import type { Crypto } from '../ports.ts';
import type { Edit } from './entry.ts';
import type { Genesis } from './genesis.ts';
import type { MemberId, MeshId } from './ids.ts';
import { openProjector } from './projection.ts';
import { openStore, type Store } from './store.ts';
import type { View } from './view.ts';

const INTENT = 'intent/';

/** A mesh as somebody held it. `self` and its seed are of use for writing only. */
export interface HeldMesh {
  readonly genesis: Genesis;
  readonly meshId: MeshId;
  readonly self: MemberId;
  readonly frames: readonly Uint8Array[];
}

/** What the frames that somebody held say. `wallMs`: now, ms since the Unix epoch. */
export const viewOf = (crypto: Crypto, held: HeldMesh, wallMs: number): View =>
  fill(crypto, held, wallMs).view();

/** The intent in force: of what operators say at a path the latest, deletions left out. */
export function intentOf(crypto: Crypto, held: HeldMesh, wallMs: number): readonly Edit[] {
  const store = fill(crypto, held, wallMs);
  // What anybody else wrote there must neither count nor hide what an operator wrote.
  const operators = new Set(store.view().operators.map(({ member }) => member));
  const paths = new Set([...operators].flatMap((member) => store.pathsOf(member)));
  return [...paths]
    .filter((path) => path.startsWith(INTENT))
    .toSorted()
    .map((path) => ({ path, value: store.winner(path, operators)?.value ?? null }))
    .filter(({ value }) => value !== null);
}

const fill = (
  crypto: Crypto,
  { genesis, meshId, self, frames }: HeldMesh,
  wallMs: number,
): Store => {
  const project = openProjector(crypto, genesis, meshId);
  const nobody = { id: self, seed: new Uint8Array(32) };
  const store = openStore(crypto, { genesis, meshId }, nobody, project);
  store.load(frames, wallMs);
  return store;
};

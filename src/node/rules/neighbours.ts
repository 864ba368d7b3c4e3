/**
 * Rule: neighbours — who keeps a connection with whom.
 *
 * All members stand in several rings, each in another order of chance; who is next to a member in
 * any of them is its neighbour.
 * 1. Two members that see the same mesh agree whether they are neighbours; nobody asks.
 * 2. Nobody is left out: each ring alone joins all. And several rings of chance make few steps
 *    between any two (Law and Siu, INFOCOM 2003), and no few whose loss would cut the mesh in two.
 * 3. Who comes or goes moves the neighbours of few: one pair in each ring.
 */
import { bytesOfId, type MemberId } from '../../crdt/ids.ts';
import type { View } from '../../crdt/view.ts';
import type { Crypto } from '../../ports.ts';
import { settingAt } from './setting.ts';

/** Neighbours of a member in a large mesh, unless operators say otherwise. */
export const DEGREE = 8;
/** What they may say: even numbers, for each ring gives two. */
export const DEGREE_MIN = 6;
export const DEGREE_MAX = 12;
/** Where they say it. */
export const DEGREE_PLACE = { service: 'swarm', kind: 'settings', name: 'degree' } as const;

/** Whether it is one that may be set. */
export const isDegree = (degree: number): boolean =>
  degree >= DEGREE_MIN && degree <= DEGREE_MAX && degree % 2 === 0;

/** How many neighbours a member has in this mesh, where it has so many others. */
export function degreeOf(view: View): number {
  const count = settingAt(view, DEGREE_PLACE, 'count');
  return typeof count === 'number' && isDegree(count) ? count : DEGREE;
}

/** The place of a member in each ring; worked out once. */
export type Places = (member: MemberId) => readonly number[];

/** Remembers what it has worked out. */
export function createPlaces(crypto: Pick<Crypto, 'sha256'>): Places {
  const known = new Map<MemberId, readonly number[]>();
  return (member) => {
    const places = known.get(member) ?? cut(crypto.sha256(bytesOfId(member)));
    known.set(member, places);
    return places;
  };
}

/** Bytes of a hash that are the place in one ring. */
const PLACE_BYTES = 5;
const CIRCLE = 2 ** (8 * PLACE_BYTES);

const cut = (hash: Uint8Array): readonly number[] =>
  Array.from({ length: DEGREE_MAX / 2 }, (_, ring) =>
    hash
      .subarray(ring * PLACE_BYTES, (ring + 1) * PLACE_BYTES)
      .reduce((sum, byte) => sum * 256 + byte, 0),
  );

/** The neighbours of a member among these, itself not counted: all, where there are few. */
export function neighboursOf(
  places: Places,
  self: MemberId,
  members: readonly MemberId[],
  degree: number,
): ReadonlySet<MemberId> {
  const others = members.filter((member) => member !== self);
  if (others.length <= degree) return new Set(others);
  const rings = Array.from({ length: degree / 2 }, (_, ring) => beside(places, self, others, ring));
  return new Set(rings.flat());
}

/** The next before and the next behind, in one ring. */
function beside(
  places: Places,
  self: MemberId,
  others: readonly MemberId[],
  ring: number,
): readonly MemberId[] {
  const at = (member: MemberId): number => places(member)[ring] ?? 0;
  const own = at(self);
  const stand = others.map((member) => ({ member, far: (at(member) - own + CIRCLE) % CIRCLE }));
  const next = stand.reduce((best, one) => (one.far < best.far ? one : best));
  const last = stand.reduce((best, one) => (one.far > best.far ? one : best));
  return [next.member, last.member];
}

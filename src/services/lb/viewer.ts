/**
 * Rule: lb viewer — this member as it looks at backends, with what the kernel has of them.
 *
 * A daemon that begins has probed nobody, and what others say of the dead may be old. Those that
 * are down in the kernel stay so until it has tried them itself or, where it makes no try, its
 * failure detector has found how their VM does.
 */
import type { ObservedTable } from '../nft/observed.ts';
import { placeKey, type Viewer } from './choice.ts';
import { FAMILIES, MOVED_ZONES, movedSet } from './own-table.ts';
import type { LbObserved } from './state.ts';

/** The member that looks. */
export const viewerOf = ({ id, sights }: Viewer, table: ObservedTable | null): Viewer => ({
  ...{ id, sights },
  wasDown: table === null ? undefined : downIn(table),
});

/** The table of this host, where there is one. */
export const tableIn = (observed: LbObserved): ObservedTable | null =>
  observed.kind === 'present' ? observed.table : null;

/** Whether the kernel remembers clients whose udp was sent to other backends. */
export const isMovedIn = (observed: LbObserved): boolean => {
  const sets = tableIn(observed)?.sets;
  return FAMILIES.some((family) =>
    MOVED_ZONES.some((zone) => (sets?.get(movedSet(family, zone))?.elements.size ?? 0) > 0),
  );
};

/** By table; undefined for none, as most tables have. */
const downIn = (table: ObservedTable): ReadonlySet<string> | undefined => {
  const elements = ['down4', 'down6'].flatMap((name) => [
    ...(table.sets.get(name)?.elements.values() ?? []),
  ]);
  if (elements.length === 0) return undefined;
  const places = known.get(table) ?? new Set(elements.map(({ key }) => placeOf(key)));
  known.set(table, places);
  return places;
};

const known = new WeakMap<ObservedTable, ReadonlySet<string>>();

const placeOf = (key: unknown): string => {
  const { concat } = Object(key) as { readonly concat?: readonly unknown[] };
  const [host, , port] = concat ?? [];
  return placeKey(host, port);
};

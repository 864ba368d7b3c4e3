/**
 * Loop: reserved — addresses of the mesh that are no member's and never become one's, because a
 * service gave them to something else.
 */
import type { View } from '../crdt/view.ts';
import { SERVICES } from '../services/registry.ts';

/** All of them, of IPv4 and IPv6. */
export const reservedIn = (view: View): readonly string[] =>
  SERVICES.flatMap(({ addresses }) => addresses?.(view) ?? []);

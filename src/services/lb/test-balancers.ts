/** Rule: test balancers — a mesh with balancers as operators wish for them, for the tests. */
import type { View } from '../../crdt/view.ts';
import type { Self } from '../service.ts';
import { idOf, memberOf, type Objects, viewWith } from '../test-view.ts';
import { SERVICE } from './balancers.ts';
import { TABLE_UNDO } from './state.ts';

/** As `cnsmo lb create web --listen 80 --to role=web:8080` makes it. */
export const WEB = {
  listen: { protocol: 'tcp', ports: [80, 80] },
  to: [{ kind: 'labels', labels: { role: 'web' } }],
  port: 8080,
  mode: 'roundrobin',
  check: { kind: 'tcp' },
  drainMs: 30_000,
  engine: 'auto',
  addresses: { ipv4: '10.10.7.7', ipv6: 'fd00:1::7777' },
} as const;

/** A client, and servers of the web. */
const MEMBERS = [memberOf(1), ...[2, 3, 4].map((n) => memberOf(n, { role: 'web' }))];

/** A view of those members and these objects. */
export const viewOf = (objects: Objects, members = MEMBERS): View =>
  viewWith(SERVICE, members, objects);

/** Member number `n`, whose node made a table before. */
export const selfOf = (n: number): Self => ({
  ...{ id: idOf(n), interface: 'cnsmo0', openings: [], port: 7300 },
  facts: {
    ...{ hostname: `vm${n}`, isRoot: true, hasTun: true, hasKernelWireguard: false },
    ...{ hasSystemd: false, tools: { nft: true } },
  },
  ...{ seen: new Map(), skewsMs: new Map(), nowMs: 0, wallMs: 0, stepsMs: [], viewAgeMs: 60_000 },
  ...{ made: new Set([TABLE_UNDO]), sights: new Map() },
});

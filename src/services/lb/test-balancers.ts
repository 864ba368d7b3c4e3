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

/** Virtual addresses of balancer number `n`. */
export const at = (n: number) => ({ ipv4: `10.10.7.${n}`, ipv6: `fd00:1::77${n}` });

/** The mode by source, and clients that stay. */
export const SHOP = { ...WEB, addresses: at(2), mode: 'source', stickyMs: 600_000 } as const;

/** One of each form that the table has: weighted, hashed, by chance, shifted, wide, empty. */
export const EVERY: Objects = {
  'balancer/web': {
    ...{ ...WEB, addresses: at(1) },
    weights: [{ of: { kind: 'member', id: idOf(3) }, weight: 3 }],
  },
  'balancer/shop': SHOP,
  'balancer/dns': {
    ...{ ...WEB, addresses: at(3), mode: 'random', port: 53, check: { kind: 'none' } },
    listen: { protocol: 'udp', ports: [53, 53] },
  },
  'balancer/files': {
    ...{ ...WEB, addresses: at(4), port: 3_000 },
    listen: { protocol: 'tcp', ports: [2_000, 2_003] },
  },
  'balancer/wide': {
    ...{ ...WEB, addresses: at(5), port: 10_000 },
    listen: { protocol: 'tcp', ports: [10_000, 19_999] },
  },
  'balancer/empty': { ...WEB, addresses: at(6), to: [{ kind: 'group', name: 'none' }] },
};

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
  ...{ made: new Set([TABLE_UNDO]), sights: new Map(), recoveredAtMs: null },
});

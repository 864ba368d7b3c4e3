/**
 * Rule: endpoints — where a member may be reached, best first.
 *
 * What an operator told it to advertise, then what its entry saw it come from (the public side of
 * a 1:1 NAT), then the addresses of its own interfaces (right within one site). Addresses inside
 * the overlay are never among them.
 */
import type { Endpoint } from '../ports.ts';
import { contains } from './addresses.ts';
import type { Member, MeshInfo } from './view.ts';

/** Whether an address lies inside the mesh's own prefixes. */
export const isOverlay = (mesh: Pick<MeshInfo, 'prefix' | 'prefix6'>, host: string): boolean =>
  contains(mesh.prefix, host) || contains(mesh.prefix6, host);

/** The member's endpoints, best first, without repeats. Empty while it has said nothing. */
export function endpointsOf(
  member: Pick<Member, 'endpoints'>,
  mesh: Pick<MeshInfo, 'prefix' | 'prefix6'>,
): readonly Endpoint[] {
  const said = member.endpoints;
  if (said === null) return [];
  const last = known.get(said);
  if (last?.mesh === mesh) return last.endpoints;
  const all = [
    ...(said.advertised === null ? [] : [said.advertised]),
    ...(said.observed === null ? [] : [said.observed]),
    ...said.local.map((host) => ({ host, port: said.port })),
  ];
  const endpoints = distinct(all.filter(({ host }) => !isOverlay(mesh, host)));
  known.set(said, { mesh, endpoints });
  return endpoints;
}

/** What members say does not change, and is asked for again and again. */
const known = new WeakMap<
  object,
  { readonly mesh: object; readonly endpoints: readonly Endpoint[] }
>();

/** The endpoints without repeats, in order. */
export const distinct = (endpoints: readonly Endpoint[]): readonly Endpoint[] => [
  ...new Map(endpoints.map((endpoint) => [`${endpoint.host} ${endpoint.port}`, endpoint])).values(),
];

/**
 * An endpoint as people and programs write it: `192.0.2.1:7300`, `[2001:db8::5]:7300`. Whoever
 * takes one as text takes it so.
 */
export const endpointText = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const MAPPED = '::ffff:';

/** The host as it is named elsewhere: sockets of both families name IPv4 ones `::ffff:a.b.c.d`. */
export const plainHost = (host: string): string =>
  host.startsWith(MAPPED) ? host.slice(MAPPED.length) : host;

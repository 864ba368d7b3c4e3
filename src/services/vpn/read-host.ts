/**
 * Rule: vpn read host — what `ip` says of links, addresses, routes and paths.
 *
 * Of a batch each line prints a list of its own; a line that failed prints none. What an object is
 * shows in what it has, so no list need be told from another.
 */
import * as z from 'zod/mini';
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { HostResult } from '../../ports.ts';
import type { ObservedLink, ObservedPath, ObservedRoute, OtherAddress, Reading } from './state.ts';

const linkSchema = z.object({
  ifname: z.string(),
  mtu: z.number(),
  flags: z.array(z.string()),
  linkinfo: z.optional(
    z.object({
      info_kind: z.optional(z.string()),
      info_data: z.optional(z.object({ persist: z.optional(z.boolean()) })),
    }),
  ),
  addr_info: z.array(
    z.object({
      local: z.optional(z.string()),
      prefixlen: z.optional(z.number()),
      scope: z.optional(z.string()),
    }),
  ),
});

const routeSchema = z.object({
  dst: z.string(),
  type: z.optional(z.string()),
  dev: z.optional(z.string()),
  table: z.optional(z.string()),
  protocol: z.optional(z.string()),
  nexthops: z.optional(z.array(z.object({ dev: z.optional(z.string()) }))),
  metrics: z.optional(z.array(z.object({ mtu: z.optional(z.number()) }))),
});

/** What the batch on links, addresses and routes printed. */
export interface HostReading {
  readonly link: ObservedLink | null;
  readonly addresses: readonly string[];
  readonly others: readonly OtherAddress[];
  readonly mtus: Readonly<Record<string, number>>;
  readonly routes: readonly ObservedRoute[];
}

/** Reads that batch. Every host has a loopback: without a link nothing was understood. */
export const readHost = (
  result: HostResult | undefined,
  ownInterface: string,
): Reading<HostReading> => {
  const objects = finish(readLists(result, 'ip -j -d -batch: address show, route show', UNMETERED));
  if (!objects.ok) return objects;
  const links = objects.value.flatMap((object) => linkSchema.safeParse(object).data ?? []);
  const routes = objects.value.flatMap((object) => routeSchema.safeParse(object).data ?? []);
  if (links.length === 0) {
    const said = result?.stderr.trim() ?? '';
    const why = said === '' ? 'its output describes no interface; check the ip tool' : said;
    return { ok: false, why: `ip -j -d address show: ${why}` };
  }
  const own = links.find(({ ifname }) => ifname === ownInterface);
  const value: HostReading = {
    link: own === undefined ? null : linkOf(own),
    addresses: own === undefined ? [] : addressesOf(own),
    others: links
      .filter((link) => link !== own)
      .flatMap((link) => addressesOf(link).map((address) => ({ interface: link.ifname, address }))),
    mtus: Object.fromEntries(links.map(({ ifname, mtu }) => [ifname, mtu])),
    routes: routes.map(routeOf),
  };
  return { ok: true, value };
};

type Paths = Readonly<Record<string, ObservedPath>>;

/** Reads the batch of `route get`. An address to which there is no way is absent. */
export const readPaths = (result: HostResult | undefined): Reading<Paths> =>
  result === undefined ? { ok: true, value: {} } : finish(pathsInPieces(result, UNMETERED));

/** The same, in pieces. It is remembered of a result. */
export function* pathsInPieces(result: HostResult, meter: Meter): Generator<void, Reading<Paths>> {
  const reading = pathsOf.get(result) ?? (yield* pathsIn(result, meter));
  pathsOf.set(result, reading);
  return reading;
}

const pathsOf = new WeakMap<HostResult, Reading<Paths>>();

/** Times to parse a list of one, and to read what is in it. Unit: ms, as measured. */
const [LIST_MS, ROUTE_MS] = [0.004, 0.01];

function* pathsIn(result: HostResult, meter: Meter): Generator<void, Reading<Paths>> {
  const objects = yield* readLists(result, 'ip -j -batch: route get', meter);
  if (!objects.ok) return objects;
  const paths = new Map<string, ObservedPath>();
  for (const object of objects.value) {
    if (meter.isDue(ROUTE_MS)) yield;
    const route = routeSchema.safeParse(object).data;
    if (route?.dev === undefined) continue;
    const mtu = route.metrics?.find((metric) => metric.mtu !== undefined)?.mtu ?? null;
    paths.set(route.dst, { interface: route.dev, mtu });
  }
  return { ok: true, value: Object.fromEntries(paths) };
}

/** All objects of all lists. */
function* readLists(
  result: HostResult | undefined,
  what: string,
  meter: Meter,
): Generator<void, Reading<readonly unknown[]>> {
  if (result === undefined) return { ok: false, why: `${what}: not run` };
  const values: unknown[] = [];
  for (const text of result.stdout.split(/\n|(?<=\])(?=\[)/)) {
    if (text.trim() === '') continue;
    try {
      values.push(JSON.parse(text));
    } catch {
      return unlisted(what);
    }
    if (meter.isDue(LIST_MS)) yield;
  }
  return values.every((value) => Array.isArray(value))
    ? { ok: true, value: values.flat() }
    : unlisted(what);
}

const unlisted = (what: string): Reading<never> => ({
  ok: false,
  why: `${what}: its output is no JSON list; iproute2 5 or later is needed`,
});

const linkOf = ({ flags, mtu, linkinfo }: z.infer<typeof linkSchema>): ObservedLink => ({
  kind: linkinfo?.info_kind ?? '',
  isPersistent: linkinfo?.info_data?.persist ?? false,
  isUp: flags.includes('UP'),
  mtu,
});

/** Those that last: the kernel's own for the link alone are left out. */
const addressesOf = ({ addr_info }: z.infer<typeof linkSchema>): readonly string[] =>
  addr_info.flatMap(({ local, prefixlen, scope }) =>
    local === undefined || prefixlen === undefined || scope === 'link'
      ? []
      : [`${local}/${prefixlen}`],
  );

const routeOf = (route: z.infer<typeof routeSchema>): ObservedRoute => {
  const { dst, type, dev, table, protocol, nexthops = [] } = route;
  const devices = [dev, ...nexthops.map((hop) => hop.dev)];
  const length = dst.includes(':') ? 128 : 32;
  return {
    prefix: dst.includes('/') ? dst : `${dst}/${length}`,
    type: type ?? 'unicast',
    interfaces: devices.filter((name) => name !== undefined),
    table: table ?? 'main',
    protocol: protocol ?? 'boot',
  };
};

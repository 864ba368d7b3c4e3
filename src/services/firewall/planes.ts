/**
 * Rule: firewall planes — whether a change takes a member out of the mesh: closes what carries it,
 * or all that it carries, to everybody.
 *
 * New connections that are tried do not tell: nobody answers UDP, and a way that is closed may have
 * been so before, by a NAT. The rules do tell.
 * 1. A way is cut where the rules of both ends let nothing pass, whoever opens it, and did.
 */

import { endpointsOf } from '../../crdt/endpoints.ts';
import type { Member, View } from '../../crdt/view.ts';
import { single } from '../port-ranges.ts';
import type { Zone } from '../selectors/schemas.table.ts';
import type { Self } from '../service.ts';
import { type Flow, judge } from './judge.ts';
import { type Lane, lanesOf, type Site } from './lane.ts';
import { narrow } from './narrow.ts';
import type { Direction } from './schemas.table.ts';
import { ownAddress } from './trial-site.ts';
import { mainFlowsOf } from './verbs/ends.ts';
import { PROBES } from './verbs/overlay-ways.ts';
import { isEnforcing } from './verbs/sites.ts';

/** A site as it is, and as it would be. */
interface Change {
  readonly before: Site;
  readonly after: Site;
}

/** What this member knows of itself. */
type Own = Pick<Self, 'port' | 'seen'>;

/** Members whose own rules are looked at as well: each costs as much as this VM's own. */
const OTHERS_MAX = 4;

/** What a change would close to everybody, in words, or null. */
export const planeCutBy = (change: Change, own: Own): string | null => {
  const { view, member } = change.before;
  const here = view.members.find(({ id }) => id === member);
  const present = view.members.filter(({ id, hasLeft }) => id !== member && !hasLeft);
  const connected = present.filter(({ id }) => own.seen.has(id));
  const others = connected.length > 0 ? connected : present;
  if (here === undefined || others.length === 0) return null;
  const lanes = [change.before, change.after].map(lanesOf);
  const seen = others.map(({ id }) => [id, own.seen.get(id) ?? null]);
  const key = JSON.stringify([own.port, change.before.openings, seen]);
  const last = known.get(change.after.view);
  if (last?.key === key && last.lanes.every((each, at) => each === lanes[at])) return last.what;
  const cut = PLANES.find(({ zone, waysOf }) =>
    others.every((each, index) =>
      isCut(change, own, {
        ...waysOf(here, each, change.before, own),
        ...{ zone, other: index < OTHERS_MAX ? each : null },
      }),
    ),
  );
  const what = cut === undefined ? null : `${cut.what(own)} any of ${others.length} members`;
  known.set(change.after.view, { key, lanes, what });
  return what;
};

/** The last answer, by the view that would be, and by what it was found. */
const known = new WeakMap<View, Answer>();

interface Answer {
  readonly key: string;
  readonly lanes: readonly (readonly Lane[])[];
  readonly what: string | null;
}

/** Connections that either end may open. */
interface Ways {
  readonly out: readonly Flow[];
  readonly in: readonly Flow[];
}

interface Plane {
  readonly zone: Zone;
  readonly what: (own: Own) => string;
  readonly waysOf: (here: Member, other: Member, site: Site, own: Own) => Ways;
}

/** What carries the mesh, by each protocol, and all that passes in it. */
const PLANES: readonly Plane[] = [
  ...(['udp', 'tcp'] as const).map(
    (protocol): Plane => ({
      zone: 'wan',
      what: ({ port }) => `no ${protocol}/${port} would pass between here and`,
      waysOf: (_here, other, site, own) => {
        const [said] = endpointsOf(other, site.view.mesh);
        const to = own.seen.get(other.id) ?? said;
        if (to === undefined) return { out: [], in: [] };
        const { host, port } = to;
        // Behind a NAT it is not known by which one it goes out.
        const from = ownAddress(site, 'wan', host) ?? host;
        return {
          out: [{ protocol, source: from, destination: host, value: port }],
          in: [{ protocol, source: host, destination: from, value: own.port }],
        };
      },
    }),
  ),
  {
    zone: 'mesh',
    what: () => 'nothing would pass over the VPN between here and',
    waysOf: (here, other) => {
      const [a, b] = [here, other].map((member) => ({ kind: 'member', member }) as const);
      const between = (from = a, to = b): readonly Flow[] =>
        from === undefined || to === undefined
          ? []
          : PROBES.flatMap((probe) => mainFlowsOf(from, to, 'mesh', probe));
      return { out: between(a, b), in: between(b, a) };
    },
  },
];

/** Both ends of a way. `other`: null, where its rules are not looked at. */
interface Pair extends Ways {
  readonly zone: Zone;
  readonly other: Member | null;
}

const isCut = ({ before, after }: Change, own: Own, pair: Pair): boolean => {
  const { zone, other } = pair;
  const openAt = (site: Site): Ways => ({
    out: pair.out.filter((flow) => allows(site, zone, 'out', flow)),
    in: pair.in.filter((flow) => allows(site, zone, 'in', flow)),
  });
  const left = openAt(after);
  // Where something may go and come here, the other end sees by itself whether that is cut there.
  if (left.out.some((flow) => left.in.some((back) => isBack(flow, back)))) return false;
  const passes = (site: Site, ways: Ways): boolean => {
    if (other === null || !isEnforcing(other)) return ways.out.length + ways.in.length > 0;
    const there = siteOf(site, other, own);
    return (
      ways.out.some((flow) => allows(there, zone, 'in', flow)) ||
      ways.in.some((flow) => allows(there, zone, 'out', flow))
    );
  };
  return (other === null || !passes(after, left)) && passes(before, openAt(before));
};

const isBack = (flow: Flow, back: Flow): boolean =>
  flow.protocol === back.protocol && flow.source === back.destination;

const allows = (site: Site, zone: Zone, direction: Direction, flow: Flow): boolean => {
  const lane = lanesOf(site).find((each) => each.zone === zone && each.direction === direction);
  return lane === undefined || judge(narrow(lane, flow), flow).action === 'allow';
};

/** Another member's host, as it is known from here: all have the same services, at their port. */
const siteOf = (site: Site, { id, endpoints }: Member, { port }: Own): Site => ({
  ...site,
  member: id,
  openings: site.openings.map((each) =>
    each.zone === 'wan' && each.ports[0] === port
      ? { ...each, ports: single(endpoints?.port ?? port) }
      : each,
  ),
  lacking: [],
});

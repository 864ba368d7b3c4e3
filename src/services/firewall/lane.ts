/**
 * Rule: firewall lane — what decides on connections of one zone in one direction at one member.
 *
 * The reference (`judge.ts`) and the compiler (`compile-lane.ts`) both start from it, so what a
 * selector means and in which order rules decide is settled here, once.
 * 1. What no rule decides on is let through where a guard says so, whatever the default is: nobody
 *    is locked out by a default. A rule can.
 * 2. A rule speaks of a connection by its opener's first packet: destination port, and the address
 *    at the far end (`from` of `in`, `to` of `out`) and at the near one.
 */
import type { MemberId } from '../../crdt/ids.ts';
import type { Meter } from '../../crdt/meter.ts';
import type { View } from '../../crdt/view.ts';
import { single } from '../port-ranges.ts';
import type { PortRange } from '../schema-parts.ts';
import { type Cidr, hostCidr } from '../selectors/cidr.ts';
import type { Selector, Zone } from '../selectors/schemas.table.ts';
import { addressesOf, type Meant, membersOf, type Who } from '../selectors/selectors.ts';
import type { Opening } from '../service.ts';
import { type Lack, leftOf, type Withheld } from './lacking.ts';
import { knownLane } from './lane-memo.ts';
import { type Default, defaultOf, isInForce, policyOf, type Rule } from './policy.ts';
import type { Direction, Protocol } from './schemas.table.ts';

/** Where the rules are to be enforced, and when. */
export interface Site {
  readonly view: View;
  readonly member: MemberId;
  /** Name of the overlay's interface there. */
  readonly interface: string;
  /** What the services there need open. */
  readonly openings: readonly Opening[];
  /** Unix ms. */
  readonly wallMs: number;
  /** What the host cannot; absent: nothing is known to lack. */
  readonly lacking?: readonly Lack[];
}

/** A rule as it counts here. */
export interface Clause {
  readonly rule: Rule;
  readonly protocol: Protocol;
  readonly ports: readonly PortRange[] | null;
  readonly types: readonly number[] | null;
  readonly remote: Meant;
  readonly local: Meant;
  /** Whether members come into `remote` or `local`, which then may change at any time. */
  readonly isMoving: boolean;
}

/** What stays open whatever the default is. */
export interface Guard {
  readonly why: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6';
  /** Destination ports, or types of ICMP. */
  readonly values: readonly PortRange[];
  readonly remote: Meant;
  /** Its ports come and go at any time, with those of all guards for the same. */
  readonly moving?: 'ways to the members' | 'services';
}

export interface Lane {
  readonly zone: Zone;
  readonly direction: Direction;
  /** In the order in which they decide. */
  readonly clauses: readonly Clause[];
  /** They decide nothing: what they would have decided on is logged, whoever decides on it. */
  readonly audits: readonly Clause[];
  readonly guards: readonly Guard[];
  readonly fallback: Default;
  /** The host cannot log. */
  readonly isSilent?: true;
}

/** Lanes on trial. */
export interface Trialling {
  readonly id: string;
  readonly lanes: readonly Lane[];
  /** How long from its first application. Unit: s. */
  readonly seconds: number;
  /** What is left of it where the kernel knows nothing of it. Unit: s. */
  readonly leftSeconds: number;
}

/**
 * A trial that was begun here and whose words still stand. `why`: it was withdrawn, and why.
 * `kept`: what is to be remembered of the time before it.
 */
export interface Tried {
  readonly id: string;
  readonly why: string | null;
  readonly kept: readonly string[];
}

/** What the fallback of a lane does; audited, it forbids nothing. */
export const fallbackAction = ({ fallback }: Lane): Default['action'] =>
  fallback.audit === true ? 'allow' : fallback.action;

/** Whether anything here is decided or logged. */
export const isActive = ({ clauses, audits, fallback }: Lane): boolean =>
  clauses.length > 0 || audits.length > 0 || fallback.action !== 'allow';

/** The four lanes of a member. The same objects as long as nothing of it changes. */
export const lanesOf = (site: Site): readonly Lane[] =>
  leftOf(allLanesOf(site), site.lacking ?? []).lanes;

/** What of them does not do there all that it says. */
export const withheldOf = (site: Site): Withheld =>
  leftOf(allLanesOf(site), site.lacking ?? []).withheld;

const allLanesOf = (site: Site): readonly Lane[] => {
  const { view, member, openings, wallMs } = site;
  const ended = policyOf(view).rules.flatMap(({ name, expiry }) =>
    expiry !== undefined && expiry <= wallMs ? [name] : [],
  );
  const key = JSON.stringify([member, site.interface, openings, ended]);
  const lanes = lanesIn(view);
  const found = lanes.get(key) ?? findLanes(site);
  lanes.delete(key);
  lanes.set(key, found);
  for (const oldest of lanes.keys()) {
    if (lanes.size <= SITES_MAX) break;
    lanes.delete(oldest);
  }
  return found;
};

/** Sites of a view whose lanes are remembered: this VM's, beside those that it asks about. */
const SITES_MAX = 32;

const lanesIn = (view: View): Map<string, readonly Lane[]> => {
  const lanes = known.get(view) ?? new Map<string, readonly Lane[]>();
  known.set(view, lanes);
  return lanes;
};

/** Time to find out what a rule means here. Unit: ms, as measured. */
const CLAUSE_MS = 0.01;

/** Finds out in pieces what the rules of a view mean, so that its lanes are soon put together. */
export function* digestLanes(view: View, meter: Meter): Generator<void, void> {
  const { rules, groups } = policyOf(view);
  const clauses = clausesOf.get(view);
  for (const rule of rules) {
    if (clauses?.has(rule) === true) continue;
    clauseOf({ view, groups }, rule);
    enforcersOf({ view, groups }, rule);
    if (meter.isDue(CLAUSE_MS)) yield;
  }
}

/** By what a site is beside its view; what was asked for last is the last. */
const known = new WeakMap<View, Map<string, readonly Lane[]>>();

const findLanes = (site: Site): readonly Lane[] => {
  const policy = policyOf(site.view);
  const who = { view: site.view, groups: policy.groups };
  const rules = policy.rules.filter(
    (rule) => isInForce(rule, site.wallMs) && enforcersOf(who, rule)?.has(site.member) !== false,
  );
  const clausesAt = Map.groupBy(
    rules.map((rule) => clauseOf(who, rule)),
    ({ rule }) => `${rule.zone} ${rule.direction}`,
  );
  return policy.defaults.map(({ zone, direction }): Lane => {
    const clauses = clausesAt.get(`${zone} ${direction}`) ?? [];
    return knownLane({
      ...{ zone, direction },
      clauses: clauses.filter(({ rule }) => rule.audit !== true),
      audits: clauses.filter(({ rule }) => rule.audit === true),
      guards: guardsOf(site, zone, direction),
      fallback: defaultOf(policy, zone, direction),
    });
  });
};

/** Who enforces a rule; null: everybody. The same object for the same rule of a view. */
const enforcersOf = (who: Who, rule: Rule): ReadonlySet<MemberId> | null => {
  if (rule.on === undefined) return null;
  const enforcers = enforcersIn.get(who.view) ?? new Map<Rule, ReadonlySet<MemberId>>();
  const found = enforcers.get(rule) ?? membersOf(who, rule.on);
  enforcersIn.set(who.view, enforcers.set(rule, found));
  return found;
};

const enforcersIn = new WeakMap<View, Map<Rule, ReadonlySet<MemberId>>>();

/** The same object for the same rule of a view: it means the same on every member. */
const clauseOf = (who: Who, rule: Rule): Clause => {
  const clauses = clausesOf.get(who.view) ?? new Map<Rule, Clause>();
  const known = clauses.get(rule);
  if (known !== undefined) return known;
  const { direction, zone } = rule;
  const [far, near] = direction === 'in' ? [rule.from, rule.to] : [rule.to, rule.from];
  const clause = {
    rule,
    protocol: rule.protocol,
    ports: rule.ports ?? null,
    types: rule.types ?? null,
    remote: addressesOf(who, far, zone),
    local: addressesOf(who, near, zone),
    isMoving: [...(far ?? []), ...(near ?? [])].some(isMoving),
  };
  clausesOf.set(who.view, clauses.set(rule, clause));
  return clause;
};

const clausesOf = new WeakMap<View, Map<Rule, Clause>>();

const isMoving = ({ kind }: Selector): boolean => kind !== 'cidr' && kind !== 'any';

/** Types that ask for an echo. */
const ECHO = { icmp: 8, icmpv6: 128 } as const;
/** Without them a VM loses its address: RFC 2131, RFC 8415. */
const DHCP = { in: [68, 546], out: [67, 547] } as const;

const guardsOf = (site: Site, zone: Zone, direction: Direction): readonly Guard[] => {
  const echoes = (['icmp', 'icmpv6'] as const).map(
    (protocol): Guard => ({
      why: 'echo',
      protocol,
      values: [single(ECHO[protocol])],
      remote: null,
    }),
  );
  const dhcp: Guard = {
    why: 'DHCP',
    protocol: 'udp',
    values: DHCP[direction].map(single),
    remote: null,
  };
  const opened = direction === 'in' ? openedIn(site, zone) : openedOut(site, zone);
  return [...opened, ...(zone === 'wan' ? [dhcp] : []), ...echoes];
};

const openedIn = ({ view, openings }: Site, zone: Zone): readonly Guard[] => [
  ...openings
    .filter((opening) => opening.zone === zone)
    .map(
      ({ protocol, ports, why }): Guard => ({
        ...{ why, protocol, values: [ports], remote: null },
        ...(zone === 'mesh' ? { moving: 'services' } : {}),
      }),
    ),
  ...(defaultOf(policyOf(view), zone, 'in').management ?? []).map(
    ({ address, port }): Guard => ({
      ...{ why: 'management', protocol: 'tcp', values: [single(port)] },
      remote: [hostCidr(address)] satisfies readonly Cidr[],
    }),
  ),
];

/** Ways to the other members: without them a default would cut this VM off from its operators. */
const openedOut = ({ view }: Site, zone: Zone): readonly Guard[] => {
  if (zone === 'mesh') return [];
  const ports = view.members.flatMap(({ endpoints }) =>
    endpoints === null
      ? []
      : [endpoints.port, endpoints.advertised?.port, endpoints.observed?.port],
  );
  const values = [...new Set(ports)].flatMap((port) => port ?? []).toSorted((a, b) => a - b);
  return (['tcp', 'udp'] as const).map((protocol): Guard => {
    const moving = 'ways to the members';
    return { why: moving, protocol, values: values.map(single), remote: null, moving };
  });
};

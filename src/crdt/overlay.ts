/**
 * Rule: overlay — which name and which IPv4 address each member has, after the ties that a
 * partition can leave.
 *
 * 1. Order: the founder, then number of the invite, id of the invite (none first), member id. The
 *    first holder keeps it.
 * 2. Who loses an address has the one that it claimed for itself, while that is nobody's by
 *    enrolment and no senior loser claims it; else none. Who loses a name is shown with the
 *    beginning of its id.
 * 3. Who has left holds nothing, so it ties with nobody.
 */
import type { MemberId } from './ids.ts';
import type { Enrolment } from './membership.ts';
import { compareText } from './statements.ts';
import type { Alarm } from './view.ts';

/** A member in the overlay: how it was enrolled, and what it says since. */
export interface Tenant extends Enrolment {
  readonly isFounder: boolean;
  /** Its own `member/ipv4`, or null. */
  readonly claim: string | null;
  readonly hasLeft: boolean;
}

export interface Tenancy {
  readonly name: string;
  readonly ipv4: string | null;
}

export interface Overlay {
  readonly tenancies: ReadonlyMap<MemberId, Tenancy>;
  readonly alarms: readonly Alarm[];
}

/** Longest name that is a DNS label. Unit: characters. RFC 1035. */
const NAME_LENGTH_MAX = 63;
/** How much of its id the loser of a name shows at least. Unit: characters. 4 are 20 bits. */
const MARK_LENGTH_MIN = 4;

/** Settles all ties. Alarms are not sorted. */
export function settleOverlay(tenants: readonly Tenant[]): Overlay {
  const present = tenants.filter(({ hasLeft }) => !hasLeft).sort(compareTenants);
  const addresses = settleAddresses(present);
  const names = settleNames(present);
  const tenancies = new Map<MemberId, Tenancy>();
  const alarms: Alarm[] = [];
  for (const enrolled of tenants) {
    const { id, hasLeft } = enrolled;
    const name = hasLeft ? enrolled.name : (names.get(id) ?? enrolled.name);
    const ipv4 = hasLeft ? enrolled.ipv4 : (addresses.get(id) ?? null);
    if (name !== enrolled.name) alarms.push({ kind: 'name-tie', about: id });
    if (ipv4 !== enrolled.ipv4) alarms.push({ kind: 'address-tie', about: id });
    tenancies.set(id, { name, ipv4 });
  }
  return { tenancies, alarms };
}

const compareTenants = (a: Tenant, b: Tenant): number =>
  Number(b.isFounder) - Number(a.isFounder) ||
  a.number - b.number ||
  compareText(a.invite ?? '', b.invite ?? '') ||
  compareText(a.id, b.id);

/** The address of each that has one. */
const settleAddresses = (present: readonly Tenant[]): ReadonlyMap<MemberId, string> => {
  const held = new Set(present.map(({ ipv4 }) => ipv4));
  const kept = new Set<string>();
  const addresses = new Map<MemberId, string>();
  for (const { id, ipv4, claim } of present) {
    if (!kept.has(ipv4)) {
      kept.add(ipv4);
      addresses.set(id, ipv4);
    } else if (claim !== null && !held.has(claim)) {
      held.add(claim);
      addresses.set(id, claim);
    }
  }
  return addresses;
};

const settleNames = (present: readonly Tenant[]): ReadonlyMap<MemberId, string> => {
  const held = new Set(present.map(({ name }) => name));
  const kept = new Set<string>();
  const names = new Map<MemberId, string>();
  for (const { id, name } of present) {
    const shown = kept.has(name) ? markedName(name, id, held) : name;
    kept.add(name);
    held.add(shown);
    names.set(id, shown);
  }
  return names;
};

/** The name with as much of the id as nobody else's name already is. */
const markedName = (name: string, id: MemberId, held: ReadonlySet<string>): string => {
  let marked = name;
  for (let length = MARK_LENGTH_MIN; length <= id.length; length++) {
    marked = `${name.slice(0, NAME_LENGTH_MAX - 1 - length)}-${id.slice(0, length)}`;
    if (!held.has(marked)) return marked;
  }
  return marked;
};

/**
 * Rule: firewall judge — what becomes of one new connection, rule by rule: slow and plain. It is
 * the reference for what is compiled into the kernel, and what `trace` asks.
 */
import type { PortRange } from '../schema-parts.ts';
import { addressNumber, type Family } from '../selectors/cidr.ts';
import type { Meant } from '../selectors/selectors.ts';
import { type Clause, fallbackAction, type Guard, type Lane } from './lane.ts';
import { compareRules } from './policy.ts';
import type { Action } from './schemas.table.ts';

/** A new connection, as its opener's first packet shows it. */
export interface Flow {
  /** `other`: a protocol without ports and types. */
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'icmpv6' | 'other';
  readonly source: string;
  readonly destination: string;
  /** Destination port of tcp and udp, type of ICMP, else 0. */
  readonly value: number;
}

/** Who decided. `default`: no rule and no guard did. */
export type Decider =
  | { readonly kind: 'essential' }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'guard'; readonly why: string }
  | { readonly kind: 'default' };

/** What becomes of it, and why. Rates and numbers of connections are taken as not exhausted. */
export interface Judgement {
  readonly action: Action;
  readonly by: Decider;
  /** Audited rules that would have decided on it. */
  readonly audits: readonly string[];
}

/**
 * ICMP without which networks do not work: errors, path MTU, neighbours, multicast groups. Nothing
 * forbids them.
 */
export const ESSENTIAL = {
  icmp: [3, 11, 12],
  icmpv6: [1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143],
} as const;

/** Judges a connection in its lane. */
export const judge = (lane: Lane, flow: Flow): Judgement => {
  const ends = endsOf(lane, flow);
  const clause = lane.clauses.find((each) => isMatch(each, flow, ends));
  const audits = lane.audits
    .filter((each) => clause === undefined || compareRules(each.rule, clause.rule) < 0)
    .filter((each) => isMatch(each, flow, ends))
    .map(({ rule }) => rule.name);
  const decided = (action: Action, by: Decider): Judgement => ({ action, by, audits });
  if (flow.protocol === 'icmp' || flow.protocol === 'icmpv6') {
    const essential: readonly number[] = ESSENTIAL[flow.protocol];
    // Nothing would drop it.
    if (essential.includes(flow.value)) {
      return { action: 'allow', by: { kind: 'essential' }, audits: [] };
    }
  }
  if (clause !== undefined) {
    return decided(clause.rule.action, { kind: 'rule', name: clause.rule.name });
  }
  const guard = lane.guards.find((each) => isGuarded(each, flow, ends));
  if (guard !== undefined) return decided('allow', { kind: 'guard', why: guard.why });
  return decided(fallbackAction(lane), { kind: 'default' });
};

interface Ends {
  readonly remote: Address | null;
  readonly local: Address | null;
}
type Address = { readonly family: Family; readonly value: bigint };

const endsOf = ({ direction }: Lane, { source, destination }: Flow): Ends => {
  const [from, to] = [addressNumber(source), addressNumber(destination)];
  return direction === 'in' ? { remote: from, local: to } : { remote: to, local: from };
};

const isMatch = (clause: Clause, { protocol, value }: Flow, { remote, local }: Ends): boolean => {
  if (clause.protocol !== 'any' && clause.protocol !== protocol) return false;
  if (clause.ports !== null && !isAmong(clause.ports, value)) {
    return false;
  }
  if (clause.types?.includes(value) === false) return false;
  return isMeant(clause.remote, remote) && isMeant(clause.local, local);
};

const isGuarded = (guard: Guard, { protocol, value }: Flow, { remote }: Ends): boolean =>
  guard.protocol === protocol && isAmong(guard.values, value) && isMeant(guard.remote, remote);

const isAmong = (ranges: readonly PortRange[], value: number): boolean =>
  ranges.some(([first, last]) => first <= value && value <= last);

const isMeant = (meant: Meant, address: Address | null): boolean =>
  meant === null ||
  (address !== null &&
    meant.some(
      ({ family, first, last }) =>
        family === address.family && first <= address.value && address.value <= last,
    ));

/**
 * Rule: firewall narrow — of a lane with very many rules, those that can decide on a connection, so
 * that judging it costs as much as they are, and not as much as the policy is.
 *
 * 1. Sound: judging the narrowed lane gives what judging the whole one gives. Left out are rules of
 *    another protocol, port or type, and those that name other hosts only.
 */
import { addressNumber } from '../selectors/cidr.ts';
import type { Flow } from './judge.ts';
import type { Clause, Lane } from './lane.ts';

/** The lane without clauses that cannot match. */
export const narrow = (lane: Lane, flow: Flow): Lane => {
  const { byHost, others } = docketOf(lane, flow);
  const remote = addressNumber(lane.direction === 'in' ? flow.source : flow.destination);
  const named = remote === null ? [] : (byHost.get(hostKey(remote.family, remote.value)) ?? []);
  const entries = named.length === 0 ? others : [...named, ...others];
  const clauses = entries.toSorted((a, b) => a.place - b.place).map(({ clause }) => clause);
  return { ...lane, clauses };
};

/** A clause, and its place among those of its lane. */
interface Entry {
  readonly clause: Clause;
  readonly place: number;
}

/** Clauses of one protocol and port or type: by the hosts that they name, and the rest. */
interface Docket {
  readonly byHost: ReadonlyMap<string, readonly Entry[]>;
  readonly others: readonly Entry[];
}

const dockets = new WeakMap<Lane, Map<string, Docket>>();

const docketOf = (lane: Lane, { protocol, value }: Flow): Docket => {
  const known = dockets.get(lane) ?? new Map<string, Docket>();
  const key = `${protocol} ${value}`;
  const docket = known.get(key) ?? openDocket(lane, protocol, value);
  dockets.set(lane, known.set(key, docket));
  return docket;
};

const openDocket = (lane: Lane, protocol: Flow['protocol'], value: number): Docket => {
  const byHost = new Map<string, Entry[]>();
  const others: Entry[] = [];
  for (const [place, clause] of lane.clauses.entries()) {
    if (!isOf(clause, protocol, value)) continue;
    const entry = { clause, place };
    const { remote } = clause;
    if (remote === null || remote.some(({ first, last }) => first !== last)) {
      others.push(entry);
      continue;
    }
    for (const { family, first } of remote) {
      const key = hostKey(family, first);
      const entries = byHost.get(key);
      if (entries === undefined) byHost.set(key, [entry]);
      else entries.push(entry);
    }
  }
  return { byHost, others };
};

const isOf = (clause: Clause, protocol: Flow['protocol'], value: number): boolean => {
  if (clause.protocol !== 'any' && clause.protocol !== protocol) return false;
  if (clause.types !== null && !clause.types.includes(value)) return false;
  return clause.ports?.some(([first, last]) => first <= value && value <= last) !== false;
};

const hostKey = (family: string, value: bigint): string => `${family} ${value}`;

/**
 * Rule: firewall peril — which rules are tried in their turn though they are exact just now, so
 * that members come and go as elements alone.
 *
 * Who decides on an exact key may depend on the near end, where rules that ask for it go before. If
 * they mean members, they may come to mean an address that they do not mean now.
 */
import type { Cover } from './cover.ts';
import type { Clause } from './lane.ts';
import { isAudit, outcomeOf } from './outcome.ts';
import type { ExactKey } from './sort-lane.ts';

/** The place of a clause among those of its lane. */
export type OrderOf = (of: { readonly clause: Clause }) => number;

/** What else may decide on a key, whoever comes: also the first that is for all who come. */
type Rivals = (key: ExactKey) => readonly Clause[];

/** Finds them. `wideAt`: the first that is for all who come, on the port of a key. */
export const rivalsIn = (cover: Cover, wideAt: (key: ExactKey) => ExactKey | undefined): Rivals => {
  const found = new Map<string, readonly Clause[]>();
  return (key) => {
    const text = `${key.protocol} ${key.port}`;
    const known = found.get(text);
    if (known !== undefined) return known;
    const of = { ...key, address: null };
    const wide = wideAt(of);
    const all = [...cover(of), ...(wide === undefined ? [] : [wide])].map(({ clause }) => clause);
    found.set(text, all);
    return all;
  };
};

/** By what it is found out who may decide on a key. */
interface Deciding {
  readonly rivals: Rivals;
  readonly cover: Cover;
  readonly orderOf: OrderOf;
}

/** A clause and its exact keys. */
interface Candidate {
  readonly clause: Clause;
  readonly hosts: readonly ExactKey[];
}

/**
 * Whether who decides on a key of this clause would depend on the near end as soon as some member
 * came: then it is tried in its turn already, so that members come and go as elements alone.
 */
export const isAtRisk = ({ clause, hosts }: Candidate, deciding: Deciding): boolean => {
  const { protocol, ports, remote, local, isMoving } = clause;
  if (isAudit(clause.rule) || remote === null || local !== null || ports === null) return false;
  if (protocol !== 'tcp' && protocol !== 'udp') return false;
  const { rivals, cover, orderOf } = deciding;
  const isBefore = (other: Clause): boolean => orderOf({ clause: other }) < orderOf({ clause });
  return ports.some(([port, last]) => {
    if (port !== last) return false;
    const before = rivals({ address: null, protocol, port, clause }).filter(isBefore);
    if (!isPeril(before, clause)) return false;
    if (isMoving) return true;
    // Its addresses stay, and some member may have one of them.
    if (!before.some((other) => other.isMoving)) return false;
    const always = before.filter((other) => other.isMoving || other.remote === null);
    return hosts.some((key) => {
      if (key.port !== port) return false;
      const there = cover(key).map((part) => part.clause);
      return isPeril([...always, ...there.filter(isBefore)], clause);
    });
  });
};

/** Whether one that asks for near ends and one of another verdict may decide before a clause. */
const isPeril = (before: readonly Clause[], clause: Clause): boolean =>
  before.some((other) => other.local !== null || isAudit(other.rule)) &&
  before.some((other) => outcomeOf(other) !== outcomeOf(clause));

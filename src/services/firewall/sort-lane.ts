/**
 * Rule: firewall sort lane — which parts of a lane's rules are exact, and so cost the same however
 * many there are, and which have to be tried one after the other.
 *
 * 1. `hosts`: address, protocol and port. Nothing more can be asked of a packet (a rule that asks
 *    for its near end aside), so which rule decides on such a key is settled here, whatever their
 *    order is.
 * 2. `ports`: protocol and port, whoever comes. They are asked after the hosts and before the
 *    ordered rules; one that an ordered rule of another verdict goes before is ordered too.
 * 3. Which rules are exact does not depend on which members there are just now: they come and go in
 *    sets and maps alone.
 * 4. An audit logs where it stands among the rules: what one before it decides on it would not
 *    have. Rules after it that it may log are tried in their turn.
 * 5. What is equal in verdict may be exchanged: then the one that was asked first counts it.
 */
import type { Meter } from '../../crdt/meter.ts';
import type { PortRange } from '../schema-parts.ts';
import type { Cidr } from '../selectors/cidr.ts';
import type { Meant } from '../selectors/selectors.ts';
import { openCover } from './cover.ts';
import type { Clause, Lane } from './lane.ts';
import { isAudit, outcomeOf } from './outcome.ts';
import { isAtRisk, type OrderOf, rivalsIn } from './peril.ts';
import { compareRules } from './policy.ts';

/** A key of `hosts` (with an address) or of `ports` (without), and the clause that decides. */
export interface ExactKey {
  readonly address: Cidr | null;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly clause: Clause;
}

/** A part of a clause that is tried in its turn. */
export interface OrderedPart {
  readonly clause: Clause;
  /** Unique within its clause. */
  readonly part: 'all' | 'hosts' | 'nets' | 'ports';
  readonly remote: Meant;
  readonly ports: readonly PortRange[] | null;
}

export interface SortedLane {
  /** Audits that no rule goes before. */
  readonly audits: readonly Clause[];
  readonly hosts: readonly ExactKey[];
  readonly ports: readonly ExactKey[];
  /** Audits that some rule goes before are among them. */
  readonly ordered: readonly OrderedPart[];
}

/** Sorts a lane, in pieces. The same object for the same lane. */
export function* sortInPieces(lane: Lane, meter: Meter): Generator<void, SortedLane> {
  const made = sortedLanes.get(lane) ?? (yield* sort(lane, meter));
  // Somebody else may have sorted it meanwhile.
  const sorted = sortedLanes.get(lane) ?? made;
  sortedLanes.set(lane, sorted);
  return sorted;
}

const sortedLanes = new WeakMap<Lane, SortedLane>();

/** Times to bring a clause into order, to cut it, and to settle a key. Unit: ms, as measured. */
const ORDER_MS = 0.001;
const CUT_MS = 0.003;
const SETTLE_MS = 0.003;

function* sort(lane: Lane, meter: Meter): Generator<void, SortedLane> {
  const clauses = [...lane.clauses, ...lane.audits].sort((a, b) => compareRules(a.rule, b.rule));
  const order = new Map(clauses.map((clause, index) => [clause, index]));
  const orderOf: OrderOf = ({ clause }) => order.get(clause) ?? 0;
  if (meter.isDue(clauses.length * ORDER_MS)) yield;
  const audits = lane.audits.filter((audit) => !isPreceded(lane, audit, orderOf));
  const pieces: Piece[] = [];
  for (const clause of clauses) {
    if (!audits.includes(clause)) pieces.push(cut(clause));
    if (meter.isDue(CUT_MS)) yield;
  }
  const wide = firstByKey(pieces.flatMap((piece) => piece.wide));
  const cover = openCover(pieces.flatMap((piece) => piece.others));
  const demoted = new Set<Clause>();
  const rivals = rivalsIn(cover, (key) => wide.get(keyOf(key)));
  for (const piece of pieces) {
    if (isAtRisk(piece, { rivals, cover, orderOf })) demoted.add(piece.clause);
    if (meter.isDue(SETTLE_MS)) yield;
  }
  const settled: { readonly key: ExactKey; readonly clause: Clause }[] = [];
  const exact = firstByKey(pieces.flatMap(({ hosts }) => hosts));
  if (meter.isDue(exact.size * ORDER_MS)) yield;
  for (const key of exact.values()) {
    const first = wide.get(keyOf({ ...key, address: null }));
    const start = first !== undefined && orderOf(first) < orderOf(key) ? first : key;
    const clause = settle(start, cover(key), orderOf);
    if (clause === null) demoted.add(key.clause);
    settled.push({ key, clause: clause ?? key.clause });
    if (meter.isDue(SETTLE_MS)) yield;
  }
  return sortedOf({ audits, pieces, demoted, settled, wide: [...wide.values()] }, orderOf);
}

/** What was found out of a lane. */
interface Findings {
  readonly audits: readonly Clause[];
  readonly pieces: readonly Piece[];
  readonly demoted: ReadonlySet<Clause>;
  readonly settled: readonly { readonly key: ExactKey; readonly clause: Clause }[];
  readonly wide: readonly ExactKey[];
}

const sortedOf = (
  { audits, pieces, demoted, settled, wide }: Findings,
  orderOf: OrderOf,
): SortedLane => {
  const ordered = pieces.flatMap(({ clause, others: own }) => [
    ...(demoted.has(clause) ? hostParts(clause) : []),
    ...own,
  ]);
  const split = splitWide(wide, ordered, orderOf);
  return {
    audits,
    hosts: settled
      .filter(({ key }) => !demoted.has(key.clause))
      .map(({ key, clause }) => ({ ...key, clause })),
    ports: split.exact,
    ordered: [...ordered, ...split.ordered].toSorted((a, b) => orderOf(a) - orderOf(b)),
  };
};

interface Piece {
  readonly clause: Clause;
  readonly hosts: readonly ExactKey[];
  readonly wide: readonly ExactKey[];
  /** What is never exact; what a wide key stands for is in `wide` alone. */
  readonly others: readonly OrderedPart[];
}

const isSingle = ([first, last]: PortRange): boolean => first === last;
const isHost = ({ family, length }: Cidr): boolean => length === (family === 'ip' ? 32 : 128);

const cut = (clause: Clause): Piece => {
  const { protocol, ports, remote, local } = clause;
  const isPorted = (protocol === 'tcp' || protocol === 'udp') && ports !== null;
  if (!isPorted || local !== null || isAudit(clause.rule)) {
    return { clause, hosts: [], wide: [], others: [{ clause, part: 'all', remote, ports }] };
  }
  const singles = ports.filter(isSingle).map(([port]) => port);
  const ranges = ports.filter((range) => !isSingle(range));
  const keys = (address: Cidr | null): readonly ExactKey[] =>
    singles.map((port) => ({ address, protocol, port, clause }));
  const some = (part: OrderedPart): readonly OrderedPart[] =>
    part.ports?.length === 0 || part.remote?.length === 0 ? [] : [part];
  if (remote === null) {
    const others = some({ clause, part: 'all', remote, ports: ranges });
    return { clause, hosts: [], wide: keys(null), others };
  }
  const single = remote.filter(isHost);
  return {
    clause,
    hosts: single.flatMap(keys),
    wide: [],
    others: [
      // Members come and go in its set: a rule that means nobody yet is there all the same.
      ...(clause.isMoving && ranges.length > 0
        ? [{ clause, part: 'all', remote: single, ports: ranges } as const]
        : some({ clause, part: 'all', remote: single, ports: ranges })),
      ...some({ clause, part: 'nets', remote: remote.filter((each) => !isHost(each)), ports }),
    ],
  };
};

const keyOf = ({ address, protocol, port }: ExactKey): string =>
  `${address?.text ?? ''} ${protocol} ${port}`;

/** Of several clauses with one key the first decides. */
const firstByKey = (keys: readonly ExactKey[]): ReadonlyMap<string, ExactKey> => {
  const first = new Map<string, ExactKey>();
  for (const key of keys) {
    const text = keyOf(key);
    if (!first.has(text)) first.set(text, key);
  }
  return first;
};

/**
 * The clause that decides on a key, or null where that depends on the near end. `start`: the first
 * exact one; `others`: what else can match it, in order.
 */
const settle = (
  start: ExactKey,
  others: readonly OrderedPart[],
  orderOf: OrderOf,
): Clause | null => {
  const perhaps: Clause[] = [];
  let found = start.clause;
  for (const part of others) {
    if (orderOf(part) >= orderOf(start)) break;
    if (part.clause.local === null && !isAudit(part.clause.rule)) {
      found = part.clause;
      break;
    }
    perhaps.push(part.clause);
  }
  const outcome = outcomeOf(found);
  return perhaps.every((clause) => outcomeOf(clause) === outcome) ? found : null;
};

/** Whether some rule may decide before an audit on what it would log. */
const isPreceded = (lane: Lane, audit: Clause, orderOf: OrderOf): boolean =>
  lane.clauses.some(
    (clause) => orderOf({ clause }) < orderOf({ clause: audit }) && canMeet(clause, audit),
  );

const canMeet = (a: Clause, b: Clause): boolean => {
  if (a.protocol !== 'any' && b.protocol !== 'any' && a.protocol !== b.protocol) return false;
  if (a.types !== null && b.types?.some((type) => a.types?.includes(type)) === false) return false;
  const isTouching = ([first, last]: PortRange): boolean =>
    b.ports?.some((other) => other[0] <= last && first <= other[1]) !== false;
  return a.ports?.some(isTouching) !== false;
};

const hostParts = (clause: Clause): readonly OrderedPart[] => [
  {
    clause,
    part: 'hosts',
    remote: clause.remote?.filter(isHost) ?? null,
    ports: clause.ports?.filter(isSingle) ?? null,
  },
];

/** Wide keys that nothing of another verdict goes before, and the rest by clause. */
const splitWide = (
  wide: readonly ExactKey[],
  ordered: readonly OrderedPart[],
  orderOf: OrderOf,
): { readonly exact: readonly ExactKey[]; readonly ordered: readonly OrderedPart[] } => {
  const cover = openCover(ordered);
  const isBarred = (key: ExactKey): boolean =>
    cover(key).some(
      (part) => orderOf(part) < orderOf(key) && outcomeOf(part.clause) !== outcomeOf(key.clause),
    );
  const rest = Map.groupBy(wide.filter(isBarred), ({ clause }) => clause);
  return {
    exact: wide.filter((key) => !isBarred(key)),
    ordered: [...rest].map(([clause, keys]) => ({
      ...{ clause, part: 'ports', remote: null },
      ports: keys.map(({ port }): PortRange => [port, port]),
    })),
  };
};

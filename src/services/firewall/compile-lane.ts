/**
 * Rule: firewall compile lane — one lane as chains, maps and sets of nft.
 *
 * Each lane has two chains: `…` for packets of a connection's opener and `…/back` for those of the
 * other side, which see the same connection from behind. Whoever calls a lane goes on after it when
 * the connection is allowed.
 * 1. Members come and go in maps and sets only; the chains stay as they are.
 * 2. IPv6 has all that IPv4 has.
 */

import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import {
  COUNTER,
  connectionsOver,
  DROP,
  type Expression,
  elementsOf,
  goto,
  is,
  keyText,
  logged,
  lookup,
  meta,
  type NftElement,
  type NftRule,
  type NftSet,
  oneOrSet,
  PROTOCOL_NUMBERS,
  payload,
  RETURN,
  rateOver,
  type Table,
} from '../nft/tables.ts';
import { inOrder, rangeValue } from '../port-ranges.ts';
import type { Family } from '../selectors/cidr.ts';
import {
  cidrKey,
  FAMILIES,
  type Fields,
  fieldsOf,
  type Names,
  partRules,
  setsOf,
  TYPE_OF,
  typesSeen,
  type Way,
} from './compile-part.ts';
import { type Around, runChains, runSets, segmentsOf } from './compile-run.ts';
import { type Clause, fallbackAction, type Guard, type Lane } from './lane.ts';
import { isAudit, isPlain } from './outcome.ts';
import type { Action } from './schemas.table.ts';
import { type ExactKey, type OrderedPart, type SortedLane, sortInPieces } from './sort-lane.ts';

/** The name of a lane's chain. `side`: which of two rulesets in the table it belongs to. */
export const laneName = (side: string, { zone, direction }: Lane, way: Way): string =>
  `${side}/${zone}-${direction}${way === 'back' ? '/back' : ''}`;

/** The chain of a side that refuses with notice. */
const rejectName = (side: string): string => `${side}/reject`;

/** Compiles a lane. The same object for the same lane. */
export const compileLane = (side: string, lane: Lane): Table =>
  finish(compileInPieces(side, lane, UNMETERED));

/** The same, in pieces. */
export function* compileInPieces(side: string, lane: Lane, meter: Meter): Generator<void, Table> {
  const tables = compiled.get(lane) ?? new Map<string, Table>();
  compiled.set(lane, tables);
  const made = tables.get(side) ?? (yield* makeLane(side, lane, meter));
  // Somebody else may have compiled it meanwhile, and more was made of those chains.
  const table = tables.get(side) ?? made;
  tables.set(side, table);
  return table;
}

const compiled = new WeakMap<Lane, Map<string, Table>>();

function* makeLane(side: string, lane: Lane, meter: Meter): Generator<void, Table> {
  const names = { side, lane: laneName(side, lane, 'forth') };
  const sorted = yield* sortInPieces(lane, meter);
  const maps = yield* mapsOf(names, sorted, meter);
  const audits = sorted.audits.map((clause): OrderedPart => {
    return { clause, part: 'all', remote: clause.remote, ports: clause.ports };
  });
  const segments = segmentsOf(sorted.ordered);
  const chainsOf = (way: Way) => {
    const around = aroundOf(names, { ...lane, audits }, way);
    const plot = { name: laneName(side, lane, way), segments, around };
    return runChains(names, fieldsOf(lane.direction, way), plot, meter);
  };
  const chains = lane.clauses.filter(({ rule }) => !isPlain(rule)).map(ruleChain(names));
  const [forth, back] = [yield* chainsOf('forth'), yield* chainsOf('back')];
  return {
    sets: [
      ...maps,
      ...openSets(names, lane.guards),
      ...[...audits, ...sorted.ordered].flatMap((part) => setsOf(names, part)),
      ...runSets(names, segments),
    ],
    chains: [...chains, ...forth, ...back],
  };
}

/** The maps of what is exact. */
function* mapsOf(
  names: Names,
  { hosts, ports }: SortedLane,
  meter: Meter,
): Generator<void, readonly NftSet[]> {
  const maps: NftSet[] = [];
  for (const family of FAMILIES) {
    const type = [TYPE_OF[family], 'inet_proto', 'inet_service'];
    const keys = hosts.filter(({ address }) => address?.family === family);
    maps.push(yield* mapOf(names, { name: family, type, keys }, meter));
  }
  const type = ['inet_proto', 'inet_service'];
  maps.push(yield* mapOf(names, { name: 'ports', type, keys: ports }, meter));
  return maps;
}

interface MapPlan {
  readonly name: Family | 'ports';
  readonly type: readonly string[];
  readonly keys: readonly ExactKey[];
}

/** Time to make an element. Unit: ms, as measured. */
const ELEMENT_MS = 0.003;

function* mapOf(
  names: Names,
  { name, type, keys }: MapPlan,
  meter: Meter,
): Generator<void, NftSet> {
  const elements = new Map<string, NftElement>();
  for (const key of keys) {
    const element = elementOf(names, key, name === 'ports');
    elements.set(keyText(element.key), element);
    if (meter.isDue(ELEMENT_MS)) yield;
  }
  return {
    ...{ name: `${names.lane}/${name}`, kind: 'map', type, flags: [], isCounted: true },
    elements,
  };
}

const elementOf = (names: Names, key: ExactKey, isWide: boolean): NftElement => {
  const { address, protocol, port, clause } = key;
  const rest = [PROTOCOL_NUMBERS[protocol], port];
  const host = isWide || address === null ? [] : [address.text.split('/')[0]];
  return {
    key: { concat: [...host, ...rest] },
    verdict: verdictOf(names, clause),
    rule: clause.rule.name,
  };
};

/** What a clause does with a packet. */
const verdictOf = (names: Names, { rule }: Clause): Expression =>
  isPlain(rule) ? actionVerdict(names.side, rule.action) : goto(`${names.lane}/rule/${rule.name}`);

const actionVerdict = (side: string, action: Action): Expression =>
  action === 'allow' ? RETURN : action === 'deny' ? DROP : goto(rejectName(side));

/** What a rule does beside deciding, for new connections only. */
const ruleChain =
  (names: Names) =>
  ({ rule }: Clause) => {
    const isNew = { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'new' } };
    const rules: Expression[][] = [];
    if (rule.log === true) {
      rules.push([isNew, ...logged(`cnsmo ${rule.action} ${rule.name} `)]);
    }
    if (rule.rate !== undefined) rules.push([isNew, rateOver(rule.rate), COUNTER, DROP]);
    if (rule.connections !== undefined) {
      for (const family of FAMILIES) {
        const name = `${names.lane}/rule/${rule.name}/${family}`;
        const isOver = connectionsOver(rule.connections, payload(family, 'saddr'), name);
        rules.push([isNew, isOver, COUNTER, DROP]);
      }
    }
    rules.push([actionVerdict(names.side, rule.action)]);
    return {
      name: `${names.lane}/rule/${rule.name}`,
      hook: null,
      rules: rules.map((expr): NftRule => ({ comment: rule.name, expr })),
    };
  };

type AuditedLane = Omit<Lane, 'audits'> & { readonly audits: readonly OrderedPart[] };

const aroundOf = (names: Names, lane: AuditedLane, way: Way): Around => {
  const fields = fieldsOf(lane.direction, way);
  const port = payload('th', fields.port);
  const [hosts4, hosts6] = FAMILIES.map((family) => ({
    expr: [
      lookup([payload(family, fields.remote), meta('l4proto'), port], `${names.lane}/${family}`),
    ],
  }));
  return {
    before: [
      ...lane.audits.flatMap((part) => auditRules(names, part, fields)),
      ...(hosts4 === undefined || hosts6 === undefined ? [] : [hosts4, hosts6]),
      { expr: [lookup([meta('l4proto'), port], `${names.lane}/ports`)] },
    ],
    each: (part) =>
      isAudit(part.clause.rule)
        ? auditRules(names, part, fields)
        : partRules(names, part, fields, [COUNTER, verdictOf(names, part.clause)]),
    after: [
      ...ruledBy(lane.guards).flatMap((guard) => guardRules(names, guard, fields)),
      ...fallbackRules(names, lane),
    ],
  };
};

/** They log, and decide nothing. */
const auditRules = (names: Names, part: OrderedPart, fields: Fields): readonly NftRule[] =>
  partRules(names, part, fields, [...logged(`cnsmo audit ${part.clause.rule.name} `)]);

/** Ports that are open, and come and go: of all guards of a protocol in one set. */
const openSets = (names: Names, guards: readonly Guard[]): readonly NftSet[] =>
  [...movingOf(guards)].map(([protocol, moving]): NftSet => {
    const ports = moving.flatMap(({ values }) => values);
    // Only services have ranges: members' ports stay one element each, so that to add one is all.
    const hasRanges = moving.some((guard) => guard.moving === 'services');
    const keys = hasRanges ? inOrder(ports).map(rangeValue) : ports.map(([port]) => port);
    return {
      ...{ name: openName(names, protocol), kind: 'set', type: 'inet_service' },
      ...{ flags: hasRanges ? ['interval'] : [], isCounted: false, isOpening: true },
      elements: elementsOf(keys.map((key) => ({ key, verdict: null, rule: null }))),
    };
  });

const movingOf = (guards: readonly Guard[]): ReadonlyMap<string, readonly Guard[]> =>
  Map.groupBy(
    guards.filter(({ moving }) => moving !== undefined),
    ({ protocol }) => protocol,
  );

/** Those for which there is a rule: of those that share a set the first. */
const ruledBy = (guards: readonly Guard[]): readonly Guard[] => {
  const first = new Set([...movingOf(guards).values()].map(([guard]) => guard));
  return guards.filter((guard) => guard.moving === undefined || first.has(guard));
};

const openName = ({ lane }: Names, protocol: string): string => `${lane}/open/${protocol}`;

const guardRules = (names: Names, guard: Guard, fields: Fields): readonly NftRule[] => {
  const { protocol, values, remote, why, moving } = guard;
  const isMoving = moving !== undefined;
  const ports = isMoving ? `@${openName(names, protocol)}` : oneOrSet(values.map(rangeValue));
  const what =
    protocol === 'icmp' || protocol === 'icmpv6'
      ? is(
          payload(protocol, 'type'),
          typesSeen(
            protocol,
            values.map(([type]) => type),
            fields.way,
          ),
        )
      : is(payload(protocol, fields.port), ports);
  const from = (remote ?? []).map(({ family, text }) =>
    is(payload(family, fields.remote), cidrKey(text)),
  );
  // A colon, which no rule's name has: else one that is called `echo` would count these.
  return [{ comment: `open: ${moving ?? why}`, expr: [...from, what, COUNTER, RETURN] }];
};

const fallbackRules = (names: Names, lane: AuditedLane): readonly NftRule[] => {
  const { fallback, zone, direction } = lane;
  if (fallback.action === 'allow') return [];
  const isAudit = fallback.audit === true;
  const prefix = `cnsmo ${isAudit ? 'audit' : fallback.action} ${zone}-${direction} `;
  const isNew = { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'new' } };
  const action = fallbackAction({ ...lane, audits: [] });
  return [
    ...(lane.isSilent ? [] : [{ comment: 'default', expr: [isNew, ...logged(prefix)] }]),
    ...(isAudit
      ? []
      : [{ comment: 'default', expr: [COUNTER, actionVerdict(names.side, action)] }]),
  ];
};

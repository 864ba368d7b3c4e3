/**
 * Rule: firewall neighbours — what other programs filter on this host.
 *
 * What we let through another table may still drop: to accept is final in one's own table only.
 * Nothing of theirs is changed; a person is told what to say to the program that did it.
 */
import { finish, type Meter, UNMETERED } from '../../crdt/meter.ts';
import type { HostResult } from '../../ports.ts';
import type { Sign } from '../../sign.ts';
import { listed, PAUSE } from '../nft/listing.ts';
import type { Results } from '../service.ts';
import type { Json } from './foreign-asks.ts';
import { type ForeignTable, readForeign } from './foreign-rules.ts';
import { readLegacy } from './legacy-rules.ts';
import { endsClosed, letsPass } from './neighbour-rules.ts';
import { FAMILY, NAME } from './own-table.ts';
import type { Neighbour } from './state.ts';

/** By which chains and tables a program is known. */
const PROGRAMS: readonly { readonly program: string; readonly mark: RegExp }[] = [
  { program: 'ufw', mark: /^ufw6?-/ },
  { program: 'firewalld', mark: /^firewalld/ },
  { program: 'docker', mark: /^DOCKER/ },
];

/** Tables of others that are looked into. Who filters by more than these is not told of them. */
const TABLES_MAX = 6;

/** Hooks at which something can be dropped. */
const HOOKS: readonly unknown[] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

/** Built-in chains of iptables, by their hooks. */
const LEGACY_HOOKS = { INPUT: 'input', FORWARD: 'forward', OUTPUT: 'output' } as const;

interface Listed {
  readonly family: string;
  readonly table: string;
}

/** Tables of others with chains that filter, of what `nft -j list chains` shows. */
export const foreignTables = (chains: HostResult | undefined): readonly Listed[] => {
  const tables = new Map(
    foreignChains(chains)
      .filter(isFilter)
      .map(({ family, table }) => [
        `${String(family)} ${String(table)}`,
        { family: String(family), table: String(table) },
      ]),
  );
  return [...tables.values()].slice(0, TABLES_MAX);
};

/** The name of the probe that lists one of them. */
export const probeName = ({ family, table }: Listed): string => `table ${family} ${table}`;

/** Who else filters here. A listing that was not made, or cannot be read: nobody is named by it. */
export const readNeighbours = (results: Results, ownInterface: string): readonly Neighbour[] =>
  finish(neighboursIn(results, ownInterface, UNMETERED));

/** The same, in pieces; the same object for the same listings. */
export function* neighboursIn(
  results: Results,
  ownInterface: string,
  meter: Meter,
): Generator<void, readonly Neighbour[]> {
  const { chains } = results;
  const probes = [
    ...foreignTables(chains).map(probeName),
    ...legacyFamilies(results).map(legacyName),
  ];
  const listings = [ownInterface, ...probes.map((probe) => results[probe])];
  const last = chains === undefined ? undefined : known.get(chains);
  if (last !== undefined && isSameList(last.listings, listings)) return last.neighbours;
  const neighbours = [
    ...(yield* newNeighbours(results, ownInterface, meter)),
    ...(yield* legacyNeighbours(results, ownInterface, meter)),
  ];
  if (chains !== undefined) known.set(chains, { listings, neighbours });
  return neighbours;
}

/** By the listing of chains: what the others were, and what they came to. */
const known = new WeakMap<
  HostResult,
  { readonly listings: readonly unknown[]; readonly neighbours: readonly Neighbour[] }
>();

const isSameList = (some: readonly unknown[], others: readonly unknown[]): boolean =>
  some.length === others.length && some.every((each, at) => each === others[at]);

function* newNeighbours(
  results: Results,
  ownInterface: string,
  meter: Meter,
): Generator<void, readonly Neighbour[]> {
  const others = foreignChains(results.chains);
  const tables = new Map<string, Rules>();
  const found: Neighbour[] = [];
  for (const each of others.filter(isFilter)) {
    const [family, table, name] = [each.family, each.table, each.name].map(String) as [
      ...[string, string, string],
    ];
    const probe = probeName({ family, table });
    const rules = tables.get(probe) ?? (yield* rulesIn(results[probe], meter));
    tables.set(probe, rules);
    found.push({
      program: programOf(others, family, table),
      ...{ family, table, name },
      ...standingOf(rules, { name, hook: String(each.hook), policy: each.policy }, ownInterface),
    });
  }
  return found;
}

/** The filters of iptables-legacy, of which nft shows nothing, by family: who lists them. */
export const LEGACY_TOOLS = { ip: 'iptables-legacy-save', ip6: 'ip6tables-legacy-save' } as const;
export const legacyName = (family: keyof typeof LEGACY_TOOLS): string => `legacy ${family}`;

/** Where the kernel names their tables. */
const LEGACY_LISTS = { ip: 'ip_tables_names', ip6: 'ip6_tables_names' } as const;
/** What of them is looked for. */
export const LEGACY_SIGN = {
  kind: 'kernel-lists',
  names: Object.values(LEGACY_LISTS),
} as const satisfies Sign;

/** Families that have one, as that sign told. */
export const legacyFamilies = ({ legacy }: Results): readonly (keyof typeof LEGACY_TOOLS)[] =>
  (['ip', 'ip6'] as const).filter((family) =>
    legacy?.stdout.split(' ').includes(`${LEGACY_LISTS[family]}:filter`),
  );

function* legacyNeighbours(
  results: Results,
  ownInterface: string,
  meter: Meter,
): Generator<void, readonly Neighbour[]> {
  const found: Neighbour[] = [];
  for (const family of legacyFamilies(results)) {
    const listing = results[legacyName(family)];
    const text = listing?.status === 0 ? listing.stdout : '';
    const { chains, rules: listed } = yield* readLegacy(text, meter);
    const rules = yield* rulesOf(listed, meter);
    const base = { program: 'iptables-legacy', family, table: 'filter (legacy)' };
    for (const { name, policy } of chains) {
      const hook = Object.entries(LEGACY_HOOKS).find(([chain]) => chain === name)?.[1];
      if (hook === undefined) continue;
      found.push({ ...base, name, ...standingOf(rules, { name, hook, policy }, ownInterface) });
    }
  }
  return found;
}

interface BaseChain {
  readonly name: string;
  readonly hook: string;
  readonly policy: unknown;
}

/** The rules of a table by chain: as they were listed, and as they were read. */
interface Rules {
  readonly listed: ReadonlyMap<string, readonly Json[]>;
  readonly read: ForeignTable;
}

function* rulesOf(rules: readonly Json[], meter: Meter): Generator<void, Rules> {
  const listed = Map.groupBy(rules, ({ chain }) => String(chain));
  return { listed, read: yield* readForeign(listed, meter) };
}

/** Time to parse a rule of a listing. Unit: ms, as measured. */
const PARSE_MS = 0.005;

function* rulesIn(result: HostResult | undefined, meter: Meter): Generator<void, Rules> {
  const rules: Json[] = [];
  for (const object of result?.status === 0 ? listed(result.stdout, meter) : []) {
    if (object === PAUSE) {
      yield;
      continue;
    }
    // One that cannot be read to its end is none.
    if (object === null) return { listed: new Map(), read: new Map() };
    const { rule } = Object(object) as { readonly rule?: Json };
    if (rule !== undefined) rules.push(rule);
    if (meter.isDue(PARSE_MS)) yield;
  }
  return yield* rulesOf(rules, meter);
}

const standingOf = (
  { listed, read }: Rules,
  { name, hook, policy }: BaseChain,
  ownInterface: string,
): Pick<Neighbour, 'hook' | 'isClosed' | 'isPassed' | 'isDropping' | 'rules'> => ({
  hook,
  isClosed: policy === 'drop' || endsClosed(listed, name),
  isPassed: letsPass(
    { rules: listed, chain: name, isOpen: policy !== 'drop' },
    ownInterface,
    isOutgoing(hook) ? 'oif' : 'iif',
  ),
  isDropping: policy === 'drop',
  rules: read,
});

/** Whether what leaves passes there. */
export const isOutgoing = (hook: string): boolean => hook === 'output' || hook === 'postrouting';

const isFilter = ({ type, hook }: Json): boolean => type === 'filter' && HOOKS.includes(hook);

const foreignChains = (result: HostResult | undefined): readonly Json[] => {
  if (result === undefined || result.status !== 0) return [];
  const last = chainsIn.get(result);
  if (last !== undefined) return last;
  const objects = [...listed(result.stdout, UNMETERED)];
  const chains = objects.includes(null)
    ? []
    : objects
        .flatMap((object): readonly Json[] => {
          const { chain } = Object(object) as { readonly chain?: Json };
          return chain === undefined ? [] : [chain];
        })
        .filter(({ family, table }) => !String(table).startsWith(NAME) || family !== FAMILY);
  chainsIn.set(result, chains);
  return chains;
};

const chainsIn = new WeakMap<HostResult, readonly Json[]>();

const programOf = (chains: readonly Json[], family: unknown, table: unknown): string | null => {
  const names = chains
    .filter((each) => each.family === family && each.table === table)
    .flatMap(({ name }) => [String(table), String(name)]);
  return PROGRAMS.find(({ mark }) => names.some((name) => mark.test(name)))?.program ?? null;
};

/**
 * Rule: firewall neighbours — what other programs filter on this host.
 *
 * What we let through another table may still drop: to accept is final in one's own table only.
 * Nothing of theirs is changed; a person is told what to say to the program that did it.
 */
import type { HostResult } from '../../ports.ts';
import type { Problem, Results } from '../service.ts';
import { endsClosed, letsPass } from './neighbour-rules.ts';
import { FAMILY, NAME } from './nft.ts';
import type { Neighbour } from './state.ts';

type Json = Readonly<Record<string, unknown>>;

/** By which chains and tables a program is known, and what it is told. */
const PROGRAMS: readonly {
  readonly program: string;
  readonly mark: RegExp;
  readonly remedy: (hook: string) => string;
}[] = [
  {
    program: 'ufw',
    mark: /^ufw6?-/,
    remedy: (hook) =>
      hook === 'forward'
        ? 'ufw route allow in on IFACE'
        : 'ufw allow in on IFACE, and ufw allow PORT',
  },
  {
    program: 'firewalld',
    mark: /^firewalld/,
    remedy: () =>
      'firewall-cmd --permanent --zone=trusted --add-interface=IFACE; firewall-cmd --reload',
  },
  {
    program: 'docker',
    mark: /^DOCKER/,
    remedy: () => 'iptables -I DOCKER-USER -i IFACE -j ACCEPT',
  },
];

/** Tables of others that are looked into. Who filters by more than these is not told of them. */
const TABLES_MAX = 6;

/** Hooks at which what comes in can be dropped. */
const HOOKS: readonly unknown[] = ['prerouting', 'input', 'forward'];

interface Listed {
  readonly family: string;
  readonly table: string;
}

/** Tables of others with chains that filter what comes in, of what `nft -j list chains` shows. */
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
export const readNeighbours = (results: Results, ownInterface: string): readonly Neighbour[] => {
  const others = foreignChains(results.chains);
  return others.filter(isFilter).map((each): Neighbour => {
    const [family, table, name] = [each.family, each.table, each.name].map(String) as [
      ...[string, string, string],
    ];
    const rules = objectsIn(results[probeName({ family, table })]).flatMap(({ rule }) =>
      rule === undefined ? [] : [rule],
    );
    return {
      program: programOf(others, family, table),
      chain: `${family} ${table} ${name}`,
      hook: String(each.hook),
      isClosed: each.policy === 'drop' || endsClosed(rules, name),
      isPassed: letsPass(rules, name, ownInterface),
    };
  });
};

const isFilter = ({ type, hook }: Json): boolean => type === 'filter' && HOOKS.includes(hook);

const foreignChains = (result: HostResult | undefined): readonly Json[] =>
  objectsIn(result)
    .flatMap(({ chain }) => (chain === undefined ? [] : [chain]))
    .filter(({ family, table }) => !String(table).startsWith(NAME) || family !== FAMILY);

type Listing = readonly { readonly chain?: Json; readonly rule?: Json }[];

const objectsIn = (result: HostResult | undefined): Listing => {
  if (result === undefined || result.status !== 0) return [];
  try {
    const { nftables } = JSON.parse(result.stdout) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? (nftables as Listing) : [];
  } catch {
    return [];
  }
};

const programOf = (chains: readonly Json[], family: unknown, table: unknown): string | null => {
  const names = chains
    .filter((each) => each.family === family && each.table === table)
    .flatMap(({ name }) => [String(table), String(name)]);
  return PROGRAMS.find(({ mark }) => names.some((name) => mark.test(name)))?.program ?? null;
};

/** What a person should know of chains that drop what ours lets through. */
export const shadows = (
  neighbours: readonly Neighbour[],
  ownInterface: string,
): readonly Problem[] =>
  neighbours
    .filter(({ isClosed, isPassed }) => isClosed && !isPassed)
    .map(({ program, chain, hook }) => {
      const known = PROGRAMS.find((each) => each.program === program);
      const remedy =
        known === undefined
          ? `let its owner accept what comes in on ${ownInterface}`
          : known.remedy(hook).replaceAll('IFACE', ownInterface);
      return (
        `${program ?? 'another program'}: ${chain}: drops at ${hook} what it does not accept ` +
        `itself, also where a rule here allows it; ${remedy}`
      );
    });

/**
 * Rule: lb passage — who else on this VM drops what a frontend passes on to backends: Docker does
 * by the policy of its chain.
 *
 * 1. Only told, never changed: it is another program's. One whose rules name our interface was told
 *    to let it pass.
 */
import type { CommandProbe, Problem, Results } from '../service.ts';
import { NAME } from './own-table.ts';

/** A chain that drops what it does not accept. */
interface Closed {
  readonly family: string;
  readonly table: string;
  readonly name: string;
}

const CHAINS: CommandProbe = {
  ...{ name: 'chains', argv: ['nft', '-j', 'list', 'chains'], isOfOthers: true },
};

/** What lists such chains, and then the rules of their tables. */
export const passageProbes = (results: Results): readonly CommandProbe[] => [
  CHAINS,
  ...closedIn(results).map(({ family, table }) => ({
    name: probeName({ family, table }),
    argv: ['nft', '-j', 'list', 'table', family, table],
    isOfOthers: true as const,
  })),
];

const probeName = ({ family, table }: Pick<Closed, 'family' | 'table'>): string =>
  `passage ${family} ${table}`;

/** What a person should know of them. */
export const passageNotes = (results: Results, ownInterface: string): readonly Problem[] =>
  closedIn(results)
    .filter((closed) => results[probeName(closed)]?.stdout.includes(`"${ownInterface}"`) !== true)
    .map(
      ({ family, table, name }) =>
        `chain ${name} of table ${family} ${table} drops what it is not told to let pass, and so ` +
        'what comes in here for balancers: tell it, with Docker by iptables -I DOCKER-USER ' +
        `-o ${ownInterface} -j ACCEPT and iptables -I DOCKER-USER -i ${ownInterface} -j ACCEPT`,
    );

const closedIn = ({ chains }: Results): readonly Closed[] => {
  if (chains === undefined || chains.status !== 0) return [];
  return objectsIn(chains.stdout).flatMap(({ chain }): readonly Closed[] => {
    const { family, table, name, type, hook, policy } = Object(chain) as Readonly<
      Record<string, unknown>
    >;
    const isClosed = type === 'filter' && hook === 'forward' && policy === 'drop';
    if (!isClosed || table === NAME) return [];
    return [{ family: String(family), table: String(table), name: String(name) }];
  });
};

const objectsIn = (text: string): readonly Readonly<Record<string, unknown>>[] => {
  try {
    const { nftables } = JSON.parse(text) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? nftables : [];
  } catch {
    return [];
  }
};

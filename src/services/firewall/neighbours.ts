/**
 * Rule: firewall neighbours — what other programs filter on this host.
 *
 * What we let through another table may still drop: to accept is final in one's own table only.
 * Nothing of theirs is changed; a person is told what to say to the program that did it.
 */
import type { HostResult } from '../../ports.ts';
import type { Problem } from '../service.ts';
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

/** What `nft -j list chains` shows of others. Not run, or not readable: nobody. */
export const readNeighbours = (result: HostResult | undefined): readonly Neighbour[] => {
  if (result === undefined || result.status !== 0) return [];
  let listed: readonly { readonly chain?: Json }[];
  try {
    const { nftables } = JSON.parse(result.stdout) as { readonly nftables?: unknown };
    listed = Array.isArray(nftables) ? nftables : [];
  } catch {
    return [];
  }
  const chains = listed.flatMap(({ chain }) => (chain === undefined ? [] : [chain]));
  const others = chains.filter(
    ({ family, table }) => !String(table).startsWith(NAME) || family !== FAMILY,
  );
  return others
    .filter(({ type, hook }) => type === 'filter' && typeof hook === 'string')
    .map(({ family, table, name, hook, policy }) => ({
      program: programOf(others, family, table),
      chain: [family, table, name].map(String).join(' '),
      hook: String(hook),
      isClosed: policy === 'drop',
    }));
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
    .filter(({ isClosed, hook }) => isClosed && hook !== 'output')
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

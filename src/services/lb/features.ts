/**
 * Rule: lb features — what of the table not every kernel or nft can do, tried on this host before
 * it is to be there. Where one lacks, the table is made without it, and a person is told:
 * connections are balanced all the same.
 *
 * 1. What the table has is not tried again. No version is looked at.
 * 2. It is only checked: the kernel takes nothing of it.
 */
import type { ObservedTable } from '../nft/observed.ts';
import { plainTextOf } from '../nft/text.ts';
import type { CommandProbe, Results } from '../service.ts';
import { compile } from './compile.ts';
import { FAMILY, LEAVING, makeTableAt, NAME } from './own-table.ts';
import type { Lack, Special } from './state.ts';
import type { Way } from './ways.ts';

interface Feature {
  readonly name: string;
  /** What comes of it that it is not there. */
  readonly without: string;
  readonly isSeen: (table: ObservedTable) => boolean;
}

const FEATURES: Readonly<Record<Special, Feature>> = {
  forget: {
    name: 'times of connections by rules (ct timeout)',
    without: 'after a backend dies clients that use their ports again may be refused for 2 minutes',
    isSeen: ({ chains }) =>
      chains.get(LEAVING)?.rules.some(({ words }) => words.includes('ct timeout')) === true,
  },
  end: {
    name: 'sets by the address that was asked for (ct original)',
    without: 'what runs towards backends that are gone is not ended',
    isSeen: ({ chains }) => chains.has('ended'),
  },
  front: {
    name: 'sets of ranges by several fields',
    without: 'what came in by --on is not ended towards backends that are gone',
    isSeen: ({ sets }) => sets.has('ended/front4'),
  },
  move: {
    name: 'rules that take elements out of a set, and zones of connections (conntrack)',
    without: 'udp of a client that keeps its port stays with a backend that is gone',
    isSeen: ({ chains }) => chains.has('moved/output'),
  },
};

const ALL = Object.keys(FEATURES) as readonly Special[];

/** Of `forget` and what else is asked for, what no table has yet. */
export const unseenIn = (
  table: ObservedTable | null,
  asked: readonly Special[],
): ReadonlySet<Special> =>
  new Set(
    (['forget', ...asked] as const).filter((each) => !(table && FEATURES[each].isSeen(table))),
  );

/** A table in which nothing is balanced: it never comes to be. */
const PLACE = { family: FAMILY, table: `${NAME}_try` } as const;
const OWN = { interface: 'cnsmo0', ipv4: '192.0.2.1', ipv6: '2001:db8::1' } as const;

const wayBy = (protocol: Way['protocol']): Way => ({
  ...{ virtual: OWN, protocol, ports: [1, 2] },
  backend: { ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
});

/** What each of them stands on as well. */
const RESTS_ON: Readonly<Record<Special, readonly Special[]>> = {
  ...{ forget: ['forget'], end: ['end'], front: ['front', 'end'], move: ['move', 'end'] },
};

const probeOf = (name: string, tried: readonly Special[]): CommandProbe => {
  const asked = new Set(tried.flatMap((each) => RESTS_ON[each]));
  const lacks = new Set(ALL.filter((each) => !asked.has(each)));
  const left = [...(asked.has('end') ? [wayBy('tcp')] : [])];
  const ended = { left, isMoved: asked.has('move') };
  const table = compile({ ...OWN, lacks }, [], ended);
  return {
    ...{ name, argv: ['nft', '--check', '-f', '-'] },
    stdin: plainTextOf(makeTableAt(PLACE, table)),
  };
};

const TOGETHER = 'features';
const oneName = (special: Special): string => `feature ${special}`;

/** What to try next. One process tries all; only where that fails is each tried by itself. */
export const featureProbes = (
  unseen: ReadonlySet<Special>,
  results: Results,
): readonly CommandProbe[] => {
  if (unseen.size === 0) return [];
  const together = probeOf(TOGETHER, [...unseen]);
  if ((results[TOGETHER]?.status ?? 0) === 0) return [together];
  return [together, ...[...unseen].map((each) => probeOf(oneName(each), [each]))];
};

/** What of it this host lacks. */
export const lackingIn = (results: Results): readonly Lack[] =>
  ALL.flatMap((special) => {
    const result = results[oneName(special)];
    if (result === undefined || result.status === 0) return [];
    const said = result.stderr.trim().split('\n')[0] ?? '';
    const { name, without } = FEATURES[special];
    const why =
      `nft: this host lacks ${name} (nft says: ${said}), so ${without}; update nftables and ` +
      'the kernel, or load the module: it is tried again by itself';
    return [{ special, why }];
  });

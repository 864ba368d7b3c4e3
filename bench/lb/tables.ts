/** Rule: tables — the balancer's tables that are measured, as nft's text. */
import type { Member } from '../../src/crdt/view.ts';
import { compile } from '../../src/services/lb/compile.ts';
import { dispatchesOf } from '../../src/services/lb/dispatch.ts';
import { replaceTable, TABLE } from '../../src/services/lb/own-table.ts';
import { selfOf, viewOf, WEB } from '../../src/services/lb/test-balancers.ts';
import type { ObservedTable } from '../../src/services/nft/observed.ts';
import { changeSteps } from '../../src/services/nft/steps.ts';
import { changeOf, wantedWords } from '../../src/services/nft/table-change.ts';
import type { Table } from '../../src/services/nft/tables.ts';
import { plainTextOf } from '../../src/services/nft/text.ts';
import { wordsOf } from '../../src/services/nft/words.ts';
import { memberOf } from '../../src/services/test-view.ts';
import { BACKENDS, MEMBER } from './stage.ts';

const OWN = { interface: 'cnsmo0', ipv4: MEMBER, ipv6: 'fd00:1::1' };

/** The virtual address of balancer number `n`, from 0. */
export const virtualOf = (n: number): string => `10.10.${8 + Math.floor(n / 250)}.${(n % 250) + 1}`;

/** The balancer that is asked, of so many. */
export const middleOf = (count: number): number => Math.floor(count / 2);
/** First port of the backends of the others. */
const OTHER_PORTS = 10_000;

/** What differs from `lb create b0 --listen 80 --to role=web:PORT`. */
export interface Wish {
  /** First port of backends, of the balancer that is asked. */
  readonly port: number;
  /** Balancers, alike but for their addresses and ports; default 1. */
  readonly count?: number;
  /** Of the backends, in their order; default 1 each. */
  readonly weights?: readonly number[];
  readonly stickyMs?: number;
  /** It listens at the member's other addresses as well. */
  readonly isFrontend?: boolean;
  /** Backends by their places, from 0, that take nothing new. */
  readonly drained?: readonly number[];
}

/** The whole table. */
export const tableText = (wish: Wish): string =>
  plainTextOf(replaceTable(tableOf(wish), new Map()));

/** What the balancer runs to make the one table the other. */
export const changeText = (from: Wish, to: Wish): string => {
  const table = tableOf(from);
  const observed = asObserved(table);
  return plainTextOf(changeSteps(TABLE, changeOf(tableOf(to), observed), observed, new Map()));
};

/** As the kernel would list it. */
const asObserved = ({ sets, chains }: Table): ObservedTable => ({
  chains: new Map(
    chains.map(({ name, rules }) => [
      name,
      {
        words: '',
        rules: rules.map((each) => ({
          ...{ words: wantedWords(each), comment: null, packets: 0, bytes: 0 },
        })),
      },
    ]),
  ),
  sets: new Map(
    sets.map(({ name, kind, elements }) => [
      name,
      {
        ...{ kind, words: '' },
        elements: new Map(
          [...elements].map(([text, { key, verdict }]) => [
            text,
            {
              ...{ key, words: verdict === null ? '' : wordsOf(verdict) },
              ...{ packets: 0, bytes: 0, timeout: null, expires: null },
            },
          ]),
        ),
      },
    ]),
  ),
  counters: new Map(),
});

const tableOf = (wish: Wish) => {
  const backends = Array.from({ length: BACKENDS }, (_, n) => backendOf(n));
  const balancer = balancerOf(wish, backends);
  const count = wish.count ?? 1;
  const balancers = Array.from({ length: count }, (_, n) => [
    `balancer/b${n}`,
    {
      ...balancer,
      addresses: { ipv4: virtualOf(n), ipv6: `fd00:1::1:${(n + 1).toString(16)}` },
      // The one in the middle is asked; no two send to the same place.
      port: n === middleOf(count) ? wish.port : OTHER_PORTS + n,
    },
  ]);
  const drained = (wish.drained ?? []).map((n) => [
    `drain/${backends[n]?.id}`,
    { balancers: { b0: { sinceMs: 1 } } },
  ]);
  const objects = Object.fromEntries([...balancers, ...drained]);
  const view = viewOf(objects, [memberOf(1), ...backends]);
  const dispatches = dispatchesOf(view, selfOf(1));
  if (dispatches.length !== balancers.length) throw new Error('a balancer could not be read');
  return compile(
    OWN,
    dispatches.map((each) => ({ ...each, isFrontend: wish.isFrontend ?? false })),
    { left: [], isMoved: false },
  );
};

/** Backend number `n`, from 0: 10.10.0.2 and so on. */
const backendOf = (n: number): Member => memberOf(n + 2, { role: 'web' });

const balancerOf = ({ port, weights, stickyMs }: Wish, backends: readonly Member[]) => ({
  ...{ ...WEB, port, check: { kind: 'none' } },
  ...(stickyMs === undefined ? {} : { stickyMs }),
  ...(weights === undefined
    ? {}
    : {
        weights: weights.map((weight, n) => ({
          ...{ of: { kind: 'member', id: backends[n]?.id ?? '' }, weight },
        })),
      }),
});

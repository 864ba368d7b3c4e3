/** Rule: tables — the balancer's tables that are measured, as nft's text. */
import type { Member } from '../../src/crdt/view.ts';
import { compile } from '../../src/services/lb/compile.ts';
import { dispatchesOf } from '../../src/services/lb/dispatch.ts';
import {
  addRule,
  balancerChain,
  flushChain,
  replaceTable,
} from '../../src/services/lb/own-table.ts';
import { selfOf, viewOf, WEB } from '../../src/services/lb/test-balancers.ts';
import { plainTextOf } from '../../src/services/nft/text.ts';
import { memberOf } from '../../src/services/test-view.ts';
import { BACKENDS, MEMBER } from './stage.ts';

const OWN = { interface: 'cnsmo0', ipv4: MEMBER, ipv6: 'fd00:1::1' };

/** The virtual address of balancer number `n`, from 0. */
export const virtualOf = (n: number): string => `10.10.${8 + Math.floor(n / 250)}.${(n % 250) + 1}`;

/** What differs from `lb create b0 --listen 80 --to role=web:PORT`. */
export interface Wish {
  /** First port of backends. */
  readonly port: number;
  /** Balancers, alike but for their addresses; default 1. */
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

/** What takes those backends out of balancer 0, in a table without that, or puts them back. */
export const changeText = (wish: Wish): string => {
  const name = balancerChain('b0');
  const chain = tableOf({ ...wish, count: 1 }).chains.find((each) => each.name === name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return plainTextOf([flushChain(name), ...chain.rules.map((each) => addRule(name, each))]);
};

const tableOf = (wish: Wish) => {
  const backends = Array.from({ length: BACKENDS }, (_, n) => backendOf(n));
  const balancer = balancerOf(wish, backends);
  const balancers = Array.from({ length: wish.count ?? 1 }, (_, n) => [
    `balancer/b${n}`,
    { ...balancer, addresses: { ipv4: virtualOf(n), ipv6: `fd00:1::1:${(n + 1).toString(16)}` } },
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

/**
 * Rule: lb diff — the one transaction that makes the table as it should be.
 *
 * 1. What is alike stays: a change of backends touches the chains of its balancer alone, and no
 *    connection that runs, for those do not pass here.
 * 2. HAProxy listens before the table leads to it, and until the table does so no more. Where it is
 *    to begin with one balancer and to end with another at once, the first counts.
 * 3. A client no longer stays with a backend that takes no new connections.
 */
import type { ObservedTable } from '../nft/observed.ts';
import { changeSteps } from '../nft/steps.ts';
import { changeOf, isOfOtherMake, touchedBy } from '../nft/table-change.ts';
import type { Table } from '../nft/tables.ts';
import { plainTextOf } from '../nft/text.ts';
import type { NftCommand, Times } from '../nft/transaction.ts';
import type { Command, Found } from '../service.ts';
import { forgetSteps } from './affinity.ts';
import { compile } from './compile.ts';
import { forwardSteps } from './forwarding.ts';
import { diffProxy } from './haproxy-diff.ts';
import { NO_PROXY } from './haproxy-plan.ts';
import type { ProxyDesired, ProxyObserved } from './haproxy-state.ts';
import { FAMILY, NAME, namedIn, replaceTable, TABLE } from './own-table.ts';
import { type LbDesired, type LbObserved, TABLE_UNDO, type TableObserved } from './state.ts';

/** The commands, or none when in step. */
export const diff = (desired: LbDesired, observed: LbObserved): readonly Command[] => {
  const byProxy = diffProxy(desired?.proxy ?? NO_PROXY, observed.proxy);
  const byTable = tableDiff(desired, observed);
  const isLess = desired !== null && hasLess(desired.proxy, observed.proxy);
  return isLess ? [...byTable, ...byProxy] : [...byProxy, ...byTable];
};

/** Whether HAProxy is to end with some, and has all others. */
const hasLess = ({ balancers }: ProxyDesired, observed: ProxyObserved): boolean =>
  observed.kind === 'running' &&
  observed.proxies.size > balancers.length &&
  balancers.every(({ name, localPort }) => observed.proxies.get(name)?.localPort === localPort);

const tableDiff = (desired: LbDesired, observed: TableObserved): readonly Command[] => {
  if (observed.kind === 'no-tool') return [];
  if (desired === null) {
    if (observed.kind !== 'present') return [];
    return [{ kind: 'run', argv: DELETE, found: ['the table was there'] }];
  }
  const looked = observed.kind === 'unasked' ? UNSEEN : observed;
  return [...forwarding(desired, looked), ...tableSteps(desired, looked)];
};

/**
 * A host that was not looked at as nothing was wanted, has nothing. News that asks for the first
 * balancer is foreseen by this, and a look comes before what it says is done.
 */
const UNSEEN: Looked = { kind: 'missing', listeners: null, forwarding: null, closed: [] };

type Wanted = NonNullable<LbDesired>;
type Looked = Extract<TableObserved, { kind: 'missing' | 'present' }>;

const forwarding = (desired: Wanted, observed: Looked): readonly Command[] =>
  desired.isForwarding && observed.forwarding !== null
    ? forwardSteps(observed.forwarding, desired.made)
    : [];

const tableSteps = (desired: Wanted, observed: Looked): readonly Command[] => {
  const table = compile(desired.own, desired.dispatches, desired.ended);
  if (observed.kind === 'missing') {
    return [run(replaceTable(table, NO_TIMES), ['the table was missing'])];
  }
  if (inStep.get(observed.table) === table) return [];
  if (isOfOtherMake(table, observed.table)) {
    return [run(replaceTable(table, NO_TIMES), ['the table was of another make'])];
  }
  const change = changeOf(table, observed.table);
  const steps = [
    ...changeSteps(TABLE, change, observed.table, NO_TIMES),
    ...forgetSteps(desired.dispatches, observed.table),
  ];
  if (steps.length === 0) {
    inStep.set(observed.table, table);
    return [];
  }
  const names = [...new Set(touchedBy(change))];
  const found = names.map((name) => `${NAME} ${name} was not as it should be`);
  return [
    run(
      [...namedIn(table), ...steps],
      found.length === 0 ? ['clients stayed with what serves no more'] : found,
    ),
  ];
};

/** What was found in step with what: it is asked several times, and neither changes. */
const inStep = new WeakMap<ObservedTable, Table>();

const NO_TIMES: Times = new Map();

const DELETE: readonly string[] = ['nft', 'delete', 'table', FAMILY, NAME];

const run = (commands: readonly NftCommand[], found: Found): Command => ({
  kind: 'run',
  argv: ['nft', '-f', '-'],
  stdin: { text: plainTextOf(commands) },
  found,
  undo: { [TABLE_UNDO]: { kind: 'run', argv: DELETE } },
});

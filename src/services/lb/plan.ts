/**
 * Rule: lb plan — what this VM balances.
 *
 * 1. As long as operators want no balancer, there is no table. But it stays, without any, while
 *    HAProxy ends what it has and while something may still run that the last one began: the kernel
 *    translates connections only as long as some table does.
 */
import type { View } from '../../crdt/view.ts';
import { unreadText } from '../objects.ts';
import type { Finding, Problem, Self } from '../service.ts';
import { balancersOf, SERVICE } from './balancers.ts';
import { type Dispatch, dispatchesOf } from './dispatch.ts';
import { LEFT } from './endings.ts';
import { frontendsHere, wishedHere } from './frontends.ts';
import { proxyDispatchesOf } from './haproxy-dispatch.ts';
import type { ProxyDesired } from './haproxy-state.ts';
import type { LbDesired, LbObserved } from './state.ts';
import { isMovedIn, tableIn, viewerOf } from './viewer.ts';
import { leftWays } from './ways.ts';

/** The table, or null where there should be none. Notes: objects not read; whose all are used. */
export const plan = (view: View, self: Self, observed: LbObserved): Finding<LbDesired> => {
  const { balancers, unread } = balancersOf(view);
  const me = view.members.find(({ id }) => id === self.id);
  const isWanted = balancers.length > 0 && me !== undefined;
  const isYoung = !isWanted && self.viewAgeMs < SURE_MS && observed.kind === 'present';
  const isLeft = isYoung || (observed.kind === 'present' && self.sights.has(LEFT));
  const isEnding = !isWanted && me !== undefined && (isLeft || isProxyEnding(observed));
  const lacking = ('lacking' in observed ? observed.lacking : undefined) ?? [];
  const own = {
    ...{ interface: self.interface, ipv4: me?.ipv4 ?? null, ipv6: me?.ipv6 ?? '' },
    ...(lacking.length === 0 ? {} : { lacks: new Set(lacking.map(({ special }) => special)) }),
  };
  const viewer = viewerOf(self, tableIn(observed));
  const byNft = dispatchesOf(view, viewer);
  const byProxy = proxyDispatchesOf(view, viewer, own, observed.proxy);
  const listeners = 'listeners' in observed ? observed.listeners : null;
  const wished = wishedHere(view, self);
  const frontends = frontendsHere(wished, self, own, listeners);
  const dispatches = withFrontends(byNft, byProxy.dispatches, frontends.names);
  const withheld = new Map([...frontends.withheld, ...byProxy.withheld]);
  const isForwarding = dispatches.some(({ isFrontend }) => isFrontend);
  const isToolless = isWanted && observed.kind === 'no-tool';
  const ended = { left: leftWays(view, self.sights), isMoved: isMovedIn(observed) };
  const wanted = {
    ...{ own, dispatches, ended, isForwarding, made: self.made, proxy: byProxy.proxy, withheld },
  };
  return {
    state: isWanted || isEnding ? wanted : null,
    problems: [
      ...(isToolless ? [NO_TOOL] : []),
      ...(observed.proxy.kind === 'silent' ? [observed.proxy.why] : []),
      ...[...withheld].map(withheldText),
    ],
    notes: [
      ...unread.map(unreadText),
      ...dispatches.flatMap(panicText),
      ...(isWanted ? lacking.map(({ why }) => why) : []),
      ...(isForwarding && 'closed' in observed ? observed.closed : []),
    ],
    // A port may become free, or be taken by a program that starts later.
    recheckMs: isYoung
      ? SURE_MS
      : recheckMs(byProxy.proxy, observed, isToolless || wished.length > 0),
  };
};

const isProxyEnding = ({ kind, proxy }: LbObserved): boolean =>
  kind === 'present' && proxy.kind === 'running';

const recheckMs = (
  proxy: ProxyDesired,
  observed: LbObserved,
  isLacking: boolean,
): number | null => {
  if (proxy.balancers.length === 0 && observed.proxy.kind === 'running') return ENDING_MS;
  if (proxy.isPutOff) return PUT_OFF_MS;
  return isLacking ? LACKING_MS : null;
};

/** By then the loop has seen that a balancer is gone, and shows what it left. Unit: ms. */
const SURE_MS = 3_000;

/** Time between two looks whether HAProxy may be reloaded. Unit: ms. */
const PUT_OFF_MS = 500;

/** Time between two looks whether what HAProxy had is over. Unit: ms. */
const ENDING_MS = 5_000;

/** The same list where there is nothing to add. */
const withFrontends = (
  byNft: readonly Dispatch[],
  byProxy: readonly Dispatch[],
  names: ReadonlySet<string>,
): readonly Dispatch[] =>
  byProxy.length + names.size === 0
    ? byNft
    : [...byNft, ...byProxy].map((each) =>
        names.has(each.balancer.name) ? { ...each, isFrontend: true } : each,
      );

const NO_TOOL: Problem =
  'tool: nft: not found, so nothing is balanced here; install the package nftables: that is ' +
  'noticed by itself';

/** Time between two looks whether this host can do it by now. Unit: ms. */
const LACKING_MS = 30_000;

const panicText = ({ balancer, isPanic }: Dispatch): readonly Problem[] =>
  isPanic
    ? [
        `balancer ${balancer.name}: more than half of its backends are down from here, so all ` +
          `are used; cnsmo lb show ${balancer.name} says why each is down`,
      ]
    : [];

const PLACE = `intent/${SERVICE}/`;

const withheldText = ([path, why]: readonly [path: string, why: Problem]): Problem =>
  `${path.slice(PLACE.length)}: ${why}`;

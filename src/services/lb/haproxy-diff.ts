/**
 * Rule: haproxy diff — the commands that make HAProxy as it should be.
 *
 * 1. It is reloaded only where a listener or a mode is another, or a balancer outgrew its slots:
 *    the new worker takes the listening sockets over, and the old one keeps the connections that it
 *    has. Backends change by the runtime API.
 * 2. Where nobody wants it any more it takes nothing new, and is stopped when what it had is over.
 * 3. A configuration is checked before it is loaded, so that a wrong one stops nothing.
 * 4. What comes after a start or a reload, as the table that sends connections to it, waits until
 *    the worker answers, for it listens by then; at most as long as it runs and 3 s, since the
 *    balancers of nft need that table as well.
 * 5. Where a reload is put off (`haproxy-plan.ts`), backends change all the same.
 * 6. A slot is given to another backend only as a whole: off, address, weight, on.
 */
import type { Command } from '../service.ts';
import { configOf, isLoaded, PEER, proxyName, serverPort } from './haproxy-config.ts';
import {
  type ObservedProxy,
  type PlacedBalancer,
  PROCESS,
  PROCESS_UNDO,
  type ProxyBackend,
  type ProxyBackendState,
  type ProxyDesired,
  type ProxyObserved,
  type ProxySlot,
} from './haproxy-state.ts';

/** Most characters of one line to HAProxy: its buffer holds 16,384 bytes. */
const LINE_MAX = 8_000;

const ARGV = ['haproxy', '-L', PEER, '-W', '-S', 'unix@socket,mode,600', '-f', 'config'];

/** Invariant 4. */
const HEARD = '@1 show info';

/** The commands, in order; empty when in step. */
export const diffProxy = (desired: ProxyDesired, observed: ProxyObserved): readonly Command[] => {
  if (observed.kind !== 'absent' && observed.kind !== 'running') return [];
  const isWanted = desired.balancers.length > 0;
  if (observed.kind === 'absent') {
    if (!isWanted) return [];
    const { text } = configOf(desired, new Map());
    return [
      check(text),
      {
        ...{ kind: 'start', process: PROCESS, argv: ARGV, env: {}, files: { config: text } },
        found: ['haproxy did not run'],
        until: HEARD,
        undo: { [PROCESS_UNDO]: { kind: 'stop', process: PROCESS } },
      },
    ];
  }
  const { proxies } = observed;
  const isInForce = isLoaded(desired, observed);
  // Without a peer it would have nothing to listen at, and not start.
  if (!isWanted && (isInForce || desired.peerPort === null)) {
    const isOver = observed.formerWorkers === 0 || desired.peerPort === null;
    return isOver ? [{ kind: 'stop', process: PROCESS }] : [];
  }
  if (!desired.isPutOff && !isInForce) {
    const { text } = configOf(desired, proxies);
    const found = ['haproxy had another configuration'];
    const reload = { kind: 'tell', process: PROCESS, files: { config: text } } as const;
    return [check(text), { ...reload, line: 'reload', until: HEARD, found }];
  }
  const changes = desired.balancers.flatMap((balancer) => {
    const proxy = proxies.get(balancer.name);
    return proxy === undefined ? [] : changesOf(balancer, proxy);
  });
  return inLines(changes).map((line) => ({ kind: 'tell', process: PROCESS, line }));
};

/** Whether it would take this configuration. It reads it as the file, from the standard input. */
const check = (text: string): Command => ({
  ...{ kind: 'run', found: [], argv: ['haproxy', '-L', PEER, '-c', '-q', '-f', '/dev/stdin'] },
  stdin: { text },
});

/** Of one balancer, as lines of the runtime API. */
const changesOf = (balancer: PlacedBalancer, { slots }: ObservedProxy): readonly string[] => {
  const name = proxyName(balancer);
  const port = serverPort(balancer);
  const isAt =
    ({ address }: ProxyBackend) =>
    (slot: ProxySlot): boolean =>
      slot.address === address && slot.port === (Number(port) & 0xffff);
  const free = slots
    .filter((slot) => !balancer.backends.some((backend) => isAt(backend)(slot)))
    .toSorted((a, b) => a.connections - b.connections);
  const given = balancer.backends.flatMap((backend) => {
    const own = slots.find(isAt(backend));
    const slot = own ?? free.shift();
    if (slot === undefined) return [];
    const server = `set server ${name}/${slot.name}`;
    const moved = [
      ...(slot.state === 'out' ? [] : [`${server} state maint`]),
      `${server} addr ${backend.address} port ${port}`,
    ];
    const state: ProxyBackendState = own === undefined ? 'out' : slot.state;
    return [
      ...(own === undefined ? moved : []),
      ...(slot.weight === backend.weight ? [] : [`${server} weight ${backend.weight}`]),
      ...(state === backend.state ? [] : [`${server} state ${WORDS[backend.state]}`]),
      ...(own !== undefined && backend.isEnded === true && slot.connections > 0
        ? [`shutdown sessions server ${name}/${slot.name}`]
        : []),
    ];
  });
  const left = free.flatMap(({ name: slot, address, state, connections }) => [
    ...(state === 'out' ? [] : [`set server ${name}/${slot} state maint`]),
    ...(connections > 0 && balancer.left?.includes(address) === true
      ? [`shutdown sessions server ${name}/${slot}`]
      : []),
  ]);
  return [...left, ...given];
};

const WORDS: Readonly<Record<ProxyBackendState, string>> = {
  ready: 'ready',
  draining: 'drain',
  out: 'maint',
};

/** As few lines as hold them. `@1`: the worker that is in force. */
const inLines = (changes: readonly string[]): readonly string[] => {
  const lines: string[] = [];
  for (const change of changes) {
    const last = lines.at(-1);
    const words = `@1 ${change}`;
    if (last === undefined || last.length + words.length > LINE_MAX) lines.push(words);
    else lines[lines.length - 1] = `${last};${words}`;
  }
  return lines;
};

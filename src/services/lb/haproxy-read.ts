/**
 * Rule: haproxy read — what to ask of HAProxy and of the host around it, and what the answers say.
 *
 * 1. An answer that cannot be read is told, never guessed at.
 */
import type { HostResult } from '../../ports.ts';
import type { Sign } from '../../sign.ts';
import type { Probe, Results, Self } from '../service.ts';
import {
  type ObservedProxy,
  PROCESS,
  PROCESS_UNDO,
  type ProxyBackendState,
  type ProxyObserved,
  type ProxySlot,
  type RunningProxy,
} from './haproxy-state.ts';

/**
 * Local ports that balancers take. Below those that the kernel gives to outgoing connections (32768
 * on), and registered for nothing that servers of today run.
 */
export const LOCAL_PORTS = { first: 28_400, last: 29_423 } as const;

/**
 * One line, for each connection to the master takes one. `-1 4 -1`: servers, of all proxies. `@1`:
 * the worker that is in force; what has no such word the master itself answers.
 */
const QUESTION = ['show info', 'show servers state', 'show stat -1 4 -1', 'show peers'];
const LINE = [...QUESTION.map((each) => `@1 ${each}`), 'show proc'].join(';');

const LISTENERS = `sport >= :${LOCAL_PORTS.first} and sport <= :${LOCAL_PORTS.last}`;

/** What to run. `isWanted`: some balancer here needs HAProxy. */
export const proxyProbes = (
  self: Pick<Self, 'made'>,
  isWanted: boolean,
  results: Results,
): readonly Probe[] => {
  if (!isWanted && !self.made.has(PROCESS_UNDO)) return [];
  return [
    { name: 'haproxy', process: PROCESS, line: LINE },
    { name: 'haproxy-child', sign: CHILD_SIGN },
    { name: 'haproxy-tool', sign: HAPROXY_SIGN },
    { name: 'haproxy-ipv6', sign: { kind: 'kernel-lists', names: ['if_inet6'] } },
    { name: 'haproxy-ss', sign: { kind: 'tool', name: 'ss' } },
    ...(results['haproxy-ss']?.stdout === 'found'
      ? [{ name: 'haproxy-ports', argv: ['ss', '-Htln', LISTENERS] }]
      : []),
  ];
};

/** Whether `haproxy` can be run, and whether ours does. */
export const HAPROXY_SIGN = { kind: 'tool', name: 'haproxy' } as const satisfies Sign;
export const CHILD_SIGN = { kind: 'child', process: PROCESS } as const satisfies Sign;

/** What they say. `before`: what was read last. */
export const readProxy = (results: Results, before: ProxyObserved | null): ProxyObserved => {
  const answer = results.haproxy;
  if (answer === undefined) return { kind: 'unasked' };
  const place = {
    hasIpv6: (results['haproxy-ipv6']?.stdout ?? '') !== '',
    taken: takenPorts(results['haproxy-ports']),
  };
  if (answer.status === 0) {
    const running = readAnswer(answer.stdout);
    if (typeof running === 'string') return silent(running, before);
    return { kind: 'running', place, ...running };
  }
  if (results['haproxy-child']?.stdout === 'running') return silent(NO_ANSWER, before);
  return results['haproxy-tool']?.stdout === 'found'
    ? { kind: 'absent', place }
    : { kind: 'no-tool' };
};

const NO_ANSWER = 'haproxy runs but does not answer; kill it, and it is started again';

/** What it had when it was heard last is what it has now. */
const silent = (why: string, before: ProxyObserved | null): ProxyObserved => {
  const known = before?.kind === 'silent' ? before.before : before;
  return { kind: 'silent', why, before: known?.kind === 'running' ? known : null };
};

/** Without `ss` nothing is known to be taken, and HAProxy itself says what is. */
const takenPorts = (listed: HostResult | undefined): ReadonlySet<number> =>
  new Set(
    (listed?.stdout ?? '').split('\n').flatMap((line) => {
      const [, port] = /^\S+\s+\S+\s+\S+\s+\S+:(\d+)\s/.exec(line) ?? [];
      return port === undefined ? [] : [Number(port)];
    }),
  );

const unread = (what: string): string =>
  `haproxy: ${what} cannot be read; check its version with: haproxy -v`;

type Running = Omit<RunningProxy, 'kind' | 'place'>;

/** What it has; or why that cannot be read. An answer without a mark is of no worker of ours. */
const readAnswer = (text: string): Running | string => {
  const [, mark, peer] = /^description: (\S+) (\d{1,5}|-)$/m.exec(text) ?? [];
  const lines = text.split('\n');
  const place = {
    peerPort: peer === undefined ? null : numberOf(peer),
    hasLearned: hasLearned(text),
    formerWorkers: formerWorkersIn(lines),
  };
  if (mark === undefined) return { mark: '', proxies: new Map(), ...place };
  const states = tableAt(lines, '# be_id ', ' ');
  const stats = tableAt(lines, '# pxname,', ',');
  if (states === null) return unread('show servers state');
  if (stats === null) return unread('show stat');
  const statsOf = new Map(stats.map((row) => [`${row.pxname}/${row.svname}`, row]));
  const proxies = new Map<string, ObservedProxy & { readonly slots: ProxySlot[] }>();
  for (const row of states) {
    const [, port, name] = /^(\d+)\.(.+)$/.exec(row.be_name ?? '') ?? [];
    const slot = slotOf(row, statsOf.get(`${row.be_name}/${row.srv_name}`) ?? {});
    if (name === undefined) continue; // Of HAProxy itself.
    if (slot === null) return unread(`server ${row.srv_name}`);
    const proxy = proxies.get(name) ?? { localPort: Number(port), slots: [] };
    proxy.slots.push(slot);
    proxies.set(name, proxy);
  }
  return { mark, proxies, ...place };
};

/** Bits 0 and 1: nothing more is awaited of the worker before, and of other hosts. */
const [PEERS, LEARNED] = [/^0x\S+ .*\bflags=0x/m, /^0x\S+ .*\bflags=0x[\da-f]*[37bf]\b/m];

/** By then it has given up: it waits 5 s for each of the two. Unit: s. */
const LEARNING_S_MAX = 12;

const hasLearned = (text: string): boolean => {
  const uptimeS = Number(/^Uptime_sec: (\d+)$/m.exec(text)?.[1] ?? 0);
  return !PEERS.test(text) || LEARNED.test(text) || uptimeS >= LEARNING_S_MAX;
};

/** The lines below that name, up to the next name or an empty one. */
const formerWorkersIn = (lines: readonly string[]): number => {
  const at = lines.indexOf('# old workers');
  if (at < 0) return 0;
  const end = lines.findIndex((line, index) => index > at && !/^\d/.test(line));
  return (end < 0 ? lines.length : end) - at - 1;
};

type Row = Readonly<Record<string, string>>;

/** The rows below a line of names, up to an empty one; null where there is no such line. */
const tableAt = (
  lines: readonly string[],
  head: string,
  separator: string,
): readonly Row[] | null => {
  const at = lines.findIndex((line) => line.startsWith(head));
  if (at < 0) return null;
  const names = lines[at]?.slice(2).split(separator) ?? [];
  const end = lines.findIndex((line, index) => index > at && line.trim() === '');
  return lines.slice(at + 1, end < 0 ? undefined : end).map((line) => {
    const values = line.split(separator);
    return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
  });
};

/** Bits of `srv_admin_state`: kept off by hand, by a tracked server, by its name; then drained. */
const OFF_BITS = 0x01 | 0x02 | 0x20 | 0x40;
const DRAIN_BITS = 0x08 | 0x10;

const slotOf = (state: Row, stat: Row): ProxySlot | null => {
  const { srv_name: name, srv_addr: address } = state;
  const admin = numberOf(state.srv_admin_state);
  const port = portOf(state.srv_port);
  const weight = numberOf(state.srv_uweight);
  const connections = numberOf(stat.scur);
  if (name === undefined || address === undefined || admin === null) return null;
  if (port === null || weight === null || connections === null) return null;
  return {
    ...{ name, address, port, weight, connections },
    state: stateOf(admin),
    isDown: stat.status?.startsWith('DOWN') === true,
  };
};

const stateOf = (admin: number): ProxyBackendState => {
  if ((admin & OFF_BITS) !== 0) return 'out';
  return (admin & DRAIN_BITS) === 0 ? 'ready' : 'draining';
};

/** What is below 0 it tells in 32 bits, or in 16. */
const portOf = (text: string | undefined): number | null =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) & 0xffff : null;

const numberOf = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;

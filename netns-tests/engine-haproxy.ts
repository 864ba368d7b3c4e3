/**
 * The balancer's agent on real nftables and a real HAProxy, for `haproxy-engine.test.ts`: one
 * namespace is `vm1`, and its loopback has the addresses of the members that serve.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, startAgent } from '../src/node/agent.ts';
import { type Ledger, openLedger } from '../src/node/ledger.ts';
import { openClock } from '../src/node/linux/clock.ts';
import { findProgram } from '../src/node/linux/command.ts';
import { openDisk } from '../src/node/linux/disk.ts';
import { openHost } from '../src/node/linux/host.ts';
import { openNet } from '../src/node/linux/net.ts';
import { openProcess } from '../src/node/linux/process.ts';
import { openRandom } from '../src/node/linux/random.ts';
import type { Process } from '../src/process-port.ts';
import { lb } from '../src/services/lb/lb.ts';
import { selfOf, viewOf, WEB } from '../src/services/lb/test-balancers.ts';
import type { AgentReport } from '../src/services/service.ts';
import { idOf, memberOf, type Objects } from '../src/services/test-view.ts';
import { type Namespace, openNamespace } from './namespace.ts';

const SETUP = `
ip link set lo up
ip link add cnsmo0 type bridge
ip link add to4 type veth peer name vm4
ip link set to4 master cnsmo0 up
ip link set cnsmo0 up
ip address add 10.10.0.1/16 dev cnsmo0
ip address add fd00:1::1/64 dev cnsmo0 nodad
for n in 2 3; do
  ip address add 10.10.0.$n/32 dev lo
  ip address add fd00:1::$n/128 dev lo
done`;

const OTHER = `
ip link set vm4 up
ip address add 10.10.0.4/16 dev vm4
ip address add fd00:1::4/64 dev vm4 nodad`;

/** Answers at each backend with its name, and at which port but the first; then as it is asked. */
const SERVERS = `const { createServer } = require('node:net');
for (const n of [2, 3]) for (const host of ['10.10.0.' + n, 'fd00:1::' + n])
  for (const port of [8080, 8081, 8082]) createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('vm' + n + (port === 8080 ? '' : ':' + port) + ' ');
    socket.pipe(socket);
  }).listen(port, host);`;

/** Opens so many connections, keeps them, and tells who answered, or what came of each. */
const CLIENT = `const { connect } = require('node:net');
const [host, port, times] = process.argv.slice(1);
(async () => {
  const said = [];
  for (let at = 0; at < Number(times); at += 1) said.push(await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 3000 });
    socket.once('data', (data) => resolve(String(data).trim()));
    socket.once('error', ({ code }) => resolve(code));
    socket.once('timeout', () => resolve('silent'));
    socket.once('close', () => resolve('closed'));
  }));
  console.log(JSON.stringify(said));
  process.exit();
})();`;

const MEMBERS = [memberOf(1), memberOf(2, { role: 'web' }), memberOf(3, { role: 'web' })];

/** The balancer; and that it sends nothing new to these members, by their numbers. */
export const LEAST = { ...WEB, mode: 'leastconn' } as const;
export const drained = (...which: readonly number[]): Objects =>
  Object.fromEntries(
    which.map((n) => [`drain/${idOf(n)}`, { balancers: { web: { sinceMs: 1 } } }]),
  );

type Call = readonly [host: string, port: number, times: number];

export interface ProxyStage {
  readonly vm1: Namespace;
  readonly ledger: Ledger;
  readonly process: Process;
  /** Starts an agent, as a daemon that starts has it. */
  start(): Agent;
  /** Stops it, and leaves the host as it is. */
  stop(): Promise<void>;
  /** The operators' objects are now these. */
  want(objects: Objects): void;
  report(): AgentReport | undefined;
  /** Who answered each of so many connections, all kept till the last of them. */
  who(...call: Call): Promise<readonly string[]>;
  /** The same from another member, which has no balancer. */
  whoFromOther(...call: Call): Promise<readonly string[]>;
  /** Takes back what was made, and ends all. */
  end(): Promise<void>;
}

const ALONE = { openings: () => [], call: async () => '', keepBoot: async () => {} };

/** Opens the stage. */
export async function openProxyStage(): Promise<ProxyStage> {
  const vm1 = await openNamespace('network', SETUP);
  const vm4 = await openNamespace('network', 'ip link set lo up');
  await vm1.must(['ip', 'link', 'set', 'vm4', 'netns', `${vm4.pid}`]);
  await vm4.must(['sh', '-ec', OTHER]);
  const directory = await mkdtemp(join(tmpdir(), 'cnsmo-proxy-'));
  const ledger = await openLedger(await openDisk(join(directory, 'state')));
  const ports = { ...portsIn(vm1, join(directory, 'run')), log: QUIET };
  await ports.process.start({ name: 'servers', argv: ['node', '-e', SERVERS], env: {} });
  const agents = agentsOn(ports, ledger);
  return {
    ...{ ...agents, vm1, ledger, process: ports.process },
    who: (...call) => ask(vm1, ...call),
    whoFromOther: (...call) => ask(vm4, ...call),
    end: async () => {
      await agents.stop();
      await ledger.undoAll(ports);
      await ports.process.stop('servers');
      await Promise.all([vm1.end(), vm4.end()]);
      await rm(directory, { recursive: true });
    },
  };
}

const ask = async (at: Namespace, ...call: Call): Promise<readonly string[]> =>
  JSON.parse(await at.must([process.execPath, '-e', CLIENT, ...call.map(String)]));

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One agent after the other. */
function agentsOn(
  ports: ReturnType<typeof portsIn> & { readonly log: typeof QUIET },
  ledger: Ledger,
): Pick<ProxyStage, 'start' | 'stop' | 'want' | 'report'> {
  let view = viewOf({}, MEMBERS);
  let report: AgentReport | undefined;
  let running: { readonly agent: Agent; readonly abort: AbortController } | null = null;
  const context = {
    view: () => view,
    self: () => selfOf(1),
    ...ALONE,
    secrets: () => new Uint8Array(32),
    ledger,
    onReport: (news: AgentReport) => {
      report = news;
    },
  };
  return {
    start: () => {
      const abort = new AbortController();
      report = undefined;
      const all = { ...ports, clock: openClock(), random: openRandom() };
      const agent = startAgent(all, lb, context, abort.signal);
      running = { agent, abort };
      return agent;
    },
    stop: async () => {
      running?.abort.abort();
      await running?.agent.stopped;
      running = null;
    },
    want: (objects) => {
      view = viewOf(objects, MEMBERS);
      running?.agent.mark('news');
    },
    report: () => report,
  };
}

const host = openHost();

/** The ports of vm1: the real ones, inside its namespace. */
const portsIn = (vm1: Namespace, runDirectory: string) => {
  const real = openProcess(runDirectory, async (program) => {
    const path = await findProgram(program);
    if (path === null) throw new Error(`${program}: not found`);
    return path;
  });
  const children: Process = {
    ...real,
    start: (spec) => {
      const argv = spec.argv.map((word) => (word === 'node' ? process.execPath : word));
      return real.start({ ...spec, argv: vm1.enter(argv) });
    },
    lines: (argv, onLine, signal) => real.lines(vm1.enter(argv), onLine, signal),
  };
  return {
    host: {
      ...host,
      run: (command: Parameters<typeof host.run>[0]) =>
        host.run({ ...command, argv: vm1.enter(command.argv) }),
    },
    process: children,
    net: openNet(runDirectory, { error: () => undefined }),
  };
};

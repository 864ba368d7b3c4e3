/**
 * Two VMs out of network namespaces on one cable, each with the VPN's agent on the real edges, for
 * `vpn-engine.test.ts`. No swarm: the test itself says what both know.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memberIdOf } from '../src/crdt/ids.ts';
import type { Member, View } from '../src/crdt/view.ts';
import { type Agent, startAgent } from '../src/node/agent.ts';
import { type Ledger, openLedger } from '../src/node/ledger.ts';
import { openClock } from '../src/node/linux/clock.ts';
import { findProgram } from '../src/node/linux/command.ts';
import { openCrypto } from '../src/node/linux/crypto.ts';
import { openDisk } from '../src/node/linux/disk.ts';
import { openHost } from '../src/node/linux/host.ts';
import { openNet } from '../src/node/linux/net.ts';
import { openProcess } from '../src/node/linux/process.ts';
import { openRandom } from '../src/node/linux/random.ts';
import type { Host, HostResult, Log } from '../src/ports.ts';
import type { Process } from '../src/process-port.ts';
import type { AgentReport } from '../src/services/service.ts';
import { vpn } from '../src/services/vpn/vpn.ts';

/** One VM: what it is in the mesh, and what the test can do to it. */
export interface EngineVm {
  readonly member: Member;
  readonly interface: string;
  readonly privateKeyText: string;
  readonly agent: Agent;
  readonly ledger: Ledger;
  readonly ports: { readonly host: Host; readonly process: Process; readonly log: Log };
  /** Events of its log with their facts as JSON. */
  readonly logged: readonly string[];
  report(): AgentReport | undefined;
  /** Says what it knows from here on. */
  know(members: readonly Member[]): void;
  /** Runs a command inside it. */
  run(...argv: readonly string[]): Promise<HostResult>;
  /** Ends the agent alone. */
  stop(): Promise<void>;
  /** Ends agent, engine and namespace. */
  remove(): Promise<void>;
}

const host = openHost();

const must = async (...argv: readonly string[]): Promise<void> => {
  const { status, stderr } = await host.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim()}`);
};

/** Path of the engine that the build fetched, else that of the operating system. */
export const findEngine = async (): Promise<string> => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const built = join(import.meta.dirname, `../build/wireguard-go/${architecture}/wireguard-go`);
  const found = (await findProgram(built)) ?? (await findProgram('wireguard-go'));
  if (found === null) throw new Error('wireguard-go: not found; run npm run build first');
  return found;
};

const logInto = (logged: string[]): Log => {
  const note = (event: string, facts?: Readonly<Record<string, unknown>>): void => {
    logged.push(`${event} ${JSON.stringify(facts)}`);
  };
  return { info: note, warn: note, error: note };
};

const viewOf = (members: readonly Member[]): View => ({
  mesh: {
    id: 'test' as View['mesh']['id'],
    name: 'test',
    prefix: '10.10.0.0/16',
    prefix6: 'fd00:1::/64',
  },
  members,
  enrolments: [],
  evicted: [],
  evictions: [],
  proposals: [],
  operators: [],
  invites: [],
  intent: [],
  nextRootHash: new Uint8Array(32),
  recovery: 0,
  alarms: [],
  quarantined: [],
});

const memberOf = (n: number, wgKey: Uint8Array): Member => ({
  id: memberIdOf(new Uint8Array(32).fill(n)),
  name: `vm-${n}`,
  role: 'node',
  labels: {},
  wgKey,
  ipv4: `10.10.0.${n}`,
  ipv6: `fd00:1::${n}`,
  endpoints: { port: 7300, advertised: null, observed: null, local: [`192.0.2.${n}`] },
  services: ['vpn'],
  version: null,
  allowsRun: null,
  mayBeCore: true,
  isDraining: false,
  steppedDown: null,
  hasLeft: false,
});

/** The ports of a VM: the real ones, inside its namespace. */
const portsIn = (namespace: string, directory: string, engine: string) => {
  const inside = ['ip', 'netns', 'exec', namespace];
  const real = openProcess(join(directory, 'run'), async (program) => {
    const path = await findProgram(program);
    if (path === null) throw new Error(`${program}: not found`);
    return path;
  });
  const children: Process = {
    ...real,
    start: (spec) => {
      const argv = spec.argv.map((word) => (word === 'bundled:wireguard-go' ? engine : word));
      return real.start({ ...spec, argv: [...inside, ...argv] });
    },
    lines: (argv, onLine, signal) => real.lines([...inside, ...argv], onLine, signal),
  };
  const commands: Host = {
    ...host,
    run: (command) => host.run({ ...command, argv: [...inside, ...command.argv] }),
  };
  // What it looks at, it finds by the interface's name: that is in no namespace.
  const net = openNet(join(directory, 'run'), { error: () => undefined });
  return { host: commands, process: children, net };
};

/** wireguard-go's control sockets lie in one directory for all namespaces: names must differ. */
const interfaceOf = (n: number): string => `ce${process.pid}n${n}`;

/**
 * Makes two VMs on one cable, 192.0.2.1 and .2, each knowing itself only. `withForeign`: the first
 * has a bridge under the name of its interface.
 */
export async function makeEngineVms(
  { withForeign } = { withForeign: false },
): Promise<readonly [EngineVm, EngineVm]> {
  const engine = await findEngine();
  const [a, b] = [`cnsmo-engine-${process.pid}-1`, `cnsmo-engine-${process.pid}-2`];
  try {
    for (const namespace of [a, b]) await must('ip', 'netns', 'add', namespace);
    const peer = ['type', 'veth', 'peer', 'name', 'wan0', 'netns', b];
    await must('ip', 'link', 'add', 'wan0', 'netns', a, ...peer);
    if (withForeign) {
      await must('ip', '-n', a, 'link', 'add', interfaceOf(1), 'type', 'bridge');
      await must('ip', '-n', a, 'address', 'add', '10.99.0.1/24', 'dev', interfaceOf(1));
    }
    for (const [at, namespace] of [a, b].entries()) {
      const inside = ['ip', '-n', namespace];
      await must(...inside, 'address', 'add', `192.0.2.${at + 1}/24`, 'dev', 'wan0');
      for (const link of ['lo', 'wan0']) await must(...inside, 'link', 'set', link, 'up');
    }
    return [await makeVm(1, a, engine), await makeVm(2, b, engine)];
  } catch (error) {
    for (const namespace of [a, b]) await host.run({ argv: ['ip', 'netns', 'delete', namespace] });
    throw error;
  }
}

const ALONE = { openings: () => [], call: async () => '', keepBoot: async () => {} };
const NOBODY_SEEN = {
  ...{ seen: new Map(), skewsMs: new Map(), sights: new Map() },
  recoveredAtMs: null,
};

async function makeVm(n: number, namespace: string, engine: string): Promise<EngineVm> {
  const [directory, logged] = [await mkdtemp(join(tmpdir(), 'cnsmo-engine-')), [] as string[]];
  const random = openRandom();
  const privateKey = random.bytes(32);
  const member = memberOf(n, openCrypto().wgPublicKey(privateKey));
  const ledger = await openLedger(await openDisk(join(directory, 'state')));
  const ports = { ...portsIn(namespace, directory, engine), log: logInto(logged) };
  const name = interfaceOf(n);
  const facts = await host.probe();
  let [view, report]: [View, AgentReport | undefined] = [viewOf([member]), undefined];
  const context = {
    view: () => view,
    self: () => ({ ...NOBODY_SEEN, id: member.id, interface: name, port: 7300, facts }),
    ...ALONE,
    secrets: () => privateKey,
    ledger,
    onReport: (news: AgentReport) => {
      report = news;
    },
  };
  const abort = new AbortController();
  const stop = async (): Promise<void> => {
    abort.abort();
    await agent.stopped;
  };
  const agent = startAgent({ ...ports, clock: openClock(), random }, vpn, context, abort.signal);
  return {
    member,
    interface: name,
    privateKeyText: Buffer.from(privateKey).toString('base64'),
    agent,
    ledger,
    ports,
    logged,
    report: () => report,
    know: (members) => {
      view = viewOf(members);
      agent.mark('host');
    },
    run: (...argv) => ports.host.run({ argv }),
    stop,
    remove: async () => {
      await stop();
      await ledger.undoAll(ports);
      await must('ip', 'netns', 'delete', namespace);
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * The firewall's rules on real nftables: two namespaces on one cable, `a` that asks and `b` that
 * filters, for `firewall-engine.test.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { View } from '../src/crdt/view.ts';
import { openHost } from '../src/node/linux/host.ts';
import type { HostResult } from '../src/ports.ts';
import { diff } from '../src/services/firewall/diff.ts';
import { type Flow, judge } from '../src/services/firewall/judge.ts';
import { plan } from '../src/services/firewall/plan.ts';
import { probes } from '../src/services/firewall/probes.ts';
import { read } from '../src/services/firewall/read.ts';
import {
  laneOf,
  memberOf,
  type Objects,
  ruleOf,
  siteOf,
  viewOf,
} from '../src/services/firewall/test-policy.ts';
import type { Self } from '../src/services/service.ts';
import { type Namespace, openNamespace } from './namespace.ts';

/** Addresses of `a`, and the ports at which `b` listens by TCP and answers by UDP. */
export const ASKERS = ['203.0.113.7', '203.0.113.130', '192.0.2.2', '2001:db8::2', '2001:db8::99'];
export const ANSWERER = { ip: '192.0.2.1', ip6: '2001:db8::1' } as const;
export const LISTENED = [22, 80, 443, 8080];

const SETUP = (name: string, addresses: readonly string[]): string =>
  [
    'ip link set lo up',
    `until ip link show ${name} >/dev/null 2>&1; do sleep 0.05; done`,
    `ip link set ${name} up`,
    ...addresses.map((each) =>
      each.includes(':')
        ? `ip address add ${each}/32 dev ${name} nodad`
        : `ip address add ${each}/32 dev ${name}`,
    ),
    `ip route add default dev ${name}`,
    `ip -6 route add default dev ${name}`,
  ].join('\n');

/** A program in a namespace that is asked line by line. */
export interface Talker {
  ask(question: object): Promise<string>;
}

export interface FirewallStage {
  readonly a: Talker;
  readonly b: Namespace;
  /** Makes the table as this policy has it, and looks whether it is. Unit of the clock: Unix ms. */
  settle(view: View): Promise<readonly string[]>;
  look(): Promise<string>;
  end(): Promise<void>;
}

/** Opens the stage. */
export async function openFirewallStage(): Promise<FirewallStage> {
  const [a, b] = await Promise.all([
    openNamespace('network', 'true'),
    openNamespace('network', 'true'),
  ]);
  await outside(
    ...['ip', 'link', 'add', 'eth0', 'netns', String(a.pid)],
    ...['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(b.pid)],
  );
  await a.must(['sh', '-ec', SETUP('eth0', ASKERS)]);
  await b.must(['sh', '-ec', SETUP('eth0', Object.values(ANSWERER))]);
  const children: ChildProcess[] = [];
  await talk(children, b, SERVER);
  const asker = await talk(children, a, CLIENT);
  return {
    a: asker,
    b,
    settle: (view) => settle(b, view),
    look: () => b.must(['nft', 'list', 'ruleset']),
    end: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all([a.end(), b.end()]);
    },
  };
}

const host = openHost();

const outside = async (...argv: readonly string[]): Promise<void> => {
  const { status, stderr } = await host.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
};

/** Starts a program of Node's in a namespace; it says `up` first. */
async function talk(children: ChildProcess[], at: Namespace, program: string): Promise<Talker> {
  const [command = '', ...rest] = at.enter([process.execPath, '-e', program]);
  const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      return String((await lines.next()).value);
    },
  };
}

async function settle(at: Namespace, view: View): Promise<readonly string[]> {
  const self = selfOf(view);
  const run = (argv: readonly string[], stdin = '') =>
    host.run({ argv: at.enter(argv), stdin: new TextEncoder().encode(stdin) });
  const wanted = async () => {
    const results: Record<string, HostResult> = {};
    for (const probe of probes(self, view, results)) {
      if ('argv' in probe) results[probe.name] = await run(probe.argv);
    }
    const observed = read(results).state;
    return diff(plan(view, self, observed).state, observed);
  };
  for (const command of await wanted()) {
    if (command.kind !== 'run' || command.stdin === undefined || !('text' in command.stdin)) {
      throw new Error('not a command of the firewall');
    }
    const { status, stderr } = await run(command.argv, command.stdin.text);
    if (status !== 0) throw new Error(`${stderr}\n${command.stdin.text.slice(0, 2_000)}`);
  }
  return (await wanted()).flatMap((left) => (left.kind === 'run' ? (left.found ?? []) : []));
}

const members = [memberOf(1), memberOf(2, { role: 'web' })];

/** A view of two members, the second with `role=web`, and these objects. */
export const viewWith = (objects: Objects): View => viewOf(members, objects);

/** A rule of the wan. */
export const wan = (fields: Objects): Objects[string] => ruleOf({ zone: 'wan', ...fields });

/** What the reference says of connections that come in from the wan. */
export const referenceOf = (view: View): ((flow: Flow) => string) => {
  const lane = laneOf(siteOf(view), 'wan', 'in');
  return (flow) => ({ allow: 'accept', deny: 'drop', reject: 'reject' })[judge(lane, flow).action];
};

const selfOf = (view: View): Self => {
  const site = siteOf(view);
  return {
    ...{ id: site.member, interface: site.interface, openings: site.openings, port: 7300 },
    facts: {
      ...{ hostname: 'b', isRoot: true, hasTun: true, hasKernelWireguard: false },
      ...{ hasSystemd: false, tools: { nft: true } },
    },
    ...{ seen: new Map(), nowMs: 0, wallMs: Date.now(), stepsMs: [], viewAgeMs: 0 },
    made: new Set(),
  };
};

/** Answers what it is told, by TCP and UDP. */
const SERVER = `
const { createServer } = require('node:net');
const { createSocket } = require('node:dgram');
let left = 2 * ${LISTENED.length};
const up = () => { if (--left === 0) console.log('up'); };
for (const port of ${JSON.stringify(LISTENED)}) {
  createServer((s) => { s.on('error', () => {}); s.pipe(s); }).listen(port, '::', up);
  const socket = createSocket('udp6');
  socket.on('message', (m, from) => socket.send(m, from.port, from.address));
  socket.bind(port, up);
}`;

/**
 * Asks: {do: 'try', protocol, source, destination, port} says accept, drop or reject; {do: 'open'}
 * keeps a connection by its id, and {do: 'echo', id} says whether it still carries.
 */
const CLIENT = `
const { connect } = require('node:net');
const { createSocket } = require('node:dgram');
const kept = new Map();
const WAIT = 400;
const attempt = ({ protocol, source, destination, port }) => new Promise((resolve) => {
  if (protocol === 'tcp') {
    const s = connect({ host: destination, port, localAddress: source });
    const timer = setTimeout(() => { s.destroy(); resolve('drop'); }, WAIT);
    s.once('connect', () => { clearTimeout(timer); s.destroy(); resolve('accept'); });
    s.once('error', (e) => { clearTimeout(timer); resolve('reject'); });
  } else {
    const s = createSocket(source.includes(':') ? 'udp6' : 'udp4');
    const end = (say) => { clearTimeout(timer); s.close(); resolve(say); };
    const timer = setTimeout(() => end('drop'), WAIT);
    s.once('message', () => end('accept'));
    s.once('error', () => end('reject'));
    s.bind(0, source, () => s.connect(port, destination, () => s.send('x')));
  }
});
const echo = (id) => new Promise((resolve) => {
  const s = kept.get(id);
  const timer = setTimeout(() => resolve('silent'), WAIT);
  s.once('data', () => { clearTimeout(timer); resolve('answers'); });
  s.write('x');
});
const open = ({ id, source, destination, port }) => new Promise((resolve) => {
  const s = connect({ host: destination, port, localAddress: source }, () => resolve('open'));
  s.on('error', () => {});
  kept.set(id, s);
});
console.log('up');
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const q = JSON.parse(line);
  if (q.do === 'try') console.log(JSON.stringify(await Promise.all(q.flows.map(attempt))));
  if (q.do === 'open') console.log(await open(q));
  if (q.do === 'echo') console.log(await echo(q.id));
});`;

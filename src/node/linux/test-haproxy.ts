/** Edge: test haproxy — a real HAProxy under our rules and edges, and its backends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostResult } from '../../ports.ts';
import { diffProxy } from '../../services/lb/haproxy-diff.ts';
import { planProxy } from '../../services/lb/haproxy-plan.ts';
import { proxyProbes, readProxy } from '../../services/lb/haproxy-read.ts';
import type {
  ProxyBackend,
  ProxyBalancer,
  ProxyObserved,
} from '../../services/lb/haproxy-state.ts';
import type { Probe } from '../../services/service.ts';
import { apply, describe } from '../apply.ts';
import { openLedger } from '../ledger.ts';
import { findProgram } from './command.ts';
import { openDisk } from './disk.ts';
import { openHost } from './host.ts';
import { openNet } from './net.ts';
import { openProcess } from './process.ts';
import { freePort } from './test-ports.ts';

const directory = mkdtempSync(join(tmpdir(), 'cnsmo-haproxy-'));
const runDirectory = join(directory, 'run');
const resolveProgram = async (name: string): Promise<string> => (await findProgram(name)) ?? name;
/** As a daemon that just started has them. */
export const open = () => ({
  process: openProcess(runDirectory, resolveProgram),
  host: openHost(),
  net: openNet(runDirectory, { error: assert.fail }),
});
const ledger = await openLedger(await openDisk(join(directory, 'state')));
const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Takes back what was made. */
export async function undo(): Promise<void> {
  assert.deepEqual(await ledger.undoAll({ ...open(), log }), []);
}

/** The same, and removes the rest. */
export async function endHaproxy(): Promise<void> {
  await undo();
  rmSync(directory, { recursive: true, force: true });
}

/** This VM's addresses. */
export const OWN = { ipv4: '127.77.0.1', ipv6: '::1' };

/** What HAProxy has. */
export async function look(isWanted = true): Promise<ProxyObserved> {
  const results: Record<string, HostResult> = {};
  for (;;) {
    const probes = proxyProbes({ made: ledger.ids() }, isWanted, results);
    const fresh = probes.filter(({ name }) => !(name in results));
    if (fresh.length === 0) return readProxy(results, null);
    for (const probe of fresh) results[probe.name] = await run(probe);
  }
}

async function run(probe: Probe): Promise<HostResult> {
  const { process: children, host, net } = open();
  if ('process' in probe) {
    const said = await children.ask(probe.process, probe.line);
    return { status: said === null ? 1 : 0, stdout: said ?? '', stderr: '' };
  }
  if ('sign' in probe) return { status: 0, stdout: await net.glance(probe.sign), stderr: '' };
  if ('argv' in probe) return await host.run({ argv: probe.argv });
  throw new TypeError(probe.name);
}

/** Longest wait until it may be reloaded. Unit: ms. */
const PUT_OFF_MS = 15_000;

/** Makes it so, until nothing is left to do; the commands, and at which local ports it listens. */
export async function settle(balancers: readonly ProxyBalancer[]) {
  const done: string[] = [];
  const deadlineMs = performance.now() + PUT_OFF_MS;
  for (let round = 0; round < 4; ) {
    const observed = await look(balancers.length > 0);
    const { desired, withheld } = planProxy(balancers, OWN, observed);
    assert.deepEqual([...withheld], []);
    const commands = diffProxy(desired, observed);
    if (desired.isPutOff && commands.length === 0) {
      assert.ok(performance.now() < deadlineMs);
      continue;
    }
    round += 1;
    const ports = new Map(desired.balancers.map(({ name, localPort }) => [name, localPort]));
    if (commands.length === 0) return { done, ports, observed };
    done.push(...commands.map(describe));
    const context = { secrets: () => new Uint8Array(), ledger };
    const applied = await apply(open(), context, commands, new AbortController().signal);
    assert.equal(applied.failure, null);
  }
  assert.fail(`not in step after: ${done.join('\n')}`);
}

/** Nobody wants it: waits until it does not run any more, at most 10 s. */
export async function gone(): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (await open().process.isRunning('haproxy')) {
    assert.ok(performance.now() < deadlineMs);
    await settle([]);
  }
}

/** A backend that tells its name and keeps the connection until the other side ends it. */
export async function serve(host: string, port = 0): Promise<Server & { readonly port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${host}\n`);
  });
  server.listen(port, host);
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

/** Who answers, and the connection. */
export async function call(
  port: number,
  host = OWN.ipv4,
  localAddress?: string,
): Promise<{ who: string; socket: Socket }> {
  const socket = connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
  socket.on('error', () => undefined); // It closes after one.
  const said = await new Promise<unknown>((resolve) => {
    socket.once('data', resolve);
    socket.once('close', () => resolve(''));
  });
  return { who: String(said).trim(), socket };
}

/** Who answers. */
export async function who(port: number, host?: string, localAddress?: string): Promise<string> {
  const { who: name, socket } = await call(port, host, localAddress);
  socket.destroy();
  return name;
}

/** Waits until HAProxy has seen the end of all connections, at most 10 s. */
export async function idle(): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  for (;;) {
    const observed = await look();
    assert.ok(observed.kind === 'running' && performance.now() < deadlineMs);
    const slots = [...observed.proxies.values()].flatMap((proxy) => proxy.slots);
    if (slots.every(({ connections }) => connections === 0)) return;
  }
}

/** All that answer so many calls. */
export async function crowd(port: number, calls: number): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let each = 0; each < calls; each += 1) found.add(await who(port));
  return [...found].toSorted();
}

/** Two that follow one another, below those that balancers take. */
export async function pairOfPorts(): Promise<number> {
  let last = await freePort();
  for (;;) {
    const next = await freePort();
    if (next === last + 1) return last;
    last = next;
  }
}

/** Where backends are. */
export const [ONE, TWO, THREE] = ['127.77.0.11', '127.77.0.12', '127.77.0.13'];
/** A backend. */
export const backend = (address: string, change: Partial<ProxyBackend> = {}): ProxyBackend => ({
  ...{ address, weight: 1, state: 'ready' },
  ...change,
});
/** A balancer over the first two. */
export const balancer = (port: number, change: Partial<ProxyBalancer> = {}): ProxyBalancer => ({
  ...{ name: 'web', mode: 'leastconn', ports: [80, 80], port, stickyMs: null },
  backends: [backend(ONE), backend(TWO)],
  ...change,
});

/**
 * The tools of this machine on a wireguard-go in a network namespace, for `tools-engine.test.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openCrypto } from '../src/node/linux/crypto.ts';
import { openHost } from '../src/node/linux/host.ts';
import { openNet } from '../src/node/linux/net.ts';
import { openProcess } from '../src/node/linux/process.ts';
import { type ToolHost, testVpnTools } from '../src/services/vpn/tools-contract.ts';
import { findEngine } from './engine-vms.ts';

const host = openHost();
const namespace = `cnsmo-tools-${process.pid}`;
const name = `ct${process.pid}`;

const inside = (argv: readonly string[], stdin = '') =>
  host.run({
    argv: ['ip', 'netns', 'exec', namespace, ...argv],
    stdin: new TextEncoder().encode(stdin),
  });

const must = async (argv: readonly string[]): Promise<void> => {
  const { status, stderr } = await host.run({ argv });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim()}`);
};

/** Has something done when the tests of the file are over. */
type After = (work: () => Promise<void>) => void;

/** A namespace with an uplink, and the engine in it. */
async function open(after: After): Promise<ToolHost> {
  const engine = await findEngine();
  const directory = await mkdtemp(join(tmpdir(), 'cnsmo-tools-'));
  const processes = openProcess(directory, async (program) => `/usr/sbin/${program}`);
  await must(['ip', 'netns', 'add', namespace]);
  after(async () => {
    await processes.stop('engine');
    await must(['ip', 'netns', 'delete', namespace]);
    await rm(directory, { recursive: true });
  });
  const lines = [
    ['ip', 'link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'wan1'],
    ['ip', 'address', 'add', '192.0.2.1/24', 'dev', 'wan0'],
    ['ip', 'link', 'set', 'wan1', 'up'],
    ['ip', 'link', 'set', 'wan0', 'up'],
  ];
  for (const line of lines) await must(['ip', 'netns', 'exec', namespace, ...line]);
  const env = { WG_PROCESS_FOREGROUND: '1', LOG_LEVEL: 'error' };
  const argv = ['ip', 'netns', 'exec', namespace, engine, '-f', name];
  await processes.start({ name: 'engine', argv, env });
  const deadlineMs = performance.now() + 10_000;
  while ((await inside(['wg', 'show', name, 'dump'])).status !== 0) {
    if (performance.now() > deadlineMs) throw new Error('wireguard-go does not answer');
    await setTimeout(20);
  }
  const { glance } = openNet(directory, { error: () => undefined });
  return { interface: name, run: inside, glance, wgPublicKey: openCrypto().wgPublicKey };
}

/** Registers the contract of the VPN's tools. */
export const testTools = (suite: Parameters<typeof testVpnTools>[0], after: After): void =>
  testVpnTools(suite, () => open(after));
